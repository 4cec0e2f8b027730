//! The bad-input zoo: what each broken file or record comes to, and the line that people read.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod support;

use support::{Bench, Outcome, gzip, many_records};
use tamiz_domain::Counts;

const GOOD: &str = "label,title,text\n2,Great,\"I love it\"\n1,Bad,\"I hate it\"\n";

/// Runs `content` beside a good file, which must not suffer from it.
async fn run_beside_good(content: impl AsRef<[u8]>) -> Outcome {
    let outcome = Bench::new().file("a-bad.csv", content).file("b-good.csv", GOOD).run().await;
    assert_eq!(outcome.file("b-good.csv").counts, Counts { input: 2, ok: 2, rejected: 0, failed: 0 });
    assert!(outcome.file("b-good.csv").problem.is_none());
    outcome
}

/// What people read of a file that is left out: reason, what was seen, what to do.
async fn line_of(content: impl AsRef<[u8]>) -> String {
    let outcome = run_beside_good(content).await;
    let file = outcome.file("a-bad.csv");
    assert_eq!(file.counts, Counts::default(), "a file that is left out counts no records");
    let problem = file.problem.as_ref().unwrap();
    format!("{}: {} ({}). {}", problem.reason, problem.reason.meaning(), problem.detail, problem.reason.remedy())
}

#[tokio::test]
async fn files_that_cannot_be_read_are_left_out_with_a_line_that_says_why() {
    assert_eq!(
        line_of("").await,
        "empty_file: the file holds no bytes (there is nothing in it). Upload the file again; the first upload was cut off before its first byte."
    );
    assert_eq!(
        line_of("label,title,text\n").await,
        "header_only: the file holds a header and no record (no record follows its header). Check the export that made the file: its query found nothing."
    );
    assert_eq!(
        line_of("label,title,text\n2;Great;I love it\n1;Bad;I hate it\n").await,
        "wrong_delimiter: the columns could not be told apart (the header has commas between its columns, the records have semicolons). Save the file with commas, semicolons or tabs between its columns, the same on every line."
    );
    assert_eq!(
        line_of("rating,date\n5,2024-01-01\n").await,
        "missing_column: no column holds the review text (its columns are `rating`, `date`). Name the text column `text`, or map its name under [columns] in the pipeline configuration."
    );
    let unknown = "the content is neither CSV nor JSON Lines";
    let remedy = "Upload CSV or JSON Lines, plain or gzip; a renamed PDF, spreadsheet or archive cannot be read.";
    for (content, what) in [
        (&b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"[..], "a PDF document"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0", "a ZIP archive or an Excel workbook"),
        (b"\x7fELF\0\x01\x02\x03\x04\x05\x06", "binary data"),
    ] {
        assert_eq!(line_of(content).await, format!("unknown_format: {unknown} (it is {what}). {remedy}"));
        assert_eq!(line_of(gzip(content)).await, format!("unknown_format: {unknown} (it is {what}). {remedy}"));
    }
    let utf16: Vec<u8> = "\u{feff}label,text\n1,bad\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        line_of(utf16).await,
        "invalid_encoding: the record is neither UTF-8 nor a declared encoding (it is UTF-16 text). Save the file as UTF-8."
    );
}

#[tokio::test]
async fn an_object_that_is_gone_or_changed_is_told_and_the_others_are_processed() {
    let bench = Bench::new().file("a-bad.csv", GOOD).file("b-good.csv", GOOD);
    std::fs::remove_file(bench.path().join("a-bad.csv")).unwrap();
    let gone = bench.try_run("gone", Default::default()).await.unwrap();
    assert_eq!(gone.file("a-bad.csv").problem.as_ref().unwrap().reason.code(), "object_missing");
    std::fs::write(bench.path().join("a-bad.csv"), "label,text\n1,other\n").unwrap();
    let changed = bench.try_run("changed", Default::default()).await.unwrap();
    assert_eq!(changed.file("a-bad.csv").problem.as_ref().unwrap().reason.code(), "object_changed");
    assert_eq!((gone.report.counts.ok, changed.report.counts.ok), (2, 2));
}

/// Row, reason and raw bytes of what is rejected of some records under the header of [`GOOD`], and the texts that are not.
async fn records(lines: impl AsRef<[u8]>) -> (Vec<(u64, String, String)>, Vec<String>) {
    let content = [b"label,title,text\n", lines.as_ref()].concat();
    let outcome = Bench::new().file("a.csv", content).run().await;
    assert!(outcome.report.counts.is_conserved());
    (outcome.rejected(), outcome.texts("text"))
}

fn rejected(row: u64, reason: &str, raw: &str) -> (u64, String, String) {
    (row, reason.to_owned(), raw.to_owned())
}

#[tokio::test]
async fn broken_records_are_rejected_alone_with_their_bytes() {
    let (left_out, used) = records(
        b"2,A,one\n1,B\n1,C,caf\xe9\n2,D,two\0\n7,E,three\nno,F,four\n1,G,  \n2,H,\"fi\nve\"\n1,I,six,seven\n2,J,eight\n",
    )
    .await;
    assert_eq!(used, ["A one", "H fi\nve", "J eight"]);
    assert_eq!(
        left_out,
        [
            rejected(2, "wrong_number_of_fields", "1,B"),
            rejected(3, "invalid_encoding", "1,C,caf\u{fffd}"),
            rejected(4, "nul_byte", "2,D,two\0"),
            rejected(5, "invalid_label", "7,E,three"),
            rejected(6, "invalid_label", "no,F,four"),
            rejected(7, "missing_text", "1,G,  "),
            rejected(9, "wrong_number_of_fields", "1,I,six,seven"),
        ]
    );
}

#[tokio::test]
async fn an_unclosed_quote_does_not_swallow_the_records_after_it() {
    let (left_out, used) = records("2,A,\"never closed\n1,B,two\n2,\"C\",\"three\"\n1,D,four\n").await;
    assert_eq!(left_out, [rejected(1, "unbalanced_quote", "2,A,\"never closed")]);
    assert_eq!(used, ["B two", "C three", "D four"]);
    let (left_out, used) = records("2,A,one\n1,B,\"never closed\n").await;
    assert_eq!((left_out.len(), used), (1, vec!["A one".to_owned()]));
}

#[tokio::test]
async fn a_record_over_the_limit_is_rejected_and_the_next_one_used() {
    let mut bench = Bench::new().file("a.csv", format!("label,text\n1,{}\n2,short\n", "x".repeat(100_000)));
    bench.configuration.etl.max_record_bytes = 10_000;
    let outcome = bench.run().await;
    let rejected = outcome.rejected();
    assert_eq!((rejected[0].0, rejected[0].1.as_str(), rejected[0].2.len()), (1, "record_too_large", 10_000));
    assert_eq!(outcome.texts("text"), ["short"]);
}

#[tokio::test]
async fn one_broken_json_line_is_rejected_alone() {
    let lines =
        "{\"rating\": 5, \"text\": \"one\"}\n{\"rating\": 1, \"text\": \"tw\n{\"rating\": 1, \"text\": \"three\"}\n";
    let outcome = Bench::new().file("a.jsonl", lines).run().await;
    assert_eq!(outcome.texts("text"), ["one", "three"]);
    assert_eq!(outcome.rejected(), [rejected(2, "invalid_json", "{\"rating\": 1, \"text\": \"tw")]);
}

#[tokio::test]
async fn a_rejected_record_names_file_record_and_remedy() {
    let bench = Bench::new().file("a.csv", "label,text\n1,one\n9,two\n");
    let outcome = bench.run().await;
    let file = bench.path().join("a.csv");
    assert_eq!(
        outcome.rejected_texts("detail"),
        [format!("{}, record 2: its label is a number that the label scheme does not know", file.display())]
    );
    assert_eq!(outcome.rejected_texts("remedy"), ["Correct the label, or leave it empty for an unlabelled review."]);
}

#[tokio::test]
async fn records_before_the_break_of_a_truncated_gzip_file_are_used() {
    let records = many_records(20_000);
    let whole = Bench::new().file("a.csv.gz", gzip(records.as_bytes())).run().await;
    let packed = gzip(records.as_bytes());
    let outcome = Bench::new().file("a.csv.gz", &packed[..packed.len() / 2]).run().await;
    let file = outcome.file("a.csv.gz");
    let problem = file.problem.as_ref().unwrap();
    assert_eq!(problem.reason.code(), "truncated_file");
    assert!(problem.detail.contains(&format!("after record {}", file.counts.input)), "{}", problem.detail);
    assert_eq!(file.format.as_deref(), Some("csv+gzip"));
    assert!((5_000..19_000).contains(&file.counts.ok), "{:?}", file.counts);
    let last = outcome.rejected().pop().unwrap();
    assert_eq!((last.0, last.1.as_str()), (file.counts.input, "truncated_file"));
    let used = outcome.texts("text");
    assert_eq!(used, whole.texts("text")[..used.len()]);
}

#[tokio::test]
async fn a_damaged_gzip_file_is_corrupt_and_not_fatal() {
    let mut packed = gzip(many_records(20_000).as_bytes());
    let middle = packed.len() / 2;
    packed[middle..middle + 64].fill(0xff);
    let outcome = run_beside_good(packed).await;
    assert_eq!(outcome.file("a-bad.csv").problem.as_ref().unwrap().reason.code(), "corrupt_file");
    assert!(outcome.file("a-bad.csv").counts.ok > 1_000);
}

#[tokio::test]
async fn files_damaged_at_any_place_are_accounted_for() {
    // A linear congruential generator: the same damage on every run.
    let mut state = 7u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let mut bench = Bench::new();
    for number in 0..200 {
        let lines = "{\"text\": \"a \\\"b\\\"\", \"rating\": 5}\n".repeat(40);
        let mut content = if number % 2 == 0 { many_records(40).into_bytes() } else { lines.into_bytes() };
        if number % 5 == 0 {
            content = gzip(&content);
        }
        for _ in 0..1 + next(8) {
            let damage = [0, b'"', b'\\', b'\r', b'\n', b',', 0xff, b'{'][next(8)];
            let place = next(content.len());
            content[place] = damage;
        }
        bench = bench.file(&format!("{number}.csv"), content);
    }
    let report = bench.run().await.report;
    assert!(report.counts.is_conserved() && report.files.len() == 200);
    assert!(report.counts.ok > 4_000, "{:?}", report.counts);
}
