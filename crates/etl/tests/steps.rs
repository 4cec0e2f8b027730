//! A large run, divided among jobs: the same bytes as in one process.

mod support;

use support::{Bench, gzip, many_records, read_json};
use tamiz_domain::{EtlPlan, ShardCount};
use tamiz_etl::{EtlError, Step};
use tamiz_telemetry::Shutdown;

/// Plain files that can be entered anywhere, with line breaks inside quotes and a quote that is never closed, between files
/// that cannot.
fn bench() -> Bench {
    let quoted =
        "label,title,text\n".to_owned() + &"1,\"a \"\"b\"\"\",\"one\n2,two,three\nfour\"\n2,c,d\n".repeat(1_000);
    let unclosed = "label,title,text\n1,t,\"never closed\n".to_owned() + &"2,t,good text\n".repeat(1_500);
    let mut bench = Bench::new()
        .file("a.csv", quoted)
        .file("b.csv.gz", gzip(many_records(3_000).as_bytes()))
        .file("c.pdf", "%PDF-1.7")
        .file("d.jsonl", "{\"text\": \"one\", \"rating\": 5}\n{\"text\": \"\"}\n".repeat(2_000))
        .file("e.json", format!("[{}]", vec!["{\"text\": \"in an array\"}"; 900].join(",\n")))
        .file("f.csv", unclosed);
    bench.configuration.etl.rows_per_shard = 500;
    bench.configuration.etl.bytes_per_job = 20_000;
    bench
}

#[tokio::test]
async fn a_run_by_steps_leaves_the_same_bytes_as_one_in_one_process() {
    let bench = bench();
    let whole = bench.try_run("whole", Shutdown::new()).await.unwrap();
    let steps = bench.run_by_steps("steps").await;
    assert!(steps.report.num_shards > 10, "{}", steps.report.num_shards);
    assert!(whole.bytes() == steps.bytes(), "a part or etl.json differs");
    let plan: EtlPlan = read_json(&steps.output.join("plan.json"));
    assert!(plan.array_size > 3, "{}", plan.array_size);
    let count: ShardCount = read_json(&steps.output.join("shards.json"));
    assert_eq!(count, ShardCount::of(&steps.report));
}

#[tokio::test]
async fn every_step_can_be_taken_again() {
    let bench = bench();
    for step in [Step::Plan, Step::Plan, Step::Split, Step::Split] {
        assert_eq!(bench.step("out", step, 0).await.unwrap(), None);
    }
    let steps = bench.run_by_steps("out").await;
    assert_eq!(bench.step("out", Step::Join, 0).await.unwrap(), Some(steps.report.clone()));
    assert_eq!(bench.step("out", Step::Split, 1).await.unwrap(), Some(steps.report), "the run is committed");
}

#[tokio::test]
async fn a_small_run_is_cleaned_by_the_step_that_plans() {
    let bench = Bench::new().file("a.csv", many_records(100));
    let report = bench.step("out", Step::Plan, 0).await.unwrap().unwrap();
    assert_eq!(report.counts.input, 100);
    let output = bench.path().join("out");
    assert_eq!(read_json::<EtlPlan>(&output.join("plan.json")).array_size, 0);
    assert_eq!(read_json::<ShardCount>(&output.join("shards.json")).num_shards, 1);
    assert!(!output.join("splits.json").exists());
}

#[tokio::test]
async fn a_run_that_no_second_job_can_enter_is_cleaned_at_once() {
    let mut bench = Bench::new().file("a.csv.gz", gzip(many_records(3_000).as_bytes()));
    bench.configuration.etl.bytes_per_job = 1_000;
    assert!(bench.step("out", Step::Plan, 0).await.unwrap().is_some());
}

#[tokio::test]
async fn nothing_is_joined_while_a_split_is_missing() {
    let bench = bench();
    bench.step("out", Step::Plan, 0).await.unwrap();
    bench.step("out", Step::Split, 0).await.unwrap();
    let error = bench.step("out", Step::Join, 0).await.unwrap_err();
    assert!(matches!(error, EtlError::Store(_)), "{error}");
    assert!(!bench.path().join("out/etl.json").exists());
}
