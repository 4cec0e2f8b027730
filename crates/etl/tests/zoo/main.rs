//! The bad-input zoo: what each broken file or record comes to. One run reads all files, so that each also proves
//! that it does not harm the others.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod case;
mod encodings;
mod files;
mod json;
mod labels;
#[path = "../support/mod.rs"]
mod support;
mod tables;

use support::Bench;

#[tokio::test]
async fn every_animal_of_the_zoo_comes_to_what_it_must() {
    let cases: Vec<_> = [tables::cases(), encodings::cases(), labels::cases(), json::cases(), files::cases()]
        .into_iter()
        .flatten()
        .collect();
    let bench = cases.iter().fold(Bench::new(), |bench, case| bench.file(case.name, &case.content));
    let outcome = bench.run().await;
    assert_eq!(outcome.report.files.len(), cases.len(), "no two files share their name");
    assert!(outcome.report.counts.is_conserved());
    let found = case::Found::new(outcome);
    cases.iter().for_each(|case| case.check(&found));
}
