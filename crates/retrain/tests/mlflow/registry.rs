//! What the model registry holds after a report.

use bytes::Bytes;

use crate::mlflow::{ModelVersion, Registration, RunStatus, Tracker};
use crate::server::shared;
use crate::warnings::Warnings;
use crate::{ask, run, settings};

async fn start() -> Tracker {
    Tracker::start(&settings(&shared().uri(), "registry"), run("r", &[])).await
}

/// Registers a version as a training of its own would.
async fn register(model: &str, digest: &str) -> ModelVersion {
    let tracker = start().await;
    tracker.artifact("model/config.json", Bytes::from_static(b"{}")).await;
    let tags = [("tamiz.version", "20260101-abc")];
    let registration = Registration { model, path: "model", identity: ("tamiz.digest", digest), tags: &tags };
    let version = tracker.register(&registration).await.unwrap();
    tracker.end(RunStatus::Finished).await;
    version
}

pub async fn a_version_knows_its_run_its_files_and_its_tags() {
    let warnings = Warnings::collect();
    let version = register("whole", "d1").await;
    assert_eq!(version, ModelVersion { model: "whole".into(), version: "1".into() });

    let versions = ask::versions(shared(), "whole").await;
    assert_eq!(versions.len(), 1);
    let run_id = versions[0]["run_id"].as_str().unwrap();
    let source = versions[0]["source"].as_str().unwrap();
    let run = ask::run(shared(), run_id).await;
    assert_eq!(source, format!("{}/model", run["info"]["artifact_uri"].as_str().unwrap()));
    assert_eq!(versions[0]["status"], "READY");
    let tags = [("tamiz.digest", "d1"), ("tamiz.version", "20260101-abc")];
    assert_eq!(ask::pairs(&versions[0]["tags"]), tags.into());
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn the_same_digest_registers_no_second_version() {
    let warnings = Warnings::collect();
    let first = register("same", "d1").await;
    let other = register("same", "d2").await;
    assert_eq!(register("same", "d1").await, first);
    assert_eq!(register("same", "d2").await, other);
    assert_eq!(ask::versions(shared(), "same").await.len(), 2);
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn the_same_digest_under_another_name_is_another_version() {
    let ours = register("name's", "d9").await;
    let theirs = register("name", "d9").await;
    assert_eq!((ours.version.as_str(), theirs.version.as_str()), ("1", "1"));
}

pub async fn the_champion_moves_to_a_newer_version_and_back() {
    let warnings = Warnings::collect();
    let (first, second) = (register("alias", "d1").await, register("alias", "d2").await);
    let tracker = start().await;
    for version in [&first, &second, &second, &first] {
        tracker.champion(version).await;
        assert_eq!(ask::alias(shared(), "alias", "champion").await, version.version);
    }
    tracker.end(RunStatus::Finished).await;
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn a_part_that_is_refused_does_not_end_the_report() {
    let warnings = Warnings::collect();
    let tracker = start().await;
    let run_id = tracker.run_id().unwrap().to_owned();
    let registration = Registration { model: "no/name", path: "", identity: ("tamiz.digest", "d"), tags: &[] };
    assert_eq!(tracker.register(&registration).await, None);
    tracker.end(RunStatus::Finished).await;

    assert_eq!(ask::run(shared(), &run_id).await["info"]["status"], "FINISHED");
    let lines = warnings.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("MLflow refused a part of the report"), "{lines:?}");
}
