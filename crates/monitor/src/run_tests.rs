//! Whole runs, reported from real Parquet parts in memory.

use tamiz_domain::{FailureNote, Labelling, MetricSet, RejectReason, RunLayout, Stage, Summary, Verdict, timings_name};
use tamiz_ports::{Fault, FaultyStore, Mail, Moment, Operation, Stores};
use tamiz_telemetry::Shutdown;

use crate::language::Language;
use crate::test_support::{REVIEW_TEXT, TestRun, cleaned, folder_manifest, left_out, model, predicted_rows};
use crate::{MonitorError, run};

const A: &str = "s3://tamiz-input-123456789012/shop/reviews-2026-11.csv.gz";
const B: &str = "s3://tamiz-input-123456789012/shop/holiday.jsonl";

async fn report(test: &TestRun) -> (Summary, Mail) {
    let summary = run(test.settings.clone(), test.deps(), Shutdown::new()).await.unwrap();
    let mut sent = test.mailer.sent();
    assert_eq!(sent.len(), 1);
    let (name, mail) = sent.remove(0);
    assert_eq!(name, summary.run_id.as_str());
    (summary, mail)
}

async fn page(test: &TestRun) -> String {
    String::from_utf8(test.results().read(RunLayout::REPORT).await.unwrap().to_vec()).unwrap()
}

fn text(mail: &Mail) -> String {
    let long = |line: &&str| line.chars().count() > 78 && line.split_whitespace().count() > 2 && !line.contains("aws ");
    assert_eq!(mail.body.lines().filter(long).collect::<Vec<_>>(), Vec::<&str>::new());
    format!("Subject: {}\n\n{}", mail.subject(), mail.body)
}

/// A run with everything: two files, labels, rejected records, languages.
async fn labelled_run() -> TestRun {
    let mut etl = cleaned(&[(A, 1_200, 4), (B, 300, 0)]);
    etl.languages = [("en", 1_410), ("es", 80), ("de", 10)].map(|(name, rows)| (name.to_owned(), rows)).into();
    let mut rows = predicted_rows(A, 1_200, true);
    rows.extend(predicted_rows(B, 300, false));
    TestRun::finished(etl, &rows).await
}

#[tokio::test]
async fn an_ok_run_is_told_with_counts_classes_and_accuracy() {
    let test = labelled_run().await;
    let (summary, mail) = report(&test).await;
    assert_eq!((summary.verdict, summary.counts.ok, summary.counts.rejected), (Verdict::Ok, 1_500, 4));
    assert_eq!(summary.quality.as_ref().map(|quality| quality.metrics.accuracy), Some(0.9));
    insta::assert_snapshot!(text(&mail));
}

#[tokio::test]
async fn how_long_the_labelling_took_is_summed_over_its_jobs() {
    let test = labelled_run().await;
    for (index, seconds) in [2.0, 4.0].into_iter().enumerate() {
        let job =
            Labelling { jobs: 1, devices: ["cuda".to_owned()].into(), rows: 750, seconds, device_busy_seconds: 2.0 };
        let name = format!("{}/{}", RunLayout::TIMINGS, timings_name(index));
        test.results().write_json(&name, &job).await.unwrap();
    }
    let (summary, _) = report(&test).await;
    let labelling = summary.labelling.unwrap();
    assert_eq!((labelling.jobs, labelling.rows, labelling.seconds), (2, 1_500, 6.0));
    let told = "2 jobs on cuda, 250 rows a second each, the device busy 67% of the time";
    assert!(page(&test).await.contains(told));
}

#[tokio::test]
async fn an_ok_run_says_what_was_left_out() {
    let mut etl = cleaned(&[(A, 40, 0)]);
    etl.files.push(left_out(
        "s3://tamiz-input-123456789012/scan.csv",
        RejectReason::UnknownFormat,
        "a PDF begins with %PDF",
    ));
    etl.files.push(left_out("s3://tamiz-input-123456789012/empty.csv", RejectReason::EmptyFile, ""));
    let test = TestRun::finished(etl, &predicted_rows(A, 40, false)).await;
    let (summary, mail) = report(&test).await;
    assert_eq!((summary.verdict, summary.findings.len()), (Verdict::Ok, 2));
    insta::assert_snapshot!(text(&mail));
}

#[tokio::test]
async fn a_run_over_its_budget_fails_with_the_figures() {
    let test = TestRun::finished(cleaned(&[(A, 80, 20)]), &predicted_rows(A, 80, false)).await;
    let (summary, mail) = report(&test).await;
    assert_eq!((summary.verdict, summary.retrain), (Verdict::Failed, false));
    insta::assert_snapshot!(text(&mail));
}

#[tokio::test]
async fn a_run_without_shards_fails_and_says_why() {
    let mut etl = cleaned(&[]);
    etl.files.push(left_out("s3://tamiz-input-123456789012/head.csv", RejectReason::HeaderOnly, ""));
    let test = TestRun::finished(etl, &[]).await;
    let (summary, mail) = report(&test).await;
    assert_eq!((summary.verdict, summary.model), (Verdict::Failed, None));
    insta::assert_snapshot!(text(&mail));
}

#[tokio::test]
async fn a_failed_stage_is_told_by_the_jobs_own_note() {
    let manifest = folder_manifest(&[A, B]);
    let test =
        TestRun::planned(&manifest).await.broken_off("etl", "States.TaskFailed", "job etl (1): exited, exit code 2");
    let note = FailureNote {
        stage: Stage::Etl,
        index: 0,
        chain: vec!["failed to read the manifest".into(), "s3://b/k does not exist".into()],
        disposition: "halt".into(),
        remedy: Some("Check that s3://b/k is spelt right and was not deleted.".into()),
    };
    test.staging().write_json(&format!("{}/{}", RunLayout::ERRORS, note.file_name()), &note).await.unwrap();
    let (summary, mail) = report(&test).await;
    assert_eq!((summary.verdict, summary.counts.input), (Verdict::Failed, 0));
    insta::assert_snapshot!(text(&mail));
}

#[tokio::test]
async fn a_failed_stage_is_told_by_what_aws_says_with_the_rows_that_were_labelled_until_then() {
    let mut etl = cleaned(&[(A, 60, 0)]);
    etl.shards[0].rows = 30;
    let told =
        "job inference-1 (0a1b): Task failed container exited, exit code 137, OutOfMemoryError: Container killed";
    let test =
        TestRun::finished(etl, &predicted_rows(A, 30, false)).await.broken_off("inference", "States.TaskFailed", told);
    let (summary, mail) = report(&test).await;
    assert_eq!((summary.verdict, summary.counts.ok, summary.counts.input), (Verdict::Failed, 30, 60));
    insta::assert_snapshot!(text(&mail));
}

#[tokio::test]
async fn a_failure_before_anything_was_written_is_told_all_the_same() {
    let id = folder_manifest(&[]).run_id;
    let test = TestRun::nothing(id.as_str()).broken_off("etl", "States.Timeout", "");
    let (summary, mail) = report(&test).await;
    assert_eq!(summary.run_id, id);
    assert_eq!(mail.subject(), format!("[tamiz-prod] FAILED run {}: timed out in etl", id.short()));
    let nameless = TestRun::nothing("not-a-run").broken_off("etl", "States.Timeout", "");
    let error = run(nameless.settings.clone(), nameless.deps(), Shutdown::new()).await.unwrap_err();
    assert!(matches!(error, MonitorError::NamelessRun { .. }));
}

#[tokio::test]
async fn a_lost_part_fails_the_run_by_name() {
    let mut etl = cleaned(&[(A, 40, 0)]);
    let mut second = etl.shards[0].clone();
    second.path = "shards/part-00001.parquet".into();
    (etl.shards[0].rows, second.rows) = (30, 10);
    etl.shards.push(second);
    let test = TestRun::finished(etl, &predicted_rows(A, 30, false)).await;
    let (summary, mail) = report(&test).await;
    assert_eq!(summary.verdict, Verdict::Failed);
    assert!(mail.subject().ends_with("counts do not add up"));
    assert_eq!(summary.findings[0], "shards/part-00001.parquet has no predictions.");
    assert!(mail.body.contains(&summary.findings[0]) && page(&test).await.contains(&summary.findings[0]));
}

#[tokio::test]
async fn a_part_of_another_run_is_no_part_of_this_one() {
    let test = labelled_run().await;
    test.write_part(1, "ffffffffffffffffffffffffffffffff", &predicted_rows(A, 1, false)).await;
    let (summary, _) = report(&test).await;
    assert_eq!(summary.findings[0], "predictions/part-00001.parquet belongs to run ffffffffffffffffffffffffffffffff.");
}

#[tokio::test]
async fn a_second_report_changes_nothing_and_sends_nothing() {
    let test = labelled_run().await;
    report(&test).await;
    let bytes = test.results().read(RunLayout::SUMMARY).await.unwrap();
    let first = run(test.settings.clone(), test.deps(), Shutdown::new()).await.unwrap();
    assert_eq!((first.verdict, first.counts.ok), (Verdict::Ok, 1_500));
    let late = TestRun {
        stores: test.stores.clone(),
        mailer: test.mailer.clone(),
        jobs: None,
        settings: test.settings.clone(),
    }
    .broken_off("monitor", "S3.NoSuchKey", "could not read summary.json");
    assert_eq!(run(late.settings.clone(), late.deps(), Shutdown::new()).await.unwrap(), first);
    assert_eq!(test.mailer.sent().len(), 1);
    assert_eq!(test.results().read(RunLayout::SUMMARY).await.unwrap(), bytes);
}

#[tokio::test]
async fn the_same_run_makes_the_same_page() {
    let (one, two) = (labelled_run().await, labelled_run().await);
    report(&one).await;
    report(&two).await;
    assert_eq!(page(&one).await, page(&two).await);
}

#[tokio::test]
async fn a_spanish_page_changes_neither_mail_nor_summary() {
    let (english, mut spanish) = (labelled_run().await, labelled_run().await);
    spanish.settings.language = Language::Spanish;
    let (told, mail) = report(&english).await;
    assert_eq!(report(&spanish).await, (told, mail));
    let page = page(&spanish).await;
    assert!(page.contains("<html lang=\"es\">") && page.contains("1504 reseñas, 0,3\u{a0}% rechazadas"), "{page}");
}

#[tokio::test]
async fn a_crash_at_any_write_is_made_good_by_the_next_attempt() {
    for moment in [Moment::Before, Moment::After] {
        for nth in 1..=3 {
            let test = labelled_run().await;
            let fault = Fault { operation: Operation::Put, nth, moment };
            let faulty = FaultyStore::new(test.results().store(), vec![fault]);
            let bucket = "tamiz-results-123456789012";
            let stores = test.stores.clone().with_bucket(bucket, std::sync::Arc::new(faulty));
            let test = TestRun { stores, ..test };
            assert!(run(test.settings.clone(), test.deps(), Shutdown::new()).await.is_err());
            let summary = run(test.settings.clone(), test.deps(), Shutdown::new()).await.unwrap();
            let sent = test.mailer.sent();
            assert_eq!(summary.verdict, Verdict::Ok);
            assert!(!sent.is_empty() && sent.iter().all(|mail| *mail == sent[0]), "{moment:?} of write {nth}");
            assert!(test.results().exists(RunLayout::REPORT).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_stopped_monitor_commits_nothing() {
    let test = labelled_run().await;
    let shutdown = Shutdown::new();
    shutdown.cancel();
    let error = run(test.settings.clone(), test.deps(), shutdown).await.unwrap_err();
    assert!(matches!(error, MonitorError::Stopped));
    assert!(test.mailer.sent().is_empty() && !test.results().exists(RunLayout::SUMMARY).await.unwrap());
}

#[tokio::test]
async fn labels_that_the_model_has_not_seen_ask_for_a_new_one() {
    let mut etl = cleaned(&[(A, 40, 0)]);
    let mut manifest = folder_manifest(&[A]);
    manifest.configuration.retrain.min_new_labels = 100;
    etl.run_id = manifest.run_id.clone();
    let test = TestRun::finished(etl, &predicted_rows(A, 40, true)).await;
    test.staging().write_json(RunLayout::MANIFEST, &manifest).await.unwrap();
    let runs = test.stores.open_str("s3://tamiz-staging-123456789012/runs").unwrap();
    for (name, etl) in [("seen", r#"{"labelled": 1000}"#), ("unseen", r#"{"labelled": 70}"#), ("broken", "{")] {
        runs.write(&format!("{name}/etl.json"), etl).await.unwrap();
    }
    let figures = MetricSet::of_confusion(Default::default(), None);
    let metrics = serde_json::json!({
        "architecture": "ngram", "labels": [], "train_rows": 1_000, "holdout": figures, "training_runs": ["seen"]
    });
    test.models().write_json(&format!("{}/metrics.json", model().version), &metrics).await.unwrap();
    let (summary, mail) = report(&test).await;
    assert_eq!((summary.retrain, summary.retrain_advice.new_labels), (true, 110));
    assert!(mail.body.contains("110 labelled reviews that the model has not seen"));
}

#[tokio::test]
async fn a_hostile_file_name_is_text_everywhere() {
    let name = "s3://in/\"><script>alert(1)</script>\n[tamiz] OK.csv";
    let mut etl = cleaned(&[(name, 40, 0)]);
    etl.files.push(left_out("s3://in/<img src=x onerror=alert(1)>", RejectReason::CorruptFile, "<b>at byte 3</b>"));
    let test = TestRun::finished(etl, &predicted_rows(name, 40, false)).await;
    let (_, mail) = report(&test).await;
    let page = page(&test).await;
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;?[tamiz] OK.csv"));
    assert!(!mail.body.lines().any(|line| line.starts_with("[tamiz]")));
}

#[tokio::test]
async fn no_review_text_leaves_the_predictions() {
    let test = labelled_run().await;
    let (summary, mail) = report(&test).await;
    let told = [page(&test).await, text(&mail), serde_json::to_string(&summary).unwrap()];
    assert!(told.iter().all(|told| !told.contains(REVIEW_TEXT)));
}
