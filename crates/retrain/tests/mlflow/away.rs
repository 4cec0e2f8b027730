//! A server that is not there costs the report and nothing else.

use bytes::Bytes;

use crate::mlflow::{Credentials, Registration, RunStatus, Settings, Tracker};
use crate::proxy::Proxy;
use crate::server::{Server, free_port, shared};
use crate::warnings::Warnings;
use crate::{run, settings};

/// Everything that a training reports after its start.
async fn report(tracker: Tracker) {
    let recorder = tracker.recorder();
    recorder.record(1, &[("loss", 0.5)]);
    tracker.params(&[("seed", "1")]).await;
    tracker.metrics(1, &[("accuracy", 0.5)]).await;
    tracker.artifact("card.md", Bytes::from_static(b"# Card")).await;
    tracker.tags(&[("a", "b")]).await;
    let registration = Registration { model: "m", path: "", identity: ("tamiz.digest", "d"), tags: &[] };
    assert_eq!(tracker.register(&registration).await, None);
    recorder.record(2, &[("loss", 0.25)]);
    tracker.end(RunStatus::Finished).await;
}

pub async fn a_server_that_goes_away_is_told_of_once() {
    let warnings = Warnings::collect();
    let server = Server::start(&[]);
    let tracker = Tracker::start(&settings(&server.uri(), "away"), run("r", &[])).await;
    assert!(tracker.run_id().is_some());
    drop(server);
    report(tracker).await;
    let lines = warnings.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("MLflow is away: this training is not recorded there"), "{lines:?}");
    assert!(lines[0].contains("tries: 3"), "{lines:?}");
}

pub async fn a_network_that_goes_away_before_a_file_is_told_of_once() {
    let warnings = Warnings::collect();
    let proxy = Proxy::before(shared().port(), 0).await;
    let tracker = Tracker::start(&settings(&proxy.uri(), "away"), run("r", &[])).await;
    assert!(tracker.run_id().is_some());
    proxy.stop().await;
    tracker.artifact("card.md", Bytes::from_static(b"# Card")).await;
    report(tracker).await;
    assert_eq!(warnings.lines().len(), 1, "{:?}", warnings.lines());
}

pub async fn a_server_that_never_was_is_told_of_once() {
    let warnings = Warnings::collect();
    let uri = format!("http://127.0.0.1:{}", free_port());
    let tracker = Tracker::start(&settings(&uri, "away"), run("r", &[])).await;
    assert_eq!(tracker.run_id(), None);
    report(tracker).await;
    let lines = warnings.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(&uri) && lines[0].contains("Connection refused"), "{lines:?}");
}

pub async fn without_a_server_nothing_is_said() {
    let warnings = Warnings::collect();
    let settings = Settings { tracking_uri: None, experiment: "none".into(), credentials: Credentials::Anonymous };
    report(Tracker::start(&settings, run("r", &[])).await).await;
    assert_eq!(warnings.lines(), Vec::<String>::new());
}
