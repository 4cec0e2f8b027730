//! The mail about a retraining that failed: after a run whose own mail went out before, or without one.

use tamiz_domain::{FailedCause, Stage};
use tamiz_telemetry::Shutdown;

use crate::diagnosis::diagnose;
use crate::evidence::notes;
use crate::language::Language;
use crate::places::Places;
use crate::{Deps, MonitorError, Settings, mail};

impl Settings {
    /// What the state machine knows of a retraining that failed; none where a run is to be reported.
    pub fn failed_retraining(&self) -> Option<&FailedCause> {
        let cause = &self.failed_cause.as_ref()?.0;
        (cause.stage == Stage::Retrain.to_string()).then_some(cause)
    }
}

/// Tells of a retraining that failed, by mail alone: there is no run to report. The retraining's folder (`--run`) holds the note that
/// the job left, and has the name of its execution.
///
/// # Errors
/// [`MonitorError`] when the mail did not go out.
pub async fn tell_of_retraining(
    settings: &Settings,
    cause: &FailedCause,
    deps: &Deps,
    shutdown: Shutdown,
) -> Result<(), MonitorError> {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => Err(MonitorError::Stopped),
        told = tell(settings, cause, deps) => told,
    }
}

async fn tell(settings: &Settings, cause: &FailedCause, deps: &Deps) -> Result<(), MonitorError> {
    let notes = notes(&deps.stores.open(&settings.run)?).await;
    let diagnosis = diagnose(cause, &notes, Language::English);
    let places = Places::of(settings);
    let execution = settings.run.split_last().map(|(_, name)| name.to_owned()).unwrap_or_default();
    let mail = mail::of_failed_retraining(&diagnosis, &places, &execution);
    if let Some(mailer) = &deps.mailer {
        mailer.send(&execution, &mail).await?;
    }
    tracing::info!(stage = "monitor", execution, subject = mail.subject(), "failed retraining told");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tamiz_domain::{FailureNote, RunLayout};

    use super::*;
    use crate::test_support::TestRun;

    fn test_of(cause: serde_json::Value) -> (TestRun, FailedCause) {
        let cause = FailedCause { stage: "retrain".into(), error: "States.TaskFailed".into(), cause: Some(cause) };
        (TestRun::nothing("by-hand-20261122T030000Z"), cause)
    }

    async fn told(test: &TestRun, cause: &FailedCause) -> String {
        tell_of_retraining(&test.settings, cause, &test.deps(), Shutdown::new()).await.unwrap();
        let [(name, mail)] = &test.mailer.sent()[..] else { panic!("one mail") };
        assert_eq!(name, "by-hand-20261122T030000Z");
        format!("Subject: {}\n\n{}", mail.subject(), mail.body)
    }

    #[tokio::test]
    async fn a_failed_retraining_is_told_by_the_jobs_own_note() {
        let (test, cause) = test_of(json!("job retrain-x (0a1b): exited, exit code 3"));
        let note = FailureNote {
            stage: Stage::Retrain,
            index: 0,
            chain: vec!["class 2 has 3 labelled reviews, fewer than the 50 that it takes".into()],
            disposition: "refuse".into(),
            remedy: Some("Add labelled reviews, or lower --min-rows-per-class knowing what that means.".into()),
        };
        test.staging().write_json(&format!("{}/{}", RunLayout::ERRORS, note.file_name()), &note).await.unwrap();
        insta::assert_snapshot!(told(&test, &cause).await);
    }

    #[tokio::test]
    async fn a_retraining_that_was_killed_is_told_by_what_aws_says() {
        let (test, cause) =
            test_of(json!("job retrain-x (0a1b): Task failed, exit code 137, OutOfMemoryError: Container killed"));
        insta::assert_snapshot!(told(&test, &cause).await);
    }

    #[test]
    fn only_the_stage_retrain_is_a_retraining() {
        let of = |stage: &str| TestRun::nothing("x").broken_off(stage, "States.TaskFailed", "exit code 2");
        assert!(of("retrain").settings.failed_retraining().is_some());
        assert!(of("etl").settings.failed_retraining().is_none());
        assert!(TestRun::nothing("x").settings.failed_retraining().is_none());
    }
}
