//! Leaving a note when a stage fails for good, for the failure mail to quote.

use tamiz_domain::{Disposed, Disposition, FailureNote, RunLayout, Stage};

use tamiz_telemetry::{Attempt, error_chain};

use crate::Folder;

/// Writes a failure note under the run's `errors/` folder, unless there is no failure yet: a job that was stopped goes on, and an
/// error to retry is final in the last attempt only.
///
/// A note that cannot be written is logged and not raised: it must not hide the failure that it tells of.
pub async fn record_failure(
    run: &Folder,
    stage: Stage,
    index: usize,
    attempt: Attempt,
    error: &(impl Disposed + 'static),
) {
    let disposition = error.disposition();
    let is_final = match disposition {
        Disposition::Stop => false,
        Disposition::Retry => attempt.is_last(),
        Disposition::Refuse | Disposition::Halt | Disposition::Bug => true,
    };
    if !is_final {
        return;
    }
    let chain = error_chain(error);
    let note = FailureNote { stage, index, chain, disposition: disposition.to_string(), remedy: error.remedy() };
    let name = format!("{}/{}", RunLayout::ERRORS, note.file_name());
    if let Err(error) = run.write_json(&name, &note).await {
        tracing::warn!(%error, "failed to leave a failure note");
    }
}

#[cfg(test)]
mod tests {
    use tamiz_domain::FailureNote;

    use crate::{MemoryStores, StoreError, Stores};

    use super::*;

    #[tokio::test]
    async fn what_is_tried_again_is_noted_in_the_last_attempt_only() {
        let run = MemoryStores::default().open_str("s3://staging/runs/a").unwrap();
        let error =
            StoreError::Unavailable { operation: "read", uri: "s3://input/a.csv".into(), source: "reset".into() };
        let note = "errors/etl-00002.json";
        for number in 1..3 {
            record_failure(&run, Stage::Etl, 2, Attempt { number, of: 3 }, &error).await;
            assert!(!run.exists(note).await.unwrap(), "attempt {number}");
        }
        record_failure(&run, Stage::Etl, 2, Attempt { number: 3, of: 3 }, &error).await;
        let note: FailureNote = run.read_json(note).await.unwrap();
        assert_eq!(note.chain, ["failed to read s3://input/a.csv", "reset"]);
    }

    #[tokio::test]
    async fn what_is_final_is_noted_in_the_first_attempt() {
        let run = MemoryStores::default().open_str("s3://staging/runs/a").unwrap();
        let error = StoreError::Changed { uri: "s3://input/a.csv".into() };
        record_failure(&run, Stage::Etl, 0, Attempt { number: 1, of: 3 }, &error).await;
        assert!(run.exists("errors/etl-00000.json").await.unwrap());
    }
}
