//! `tamiz profile`: what it prints, and the page that it writes.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tamiz_e2e::{binary, printed, sample, succeed};

/// Bytes of a page at most, whatever the files are.
const MAX_PAGE_BYTES: usize = 1 << 20;

fn profile(folder: &Path, files: &[&Path], flags: &[&str]) -> Output {
    binary("tamiz").arg("profile").args(files).args(flags).current_dir(folder).output().unwrap()
}

/// The figures of one file.
fn figures(folder: &Path, file: &Path) -> Value {
    let output = profile(folder, &[file], &["--json", "--html", "page.html"]);
    assert!(output.status.success(), "{}", printed(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether nothing on a page can reach for anything outside of it.
fn is_self_contained(page: &str) -> bool {
    let namespace = "xmlns='http://www.w3.org/2000/svg'";
    let reaches = ["<script", "<iframe", "<img", "src=", "@import", "url(", "http://", "https://"];
    !reaches.into_iter().any(|needle| page.replace(namespace, "").contains(needle))
}

#[test]
fn files_are_profiled_in_the_terminal_and_on_a_self_contained_page() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["electronics.csv.gz", "phones.jsonl", "invoice.csv"].map(|name| sample("uploads").join(name));
    let text = succeed(binary("tamiz").arg("profile").args(&files).current_dir(folder.path()));
    for expected in ["reviews in 2 classes", "electronics.csv.gz", "typical words", "invoice.csv was left out"] {
        assert!(text.contains(expected), "{expected} is missing:\n{text}");
    }
    let page = std::fs::read_to_string(folder.path().join("electronics.csv.gz.profile.html")).unwrap();
    assert!(page.len() < MAX_PAGE_BYTES, "{} bytes", page.len());
    assert!(is_self_contained(&page));
    for heading in ["What deserves a look", "Files and columns", "Labels", "Words", "Lengths", "Rejected records"] {
        assert!(page.contains(heading), "{heading} is missing");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the page is left: {left:?}");
}

#[test]
fn the_figures_of_a_file_are_those_of_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let reviews = std::fs::read_to_string(sample("uploads/phones.jsonl")).unwrap();
    let lines: Vec<&str> = reviews
        .lines()
        .filter(|line| line.len() > 120 && line.starts_with('{') && !line.contains('\\'))
        .take(40)
        .collect();
    let label = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["label"].as_u64();
    let positive = lines.iter().filter(|line| label(line) == Some(2)).count();
    let file = folder.path().join("some.jsonl");
    let extra = [lines[0].to_uppercase().replace("\"LABEL\"", "\"label\"").replace("\"TEXT\"", "\"text\"")];
    let broken =
        [r#"{"label": 1, "text": "mail jane.doe@example.org", "user_id": "AFKZENTNBQ7A7V7UXW5JJI6UGRYQ""#.to_owned()];
    let all: Vec<String> = lines.iter().map(|line| (*line).to_owned()).chain(extra).chain(broken).collect();
    std::fs::write(&file, all.join("\n")).unwrap();

    let found = figures(folder.path(), &file);
    assert_eq!((&found["counts"]["ok"], &found["counts"]["rejected"]), (&41.into(), &1.into()));
    assert_eq!(found["quality"]["duplicates"]["exact"], 1, "case makes no difference");
    let repeated = u64::from(label(&lines[0]) == Some(2));
    assert_eq!(found["quality"]["labels"]["2"], positive as u64 + repeated);
    let rows: u64 = found["lengths"].as_array().unwrap().iter().map(|bin| bin["rows"].as_u64().unwrap()).sum();
    assert_eq!(rows, 41);
    let columns = found["files"][0]["columns"].as_array().unwrap();
    assert_eq!(columns.iter().map(|column| &column["name"]).collect::<Vec<_>>(), ["label", "text"]);
    let example = found["problems"][0]["examples"][0]["raw"].as_str().unwrap();
    assert!(example.contains("[email]") && example.contains("[id]"), "{example}");
    assert_eq!(found["samples"].as_array().unwrap().len(), 6);
}

#[test]
fn a_file_without_a_usable_record_has_a_page_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let output = profile(folder.path(), &[&sample("uploads/invoice.csv")], &[]);
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let page = std::fs::read_to_string(folder.path().join("invoice.csv.profile.html")).unwrap();
    assert!(page.contains("No usable review") && page.contains("it is a PDF document"));
}

#[test]
fn hostile_names_and_texts_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("<b>&.csv");
    std::fs::write(&file, "text,<i>\n\"<script>alert(1)</script> \u{202e}evil <img src=x>\",1\n").unwrap();
    figures(folder.path(), &file);
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("&lt;b&gt;&amp;.csv"));
    assert!(!page.contains("<script") && !page.contains("<b>&") && !page.contains('\u{202e}'));
}

#[test]
fn a_page_that_cannot_be_written_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    let output = profile(folder.path(), &[&sample("uploads/phones.jsonl")], &["--html", "no/such/folder/page.html"]);
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
    assert!(printed(&output).contains("cannot write no/such/folder/page.html"), "{}", printed(&output));
}
