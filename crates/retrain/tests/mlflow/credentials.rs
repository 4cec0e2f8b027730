//! Who reports, to a server that asks.

use tokio::net::TcpListener;

use crate::mlflow::{Credentials, RunStatus, Secret, Settings, Tracker};
use crate::server::{ADMIN, guarded};
use crate::warnings::Warnings;
use crate::{ask, proxy, run, settings};

fn with(uri: &str, credentials: Credentials) -> Settings {
    Settings { credentials, ..settings(uri, "guarded") }
}

fn password(password: &str) -> Credentials {
    Credentials::Basic { username: ADMIN.0.into(), password: Secret::new(password) }
}

pub async fn the_right_password_opens_the_server() {
    let warnings = Warnings::collect();
    let tracker = Tracker::start(&with(&guarded().uri(), password(ADMIN.1)), run("r", &[])).await;
    let run_id = tracker.run_id().unwrap().to_owned();
    tracker.artifact("card.md", "# Card".into()).await;
    tracker.end(RunStatus::Finished).await;
    assert_eq!(ask::run(guarded(), &run_id).await["info"]["status"], "FINISHED");
    assert_eq!(ask::artifact(guarded(), &run_id, "card.md").await, b"# Card");
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn a_wrong_password_is_told_of_and_not_repeated() {
    for credentials in [password("a-wrong-password"), Credentials::Anonymous] {
        let warnings = Warnings::collect();
        let tracker = Tracker::start(&with(&guarded().uri(), credentials), run("r", &[])).await;
        assert_eq!(tracker.run_id(), None);
        tracker.metrics(1, &[("loss", 0.5)]).await;
        tracker.end(RunStatus::Finished).await;
        let lines = warnings.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("MLflow does not let us in") && lines[0].contains("MLFLOW_TRACKING_PASSWORD"));
        assert!(!lines[0].contains("a-wrong-password"), "{lines:?}");
    }
}

/// MLflow itself checks no tokens, so what goes over the wire is looked at.
pub async fn a_token_travels_as_a_bearer() {
    let warnings = Warnings::collect();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let hear = async {
        let (mut client, _) = listener.accept().await.unwrap();
        let head = proxy::hear(&mut client).await;
        proxy::answer(&mut client, "401 Unauthorized").await;
        head
    };
    let settings = with(&uri, Credentials::Token(Secret::new("t0ken")));
    let (tracker, head) = tokio::join!(Tracker::start(&settings, run("r", &[])), hear);
    assert!(head.contains("\r\nauthorization: Bearer t0ken\r\n"), "{head}");
    assert!(tracker.run_id().is_none() && !warnings.lines().concat().contains("t0ken"));
}
