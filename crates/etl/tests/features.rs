//! Repeated texts, personal data, figures and the sample, as a whole run leaves them.

mod support;

use support::Bench;
use tamiz_domain::{DuplicateAction, PersonalData};
use tamiz_telemetry::Shutdown;

const LONG: &str = "this kettle boils water faster than any other one that we have had in our small kitchen so far \
    and it looks good on the table too which cannot be said of the old one that my mother gave us";

fn repeated() -> Bench {
    let near = LONG.replace("small", "tiny");
    let lines =
        ["text".to_owned(), LONG.to_owned(), "other".to_owned(), LONG.to_uppercase(), near, "other!".to_owned()];
    Bench::new().file("a.csv", lines.join("\n"))
}

#[tokio::test]
async fn repeated_texts_are_flagged() {
    let outcome = repeated().run().await;
    assert_eq!(outcome.texts("duplicate"), ["∅", "∅", "exact", "near", "exact"]);
    let duplicates = outcome.report.quality.duplicates;
    assert_eq!((duplicates.exact, duplicates.near), (2, 1));
    assert_eq!(outcome.file("a.csv").quality.duplicates, duplicates);
}

#[tokio::test]
async fn repeated_texts_are_dropped_where_they_are_not_wanted_and_nothing_is_lost() {
    let mut bench = repeated();
    bench.configuration.duplicates.exact = DuplicateAction::Drop;
    bench.configuration.duplicates.near = DuplicateAction::Ignore;
    let outcome = bench.run().await;
    let report = &outcome.report;
    assert_eq!((report.counts.ok, report.counts.rejected), (3, 2));
    assert_eq!(outcome.texts("text"), [LONG, "other", LONG.replace("small", "tiny").as_str()]);
    let rejected = [(3, "duplicate", LONG.to_uppercase()), (5, "duplicate", "other!".to_owned())];
    assert_eq!(outcome.rejected(), rejected.map(|(row, reason, raw)| (row, reason.to_owned(), raw)));
    assert_eq!(report.languages.values().sum::<u64>(), 3);
}

#[tokio::test]
async fn a_text_is_repeated_within_its_shard_only() {
    let mut bench = Bench::new().file("a.csv", "text\nsame\nsame\nsame\nsame\n");
    bench.configuration.etl.rows_per_shard = 2;
    assert_eq!(bench.run().await.texts("duplicate"), ["∅", "exact", "∅", "exact"]);
}

#[tokio::test]
async fn personal_data_is_masked_in_every_file_that_is_written() {
    let secret = "jane.roe@example.com";
    let text = format!("title,text\nby {secret},\"write to {secret}, now\"\n{secret},\n");
    let mut bench = Bench::new().file("a.csv", text);
    bench.configuration.redact.kinds = PersonalData::ALL.into();
    let outcome = bench.run().await;
    assert_eq!(outcome.texts("title"), ["by [email]"]);
    assert_eq!(outcome.texts("text"), ["by [email] write to [email], now"]);
    assert_eq!(outcome.rejected(), [(2, "missing_text".to_owned(), "[email],".to_owned())]);
    assert_eq!(outcome.report.quality.redactions, [(PersonalData::Email, 2)].into());
    let plain = bench.bytes_of("out").into_iter().filter(|bytes| contains(bytes, secret)).count();
    assert_eq!(plain, 0, "a file of the run holds the address");
}

#[tokio::test]
async fn figures_and_sample_tell_what_the_records_are_like() {
    let records =
        "{\"text\": \"A <b>good</b> book\", \"rating\": 5, \"asin\": \"B1\"}\n{\"text\": \"!!!\"}\n{\"text\": \"\"}\n";
    let outcome = Bench::new().file("a.jsonl", records).run().await;
    let quality = &outcome.report.quality;
    assert_eq!((quality.rows, quality.html_texts, quality.empty_texts), (2, 1, 1));
    assert_eq!((quality.null_shares["asin"], quality.null_shares["title"]), (0.5, 1.0));
    assert_eq!((quality.characters.min, quality.characters.max, quality.tokens.max), (3, 18, 3));
    let sample: Vec<&str> = outcome.report.sample.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(sample, ["A <b>good</b> book", "!!!"]);
}

#[tokio::test]
async fn a_run_may_do_without_sample_and_search_for_repeated_texts() {
    let mut bench = repeated();
    bench.configuration.etl.sample_rows = 0;
    bench.configuration.duplicates.exact = DuplicateAction::Ignore;
    bench.configuration.duplicates.near = DuplicateAction::Ignore;
    let outcome = bench.try_run("out", Shutdown::new()).await.unwrap();
    assert!(outcome.report.sample.is_empty());
    assert_eq!(outcome.texts("duplicate"), ["∅"; 5]);
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
