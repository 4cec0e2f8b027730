//! Bad input that takes more than a small file to show, and the lines that people read of it. What each kind of broken
//! file or record comes to is in the zoo.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod support;

use support::{Bench, Outcome, gzip, many_records};
use tamiz_domain::{Counts, RejectReason};

const GOOD: &str = "label,title,text\n2,Great,\"I love it\"\n1,Bad,\"I hate it\"\n";

/// Runs `content` beside a good file, which must not suffer from it.
async fn run_beside_good(bench: Bench, content: impl AsRef<[u8]>) -> Outcome {
    let outcome = bench.file("a-bad.csv", content).file("b-good.csv", GOOD).run().await;
    assert_eq!(outcome.file("b-good.csv").counts, Counts { input: 2, ok: 2, rejected: 0, failed: 0 });
    assert!(outcome.file("b-good.csv").problem.is_none());
    outcome
}

/// Why the bad file was left out from some record on.
fn problem(outcome: &Outcome) -> (RejectReason, &str) {
    let problem = outcome.file("a-bad.csv").problem.as_ref().unwrap();
    (problem.reason, &problem.detail)
}

#[tokio::test]
async fn an_object_that_is_gone_or_changed_is_told_and_the_others_are_processed() {
    let bench = Bench::new().file("a-bad.csv", GOOD).file("b-good.csv", GOOD);
    std::fs::remove_file(bench.path().join("a-bad.csv")).unwrap();
    let gone = bench.try_run("gone", Default::default()).await.unwrap();
    assert_eq!(problem(&gone).0, RejectReason::ObjectMissing);
    std::fs::write(bench.path().join("a-bad.csv"), "label,text\n1,other\n").unwrap();
    let changed = bench.try_run("changed", Default::default()).await.unwrap();
    assert_eq!(problem(&changed).0, RejectReason::ObjectChanged);
    assert_eq!((gone.report.counts.ok, changed.report.counts.ok), (2, 2));
}

#[tokio::test]
async fn a_rejected_record_names_file_record_place_and_remedy() {
    let bench = Bench::new().file("a.csv", "label,text\n1,one\n9,two\n");
    let outcome = bench.run().await;
    let file = bench.path().join("a.csv");
    let [reject] = &outcome.rejects()[..] else { panic!() };
    assert_eq!((reject.row, reject.offset, reject.raw.as_slice()), (2, Some(17), &b"9,two"[..]));
    assert_eq!(reject.source, file.display().to_string());
    let detail = "its label is a number that the label scheme does not know";
    assert_eq!(reject.detail, format!("{}, record 2: {detail}", file.display()));
    assert_eq!(outcome.rejected_texts("remedy"), ["Correct the label, or leave it empty for an unlabelled review."]);
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
async fn a_field_of_100_megabytes_costs_its_own_record_only() {
    let content = ["label,text\n1,one\n1,", &"x".repeat(100 << 20), "\n2,two\n"].concat();
    let outcome = run_beside_good(Bench::new(), content).await;
    assert_eq!(outcome.texts_of("a-bad.csv", "text"), ["one", "two"]);
    let [reject] = &outcome.rejects()[..] else { panic!() };
    assert_eq!((reject.row, reject.offset, reject.reason.as_str()), (2, Some(17), "record_too_large"));
    assert_eq!(reject.raw.len(), 64 << 10);
}

#[tokio::test]
async fn a_header_of_a_million_columns_costs_its_own_file_only() {
    let header: String = (0..1_000_000).map(|column| format!("c{column},")).collect();
    let outcome = run_beside_good(Bench::new(), format!("{header}\n{}\n", "1,".repeat(1_000_000))).await;
    let (reason, detail) = problem(&outcome);
    assert_eq!(reason, RejectReason::WrongDelimiter);
    assert!(detail.starts_with("its first line does not end within "), "{detail}");
}

#[tokio::test]
async fn long_rejected_records_are_kept_in_part_and_that_is_told() {
    let outcome = Bench::new().file("a.csv", format!("label,text\n9,{}\n", "x".repeat(100_000))).run().await;
    let [reject] = &outcome.rejects()[..] else { panic!() };
    assert_eq!(reject.raw.len(), 64 << 10);
    assert!(reject.detail.ends_with("; the first 65536 of its 100002 bytes are kept"), "{}", reject.detail);
}

#[tokio::test]
async fn a_gzip_bomb_is_read_no_further_than_the_configuration_allows() {
    let content = ["label,text\n1,one\n2,", &"x".repeat(80 << 20)].concat();
    let outcome = run_beside_good(Bench::new(), gzip(content.as_bytes())).await;
    let (reason, detail) = problem(&outcome);
    assert_eq!(reason, RejectReason::DecompressionBomb);
    assert!(detail.contains("which is over etl.max_expansion"), "{detail}");
    assert_eq!(outcome.texts_of("a-bad.csv", "text"), ["one"]);

    let mut bench = Bench::new();
    bench.configuration.etl.max_unpacked_bytes = 1 << 20;
    let outcome = run_beside_good(bench, gzip(many_records(30_000).as_bytes())).await;
    let (reason, detail) = problem(&outcome);
    assert_eq!(reason, RejectReason::DecompressionBomb);
    assert!(detail.ends_with("it unpacks to more than etl.max_unpacked_bytes, which is 1048576"), "{detail}");
    assert!(outcome.file("a-bad.csv").counts.ok > 5_000);
}

#[tokio::test]
async fn records_before_the_break_of_a_truncated_gzip_file_are_used() {
    let records = many_records(20_000);
    let whole = Bench::new().file("a.csv.gz", gzip(records.as_bytes())).run().await;
    let packed = gzip(records.as_bytes());
    let outcome = run_beside_good(Bench::new(), &packed[..packed.len() / 2]).await;
    let file = outcome.file("a-bad.csv");
    let (reason, detail) = problem(&outcome);
    assert_eq!(reason, RejectReason::TruncatedFile);
    assert!(detail.contains(&format!("after record {}", file.counts.input)), "{detail}");
    assert_eq!(file.format.as_deref(), Some("csv+gzip"));
    assert!((5_000..19_000).contains(&file.counts.ok), "{:?}", file.counts);
    let last = outcome.rejected().pop().unwrap();
    assert_eq!((last.0, last.1.as_str()), (file.counts.input, "truncated_file"));
    let used = outcome.texts_of("a-bad.csv", "text");
    assert_eq!(used, whole.texts("text")[..used.len()]);
}

#[tokio::test]
async fn a_damaged_gzip_file_is_corrupt_and_not_fatal() {
    let mut packed = gzip(many_records(20_000).as_bytes());
    let middle = packed.len() / 2;
    packed[middle..middle + 64].fill(0xff);
    let outcome = run_beside_good(Bench::new(), packed).await;
    assert_eq!(problem(&outcome).0, RejectReason::CorruptFile);
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
    let object = "{\"text\": \"a \\\"b\\\"\", \"rating\": 5}";
    let mut bench = Bench::new();
    for number in 0..300 {
        let mut content = match number % 4 {
            0 => many_records(40),
            1 => format!("{object}\n").repeat(40),
            2 => format!("[{}]", [object; 40].join(",\n ")),
            _ => "__label__2 Great CD: the first\n__label__1 b: c\n".repeat(20),
        }
        .into_bytes();
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
    assert!(report.counts.is_conserved() && report.files.len() == 300);
    assert!(report.counts.ok > 8_000, "{:?}", report.counts);
}
