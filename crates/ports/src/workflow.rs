//! The workflow engine that runs the stages.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tamiz_domain::{Disposed, Disposition, RunId};

/// What became of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// An execution was started by this call.
    New,
    /// There is an execution of this name already, running or closed.
    Exists,
}

/// Where an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// It runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed, timed out or was aborted.
    Failed,
}

/// A workflow engine that did not answer as it should. The adapter has retried already.
#[derive(Debug, thiserror::Error)]
#[error("failed to {operation} in the workflow engine")]
pub struct WorkflowError {
    /// What was tried.
    pub operation: &'static str,
    /// The engine's answer.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Disposed for WorkflowError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }
}

/// Starts and watches executions. The name is the run id; of two starts of one name exactly one has an effect.
#[async_trait::async_trait]
pub trait Workflow: Send + Sync {
    /// Starts the execution of a run with its JSON input.
    async fn start(&self, run_id: &RunId, input: &str) -> Result<Started, WorkflowError>;

    /// Where the execution of a run stands; none if there never was one.
    async fn status(&self, run_id: &RunId) -> Result<Option<ExecutionStatus>, WorkflowError>;

    /// Number of running executions, counted no further than `at_most`.
    async fn count_running(&self, at_most: usize) -> Result<usize, WorkflowError>;
}

/// A workflow engine in memory, for tests: executions run until a test closes them.
#[derive(Debug, Default)]
pub struct MemoryWorkflow {
    executions: Mutex<BTreeMap<RunId, (String, ExecutionStatus)>>,
}

impl MemoryWorkflow {
    /// Every execution with its input and status.
    pub fn executions(&self) -> BTreeMap<RunId, (String, ExecutionStatus)> {
        self.executions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends an execution.
    pub fn close(&self, run_id: &RunId, status: ExecutionStatus) {
        if let Some(entry) = self.executions.lock().unwrap_or_else(PoisonError::into_inner).get_mut(run_id) {
            entry.1 = status;
        }
    }
}

#[async_trait::async_trait]
impl Workflow for MemoryWorkflow {
    async fn start(&self, run_id: &RunId, input: &str) -> Result<Started, WorkflowError> {
        let mut executions = self.executions.lock().unwrap_or_else(PoisonError::into_inner);
        if executions.contains_key(run_id) {
            return Ok(Started::Exists);
        }
        executions.insert(run_id.clone(), (input.to_owned(), ExecutionStatus::Running));
        Ok(Started::New)
    }

    async fn status(&self, run_id: &RunId) -> Result<Option<ExecutionStatus>, WorkflowError> {
        Ok(self.executions().get(run_id).map(|(_, status)| *status))
    }

    async fn count_running(&self, at_most: usize) -> Result<usize, WorkflowError> {
        let running = self.executions().values().filter(|(_, status)| *status == ExecutionStatus::Running).count();
        Ok(running.min(at_most))
    }
}
