//! Whole runs beside their model's baseline and the runs before them.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::ArrowWriter;
use tamiz_domain::{
    Attempt, Baseline, Feature, JobUse, MetricSet, Profile, ProfiledRow, RunLayout, RunRecord, Shift, Summary,
    WordCounts, part_name,
};
use tamiz_ports::{Folder, Stores};
use tamiz_telemetry::Shutdown;

use crate::run;
use crate::test_support::{REVIEW_TEXT, Row, TestRun, cleaned, folder_manifest, model, predicted_rows, record};

const A: &str = "s3://tamiz-input-123456789012/shop/reviews-2026-11.csv.gz";

/// What a model was measured on: the rows that [`predicted_rows`] gives, in English.
fn baseline(rows: u64) -> Baseline {
    let mut profile = Profile::default();
    for row in predicted_rows(A, rows, true) {
        profile.add(&ProfiledRow {
            characters: Some(REVIEW_TEXT.len() as u32),
            language: Some(row.language),
            predicted: row.predicted,
            confidence: Some(row.confidence),
            label: row.label,
            ..ProfiledRow::default()
        });
    }
    let words = [("screen".to_owned(), rows / 2), ("good".to_owned(), rows / 3)];
    Baseline { profile, words: WordCounts { reviews: rows, words: words.into() } }
}

/// So many rows, the last of them in Spanish.
fn rows(rows: u64, spanish: u64) -> Vec<Row> {
    let mut found = predicted_rows(A, rows, true);
    found.iter_mut().rev().take(spanish as usize).for_each(|row| row.language = "es");
    found
}

/// A run of these rows by a model with a baseline and a hold-out on which it was right in `accuracy` of the rows; each review uses the
/// words given.
async fn finished(rows: &[Row], accuracy: u64, words: &[&str]) -> TestRun {
    let test = TestRun::finished(cleaned(&[(A, rows.len() as u64, 0)]), rows).await;
    let mut manifest = folder_manifest(&[A]);
    manifest.configuration.retrain.min_new_labels_in_need = 1_000;
    test.staging().write_json(RunLayout::MANIFEST, &manifest).await.unwrap();
    let version = model().version;
    test.models().write_json(&format!("{version}/baseline.json"), &baseline(4_000)).await.unwrap();
    let holdout = MetricSet::of_confusion([(1, [(1, accuracy), (2, 100 - accuracy)].into())].into(), None);
    let metrics = serde_json::json!({"architecture": "ngram", "labels": [], "train_rows": 1_000, "holdout": holdout, "training_runs": []});
    test.models().write_json(&format!("{version}/metrics.json"), &metrics).await.unwrap();
    let shard = shard(rows.len(), words);
    test.staging().write(&format!("{}/{}", RunLayout::SHARDS, part_name(0)), shard).await.unwrap();
    test
}

/// A shard of reviews that all use the same words.
fn shard(rows: usize, words: &[&str]) -> Vec<u8> {
    let element = Field::new("element", DataType::Utf8, false);
    let mut lists = ListBuilder::new(StringBuilder::new()).with_field(element);
    for _ in 0..rows {
        words.iter().for_each(|word| lists.values().append_value(word));
        lists.append(true);
    }
    let column: ArrayRef = Arc::new(lists.finish());
    let batch = RecordBatch::try_from_iter([("content_tokens", column)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

async fn report(test: &TestRun) -> (Summary, String, String) {
    let summary = run(test.settings.clone(), test.deps(), Shutdown::new()).await.unwrap();
    let page = test.results().read(RunLayout::REPORT).await.unwrap();
    (summary, test.mailer.sent().remove(0).1.body, String::from_utf8(page.to_vec()).unwrap())
}

fn history(test: &TestRun) -> Folder {
    test.stores.open_str("s3://tamiz-results-123456789012/history").unwrap()
}

#[tokio::test]
async fn a_run_like_its_baseline_is_stable() {
    let test = finished(&rows(1_500, 0), 90, &["screen"]).await;
    let (summary, mail, page) = report(&test).await;
    assert_eq!((summary.drift.shift, summary.drift.rows, summary.drift.runs), (Some(Shift::Stable), 1_500, 1));
    assert!(mail.contains("Drift\n  None: 1,500 reviews against the 4,000 that the model was measured on."), "{mail}");
    assert!(page.contains("None: 1,500 reviews") && summary.drift.words.is_empty());
    assert!(!summary.retrain_advice.in_need);
}

#[tokio::test]
async fn a_run_that_drifted_is_told_with_features_and_words_and_asks_for_a_model() {
    let test = finished(&rows(1_500, 500), 90, &["pantalla", "anna.smith@example.com"]).await;
    let (summary, mail, page) = report(&test).await;
    let beyond: Vec<Feature> = summary.drift.findings().iter().map(|finding| finding.feature).collect();
    assert_eq!((summary.drift.shift, beyond), (Some(Shift::Strong), vec![Feature::Language]));
    assert!(test.mailer.sent()[0].1.subject().ends_with(": 1,500 reviews, 0.0% rejected, strong drift"));
    insta::assert_snapshot!(mail);
    assert!(
        page.contains("pantalla") && !page.contains("example.com"),
        "a word of anything but letters is nobody's business"
    );
    assert!(summary.retrain && summary.retrain_advice.in_need);
}

#[tokio::test]
async fn a_model_that_is_right_less_often_than_on_its_holdout_asks_for_another() {
    let (summary, mail, _) = report(&finished(&rows(1_500, 0), 97, &[]).await).await;
    assert!(summary.retrain);
    assert!(mail.contains("The model is right in 90.0% of the labelled reviews"), "{mail}");
    let few = report(&finished(&rows(60, 0), 97, &[]).await).await.0;
    assert!(!few.retrain_advice.in_need, "sixty rows are no proof");
}

#[tokio::test]
async fn small_runs_are_compared_together() {
    let now = (finished(&[], 90, &[]).await.deps().now)();
    let before = |hours: i64| RunRecord {
        profile: Some(baseline(600).profile),
        ..record(folder_manifest(&[&hours.to_string()]).run_id, now - jiff::SignedDuration::from_hours(hours))
    };
    let test = finished(&rows(300, 0), 90, &[]).await;
    for record in [before(1), before(2), before(3)] {
        history(&test).create_json(&record.name(), &record).await.unwrap();
    }
    let (summary, mail, _) = report(&test).await;
    assert_eq!((summary.drift.rows, summary.drift.runs), (1_500, 3));
    assert!(mail.contains("1,500 reviews of 3 small runs together"), "{mail}");
}

#[tokio::test]
async fn a_run_leaves_what_later_ones_are_compared_with() {
    let test = finished(&rows(1_500, 500), 90, &[]).await;
    let (summary, ..) = report(&test).await;
    let objects = history(&test).list("").await.unwrap();
    assert_eq!(objects.len(), 1);
    let location = objects[0].location.to_string();
    let name = location.split_once("history/").unwrap().1;
    let record: RunRecord = history(&test).read_json(name).await.unwrap();
    assert_eq!((&record.run_id, record.verdict, record.shift), (&summary.run_id, summary.verdict, Some(Shift::Strong)));
    assert_eq!((record.profile.unwrap().rows, record.accuracy, record.retrain), (1_500, Some(0.9), true));
    assert_eq!(name, format!("2026-11-22/120000Z-{}-asked.json", summary.run_id));
}

#[tokio::test]
async fn what_is_otherwise_than_usual_is_in_the_mail() {
    let test = finished(&rows(1_500, 0), 90, &[]).await;
    let now = (test.deps().now)();
    for hours in 1..=6 {
        let shares = [("without title".to_owned(), 0.4)].into();
        let run_id = folder_manifest(&[&hours.to_string()]).run_id;
        let record = RunRecord { shares, ..record(run_id, now - jiff::SignedDuration::from_hours(hours)) };
        history(&test).create_json(&record.name(), &record).await.unwrap();
    }
    let (_, mail, page) = report(&test).await;
    assert!(mail.contains("Otherwise than in the last runs\n  0.0% without title, usually 40.0%"), "{mail}");
    assert!(page.contains("without title"));
}

#[tokio::test]
async fn the_summary_of_as_many_files_as_a_run_has_fits_the_payload_of_a_state() {
    let names: Vec<String> =
        (0..64).map(|n| format!("s3://tamiz-input-123456789012/{}/{n}.csv", "folder".repeat(20))).collect();
    let files: Vec<(&str, u64, u64)> = names.iter().map(|name| (name.as_str(), 25, 0)).collect();
    let mut etl = cleaned(&files);
    for file in &mut etl.files {
        file.quality.null_shares = (0..50).map(|n| (format!("column {n}"), 0.5)).collect();
    }
    let rows: Vec<Row> = names.iter().flat_map(|name| predicted_rows(name, 25, true)).collect();
    let test = TestRun::finished(etl, &rows).await;
    test.models().write_json(&format!("{}/baseline.json", model().version), &baseline(4_000)).await.unwrap();
    report(&test).await;
    let size = test.results().read(RunLayout::SUMMARY).await.unwrap().len();
    assert!(size < 128 << 10, "{size} bytes");
}

#[tokio::test]
async fn what_the_jobs_cost_is_told() {
    let attempt = |seconds, succeeded, is_spot| Attempt { seconds, succeeded, is_spot };
    let job = |stage: &str, is_fargate, attempts: &[Attempt]| JobUse {
        stage: stage.into(),
        vcpus: 4.0,
        gib: 16.0,
        is_fargate,
        attempts: attempts.into(),
    };
    let mut test = finished(&rows(1_500, 0), 90, &[]).await;
    test.jobs = Some(vec![
        job("etl", true, &[attempt(60.0, true, None)]),
        job("inference", false, &[attempt(90.0, false, Some(true)), attempt(270.0, true, Some(false))]),
    ]);
    let (summary, mail, page) = report(&test).await;
    assert_eq!(summary.cost.map(|cost| cost.wasted_attempts), Some(1));
    let words = "Cost\n  0.0894 US dollars, 0.0596 for 1,000 records (etl 0.0039, inference 0.0855;\n  the report itself not \
                 counted). 25.0% of the machine time was Spot. 1\n  attempt had to be repeated, for 0.0101.";
    assert!(mail.contains(words), "{mail}");
    assert!(page.contains("0.0894 US dollars"));
}

#[tokio::test]
async fn a_baseline_that_is_missing_or_of_another_version_is_told_and_keeps_nothing_back() {
    let test = finished(&rows(1_500, 0), 90, &[]).await;
    let name = format!("{}/baseline.json", model().version);
    test.models().write(&name, r#"{"rows": 7, "labels": {"1": 0.5}}"#).await.unwrap();
    let (summary, mail, _) = report(&test).await;
    assert_eq!(summary.drift.shift, None);
    assert!(mail.contains("is of another version of Tamiz"), "{mail}");
    let without = TestRun::finished(cleaned(&[(A, 40, 0)]), &predicted_rows(A, 40, false)).await;
    assert!(report(&without).await.1.contains("The model has no baseline.json"));
}
