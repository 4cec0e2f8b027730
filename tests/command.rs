//! The people's command: what became of files, runs and reviews, on a folder and on a local AWS.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tamiz_e2e::{Desk, binary, printed, root, sample, succeed, train};

/// Reviews, one of which a spreadsheet would take for a formula, and a record that has too many fields.
const REVIEWS: &[u8] =
    b"label,text\n2,excellent phone\n1,\"=HYPERLINK(\"\"http://x\"\",\"\"awful\"\")\"\n2,it works well\n1,a,b,c\n";

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&succeed(command.arg("--json"))).unwrap()
}

/// The ids of a run's reviews, by its results as JSON Lines.
fn reviews(lines: &Path) -> Vec<Value> {
    std::fs::read_to_string(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What `explain` tells of one kind of thing.
fn told<'a>(explanation: &'a Value, step: &str) -> &'a str {
    let steps = explanation["steps"].as_array().unwrap();
    steps.iter().find(|each| each["step"] == step).and_then(|each| each["told"].as_str()).unwrap_or_default()
}

#[test]
fn a_folder_tells_what_became_of_files_runs_and_reviews() {
    let folder = tempfile::tempdir().unwrap();
    let (models, out) = (folder.path().join("models"), folder.path().join("out"));
    train(&models);
    let file = folder.path().join("mine.csv");
    std::fs::write(&file, REVIEWS).unwrap();
    binary("tamiz")
        .arg("run")
        .arg(&file)
        .arg("--model")
        .arg(models.join("reviews"))
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let tamiz = |arguments: &[&str]| {
        let mut command = binary("tamiz");
        command.args(arguments).arg("--in").arg(&out).current_dir(folder.path());
        command
    };

    let runs = json(&mut tamiz(&["runs"]));
    let [run] = &runs["reported"].as_array().unwrap()[..] else { panic!("{runs}") };
    let (run, digits) = (run["run_id"].as_str().unwrap(), &run["run_id"].as_str().unwrap()[..8]);
    assert_eq!(run.len(), 32);
    assert!(succeed(&mut tamiz(&["runs"])).contains(digits));

    succeed(&mut tamiz(&["results", digits, "--to", "mine.jsonl"]));
    let rows = reviews(&folder.path().join("mine.jsonl"));
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert_eq!(rows[1]["text"], "=HYPERLINK(\"http://x\",\"awful\")");
    succeed(&mut tamiz(&["results", digits, "--to", "mine.csv", "--columns", "row,text,predicted"]));
    let csv = std::fs::read_to_string(folder.path().join("mine.csv")).unwrap();
    assert!(csv.starts_with("row,text,predicted\n1,excellent phone,2\n2,\"'=HYPERLINK(\"\"http://x\"\""), "{csv}");
    let written = json(&mut tamiz(&["results", digits, "--to", "mine.parquet"]));
    assert_eq!(written["rows"], 3);
    let refused = tamiz(&["results", digits, "--to", "x.csv", "--columns", "txt"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        printed(&refused).contains("there is no column `txt`; there are review_id, source, row"),
        "{}",
        printed(&refused)
    );

    let explanation = json(&mut tamiz(&["explain", rows[0]["review_id"].as_str().unwrap()]));
    assert!(told(&explanation, "review").starts_with("record 1 of "), "{explanation}");
    assert!(told(&explanation, "predicted").contains("confidence"), "{explanation}");
    let id = rows[0]["review_id"].as_str().unwrap();
    let rejected = json(&mut tamiz(&["explain", &format!("{}-00000004", &id[..16])]));
    assert!(told(&rejected, "rejected").starts_with("wrong_number_of_fields"), "{rejected}");
    let of_file = json(&mut tamiz(&["explain", file.to_str().unwrap()]));
    assert!(told(&of_file, "cleaned").contains("4 records of it read, 3 clean, 1 rejected"), "{of_file}");
    let of_run = succeed(&mut tamiz(&["explain", digits]));
    assert!(of_run.contains(run) && of_run.contains("reported"), "{of_run}");

    let page = succeed(&mut tamiz(&["report", digits]));
    assert!(Path::new(page.trim()).is_file(), "{page}");
    assert!(succeed(&mut tamiz(&["cost"])).contains("of 1 run the cost is not known"));
    let unknown = tamiz(&["explain", "ffffffff"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(printed(&unknown).contains("no run begins with `ffffffff`"), "{}", printed(&unknown));
}

#[test]
fn what_is_submitted_to_a_deployment_is_watched_and_explained_to_the_mail() {
    let desk = Desk::deploy(&std::fs::read_to_string(root().join("configs/demo.toml")).unwrap());
    let folder = tempfile::tempdir().unwrap();
    train(&folder.path().join("models"));
    desk.copy_in(&folder.path().join("models"), "models");
    let tamiz = |arguments: &[&str]| {
        let mut command = binary("tamiz");
        desk.aws_environment(&mut command).args(arguments).current_dir(folder.path());
        command
    };

    assert!(succeed(&mut tamiz(&["runs"])).contains("no runs yet"));
    let file = sample("uploads/phones.jsonl");
    let file = file.to_str().unwrap();
    let uri = "s3://tamiz-input-123456789012/incoming/shop/phones.jsonl";
    assert!(
        succeed(&mut tamiz(&["submit", file, "--folder", "shop", "--dry-run"])).contains(&format!("would go to {uri}"))
    );
    let not_there = json(&mut tamiz(&["explain", uri]));
    assert!(told(&not_there, "uploaded").contains("never uploaded, or deleted"), "{not_there}");
    let output = tamiz(&["submit", file, "--folder", "shop", "--wait"]).output().unwrap();
    let shown = printed(&output);
    assert!(output.status.success() && shown.contains("OK run"), "{shown}");

    let explanation = json(&mut tamiz(&["explain", uri]));
    let steps: Vec<&str> =
        explanation["steps"].as_array().unwrap().iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(steps, ["uploaded", "claimed", "run", "started", "cleaned", "labelled", "reported"], "{explanation}");
    assert!(told(&explanation, "reported").ends_with(", mailed"), "{explanation}");

    let runs = json(&mut tamiz(&["runs"]));
    let digits = &runs["reported"][0]["run_id"].as_str().unwrap()[..8];
    assert!(runs["reported"][0]["usd"].as_f64().unwrap() > 0.0, "{runs}");
    succeed(&mut tamiz(&["results", digits, "--to", "phones.jsonl"]));
    let rows = reviews(&folder.path().join("phones.jsonl"));
    assert_eq!(rows.len() as u64, runs["reported"][0]["counts"]["ok"].as_u64().unwrap());
    let review = json(&mut tamiz(&["explain", rows[7]["review_id"].as_str().unwrap()]));
    assert!(told(&review, "review").contains(uri) && told(&review, "predicted").contains("confidence"), "{review}");

    // The same bytes under the same name are the same upload.
    let again = json(&mut tamiz(&["submit", file, "--folder", "shop"]));
    assert_eq!(again[0]["run_id"], runs["reported"][0]["run_id"]);
    let costs = json(&mut tamiz(&["cost", "--since", "2d"]));
    assert_eq!(costs["total"]["runs"], 1);
    succeed(&mut tamiz(&["report", digits, "--to", "page.html"]));
    assert!(std::fs::read_to_string(folder.path().join("page.html")).unwrap().contains("<html"));
}
