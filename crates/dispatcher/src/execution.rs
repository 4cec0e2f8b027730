//! Starting a run's execution, and telling whether it ever was started.

use serde_json::json;
use tamiz_domain::{Manifest, RunId, RunLayout};
use tamiz_ports::{ExecutionStatus, Folder, Started, Workflow};

use crate::DispatchError;
use crate::run_states::{Claimed, manifest_name};

/// Written beside the manifest once the execution is known to exist, before any message is acknowledged. The engine
/// forgets closed executions after 90 days; without the mark, the same bytes uploaded again after that would look like
/// a run that was claimed and never started, and would run twice.
const STARTED: &str = "started.json";

/// A run that has an execution.
#[derive(Debug)]
pub(crate) struct StartedRun {
    pub(crate) manifest: Manifest,
    /// Whether this call started it, and not an earlier one.
    pub(crate) newly: bool,
}

/// Whether a run ever was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its dispatcher ended between claim and start.
    NeverStarted,
    /// It has, or once had, an execution.
    Begun,
}

/// Starts the execution of a claimed run; one that exists already is as good.
pub(crate) async fn start(
    claimed: Claimed,
    staging: &Folder,
    workflow: &dyn Workflow,
) -> Result<StartedRun, DispatchError> {
    let run_id = &claimed.manifest.run_id;
    let newly = begin(run_id, staging, workflow).await? == Started::New;
    if newly {
        tracing::info!(%run_id, num_objects = claimed.owned.len(), "run started");
    }
    Ok(StartedRun { manifest: claimed.manifest, newly })
}

/// Starts the execution of a run whose manifest is on record, and marks it as started.
pub(crate) async fn begin(run_id: &RunId, staging: &Folder, workflow: &dyn Workflow) -> Result<Started, DispatchError> {
    let input = json!({"run_id": run_id, "manifest": staging.uri_of(&manifest_name(run_id))}).to_string();
    let fail = |source| DispatchError::Execution { run_id: run_id.clone(), source };
    let started = workflow.start(run_id, &input).await.map_err(fail)?;
    if started == Started::Exists {
        tell(run_id, workflow.status(run_id).await.map_err(fail)?);
    }
    mark_started(staging, run_id).await?;
    Ok(started)
}

/// Whether a run that holds claims was started. A closed execution counts, however it ended.
pub(crate) async fn standing(
    run_id: &RunId,
    staging: &Folder,
    workflow: &dyn Workflow,
) -> Result<Standing, DispatchError> {
    if standing_of(run_id, workflow).await? == Standing::Begun {
        // The dispatcher that started it may have ended before it could leave the mark.
        mark_started(staging, run_id).await?;
        return Ok(Standing::Begun);
    }
    Ok(if is_marked(staging, run_id).await? { Standing::Begun } else { Standing::NeverStarted })
}

/// Whether the engine knows an execution of a run. It forgets those that closed long ago.
pub(crate) async fn standing_of(run_id: &RunId, workflow: &dyn Workflow) -> Result<Standing, DispatchError> {
    let fail = |source| DispatchError::Execution { run_id: run_id.clone(), source };
    let status = workflow.status(run_id).await.map_err(fail)?;
    tell(run_id, status);
    Ok(if status.is_some() { Standing::Begun } else { Standing::NeverStarted })
}

/// Whether it is on record that a run was started.
pub(crate) async fn is_marked(staging: &Folder, run_id: &RunId) -> Result<bool, DispatchError> {
    Ok(staging.exists(&mark_name(run_id)).await?)
}

/// A failed execution settles its uploads too, since trying again by itself would fail again; but somebody should know.
fn tell(run_id: &RunId, status: Option<ExecutionStatus>) {
    match status {
        Some(ExecutionStatus::Failed) => tracing::warn!(
            %run_id,
            remedy = "find the cause with `tamiz explain`, then run it again with `tamiz replay`",
            "the uploads belong to a run that failed"
        ),
        Some(ExecutionStatus::Running | ExecutionStatus::Succeeded) | None => {
            tracing::debug!(%run_id, ?status, "the run was started before");
        }
    }
}

async fn mark_started(staging: &Folder, run_id: &RunId) -> Result<(), DispatchError> {
    staging.create_json(&mark_name(run_id), &json!({"run_id": run_id})).await?;
    Ok(())
}

fn mark_name(run_id: &RunId) -> String {
    format!("{}/{STARTED}", RunLayout::run(run_id))
}
