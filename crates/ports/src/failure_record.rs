//! Leaving a note when a stage fails for good, for the failure mail to quote.

use tamiz_domain::{Disposed, Disposition, FailureNote, RunLayout, Stage};

use tamiz_telemetry::error_chain;

use crate::Folder;

/// Writes a failure note under the run's `errors/` folder, unless the error is one to retry or stop for.
///
/// A note that cannot be written is logged and not raised: it must not hide the failure that it tells of.
pub async fn record_failure(run: &Folder, stage: Stage, index: usize, error: &(impl Disposed + 'static)) {
    let disposition = error.disposition();
    if matches!(disposition, Disposition::Retry | Disposition::Stop) {
        return;
    }
    let chain = error_chain(error);
    let note = FailureNote { stage, index, chain, disposition: disposition.to_string(), remedy: error.remedy() };
    let name = format!("{}/{}", RunLayout::ERRORS, note.file_name());
    if let Err(error) = run.write_json(&name, &note).await {
        tracing::warn!(%error, "failed to leave a failure note");
    }
}
