//! What a run holds after it.

use bytes::Bytes;
use serde_json::json;

use crate::mlflow::{RunStatus, Tracker};
use crate::proxy::Proxy;
use crate::server::shared;
use crate::warnings::Warnings;
use crate::{NOW, ask, run, settings};

pub async fn a_training_is_recorded_whole() {
    let warnings = Warnings::collect();
    let start = run("sentiment v1", &[("tamiz.commit", "abc")]);
    let tracker = Tracker::start(&settings(&shared().uri(), "whole"), start).await;
    let run_id = tracker.run_id().unwrap().to_owned();
    tracker.params(&[("epochs", "3"), ("seed", "1")]).await;
    tracker.metrics(0, &[("holdout.accuracy", 0.5)]).await;
    tracker.metrics(2, &[("holdout.accuracy", 0.75), ("holdout.loss", f64::NAN)]).await;
    tracker.tags(&[("tamiz.decision", "promoted")]).await;
    tracker.end(RunStatus::Finished).await;

    let run = ask::run(shared(), &run_id).await;
    assert_eq!(run["info"]["run_name"], "sentiment v1");
    assert_eq!(run["info"]["status"], "FINISHED");
    assert_eq!((&run["info"]["start_time"], &run["info"]["end_time"]), (&json!(NOW), &json!(NOW)));
    assert_eq!(ask::pairs(&run["data"]["params"]), [("epochs", "3"), ("seed", "1")].into());
    let tags = ask::pairs(&run["data"]["tags"]);
    assert_eq!((tags["tamiz.commit"], tags["tamiz.decision"]), ("abc", "promoted"));
    assert_eq!(ask::history(shared(), &run_id, "holdout.accuracy").await, [(0, 0.5), (2, 0.75)]);
    assert_eq!(run["data"]["metrics"].as_array().unwrap().len(), 1);
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn files_arrive_byte_for_byte() {
    let warnings = Warnings::collect();
    let weights: Vec<u8> = (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let tracker = Tracker::start(&settings(&shared().uri(), "files"), run("files", &[])).await;
    let run_id = tracker.run_id().unwrap().to_owned();
    tracker.artifact("model/card.md", Bytes::from_static(b"# Card\n")).await;
    tracker.artifact("model/50% of é?.json", Bytes::from_static(b"{}")).await;
    tracker.artifact("model/empty", Bytes::new()).await;
    tracker.artifact("model/model.safetensors", weights.clone().into()).await;
    tracker.end(RunStatus::Finished).await;

    assert_eq!(ask::artifact(shared(), &run_id, "model/card.md").await, b"# Card\n");
    assert_eq!(ask::artifact(shared(), &run_id, "model/50% of é?.json").await, b"{}");
    assert_eq!(ask::artifact(shared(), &run_id, "model/empty").await, b"");
    assert!(ask::artifact(shared(), &run_id, "model/model.safetensors").await == weights);
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn a_thread_records_more_than_a_batch_holds() {
    let warnings = Warnings::collect();
    let tracker = Tracker::start(&settings(&shared().uri(), "thread"), run("thread", &[])).await;
    let run_id = tracker.run_id().unwrap().to_owned();
    let recorder = tracker.recorder();
    let training = tokio::task::spawn_blocking(move || {
        for step in 0..1200_u32 {
            recorder.record(step.into(), &[("loss", f64::from(step) / 2.0), ("rate", 0.5), ("gone", f64::INFINITY)]);
        }
        recorder
    });
    let recorder = training.await.unwrap();
    tracker.end(RunStatus::Killed).await;
    recorder.record(1200, &[("loss", 0.0)]);

    let expected: Vec<(i64, f64)> = (0..1200_i32).map(|step| (step.into(), f64::from(step) / 2.0)).collect();
    assert_eq!(ask::history(shared(), &run_id, "loss").await, expected);
    assert_eq!(ask::history(shared(), &run_id, "rate").await.len(), 1200);
    assert_eq!(ask::run(shared(), &run_id).await["info"]["status"], "KILLED");
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn what_mlflow_would_refuse_is_made_to_fit() {
    let warnings = Warnings::collect();
    let tracker = Tracker::start(&settings(&shared().uri(), "fit"), run(&"n".repeat(300), &[])).await;
    let run_id = tracker.run_id().unwrap().to_owned();
    let names: Vec<String> = (0..250).map(|number| format!("param {number}")).collect();
    let long = "é".repeat(7000);
    let params: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), long.as_str())).collect();
    tracker.params(&params).await;
    tracker.params(&[("a//b?", "first"), ("a/b?", "second"), ("empty", "")]).await;
    tracker.tags(&params).await;
    tracker.metrics(1, &[("../f1/好%", 1.0), (&"m".repeat(300), 1.0)]).await;
    tracker.end(RunStatus::Failed).await;

    let run = ask::run(shared(), &run_id).await;
    let params = ask::pairs(&run["data"]["params"]);
    assert_eq!(params.len(), 252);
    assert_eq!((params["a/b_"], params["empty"]), ("first", ""));
    assert_eq!(params["param 249"], "é".repeat(6000));
    assert_eq!(ask::history(shared(), &run_id, "f1/u597d_").await, [(1, 1.0)]);
    assert_eq!(run["info"]["status"], "FAILED");
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn trainings_that_start_at_once_share_an_experiment() {
    let warnings = Warnings::collect();
    let settings = settings(&shared().uri(), "race");
    let start = || Tracker::start(&settings, run("one of four", &[]));
    let trackers = tokio::join!(start(), start(), start(), start());
    for tracker in [trackers.0, trackers.1, trackers.2, trackers.3] {
        tracker.end(RunStatus::Finished).await;
    }
    assert_eq!(ask::runs(shared(), "race").await.len(), 4);
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn a_deleted_experiment_is_named() {
    let warnings = Warnings::collect();
    let made = ask::post(shared(), "experiments/create", json!({ "name": "deleted" })).await;
    ask::post(shared(), "experiments/delete", json!({ "experiment_id": made["experiment_id"] })).await;
    let tracker = Tracker::start(&settings(&shared().uri(), "deleted"), run("r", &[])).await;
    assert_eq!(tracker.run_id(), None);
    let lines = warnings.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("experiment `deleted` is deleted") && lines[0].contains("mlflow experiments restore"));
}

pub async fn a_server_that_serves_no_files_gets_the_rest() {
    let warnings = Warnings::collect();
    let place = json!({ "name": "elsewhere", "artifact_location": "s3://bucket/runs" });
    ask::post(shared(), "experiments/create", place).await;
    let tracker = Tracker::start(&settings(&shared().uri(), "elsewhere"), run("r", &[])).await;
    let run_id = tracker.run_id().unwrap().to_owned();
    tracker.artifact("card.md", Bytes::from_static(b"# Card")).await;
    tracker.artifact("metrics.json", Bytes::from_static(b"{}")).await;
    tracker.metrics(1, &[("loss", 0.5)]).await;
    tracker.end(RunStatus::Finished).await;

    assert_eq!(ask::history(shared(), &run_id, "loss").await, [(1, 0.5)]);
    assert_eq!(ask::run(shared(), &run_id).await["info"]["status"], "FINISHED");
    let lines = warnings.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("MLflow takes no files") && lines[0].contains("s3://bucket/runs"), "{lines:?}");
}

pub async fn a_store_that_fails_costs_the_files_and_nothing_else() {
    let warnings = Warnings::collect();
    let tracker = Tracker::start(&settings(&shared().uri(), "store"), run("r", &[])).await;
    let run_id = tracker.run_id().unwrap().to_owned();
    tracker.artifact("card", Bytes::from_static(b"a file")).await;
    tracker.artifact("card/card.md", Bytes::from_static(b"below a file")).await;
    tracker.artifact("metrics.json", Bytes::from_static(b"{}")).await;
    tracker.end(RunStatus::Finished).await;

    assert_eq!(ask::run(shared(), &run_id).await["info"]["status"], "FINISHED");
    let lines = warnings.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("MLflow takes no files") && lines[0].contains("500 Internal"), "{lines:?}");
}

pub async fn a_server_that_is_overloaded_for_a_moment_is_asked_again() {
    let warnings = Warnings::collect();
    let proxy = Proxy::before(shared().port(), 2).await;
    let tracker = Tracker::start(&settings(&proxy.uri(), "overloaded"), run("r", &[])).await;
    tracker.end(RunStatus::Finished).await;
    assert_eq!(proxy.turned_away(), 2);
    assert_eq!(ask::runs(shared(), "overloaded").await.len(), 1);
    assert_eq!(warnings.lines(), Vec::<String>::new());
}
