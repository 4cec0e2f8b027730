//! What the jobs of a run used.

use tamiz_domain::{JobUse, RunId};

use crate::WorkflowError;

/// Knows the jobs of runs, for as long as the engine remembers them (AWS Batch: a week).
#[async_trait::async_trait]
pub trait Jobs: Send + Sync {
    /// The jobs of a run that cleaned and labelled, each child of an array for itself; none that are forgotten.
    async fn of_run(&self, run_id: &RunId) -> Result<Vec<JobUse>, WorkflowError>;
}

/// Jobs that are the same for every run, for tests.
#[derive(Debug, Default, Clone)]
pub struct FixedJobs(
    /// The jobs.
    pub Vec<JobUse>,
);

#[async_trait::async_trait]
impl Jobs for FixedJobs {
    async fn of_run(&self, _: &RunId) -> Result<Vec<JobUse>, WorkflowError> {
        Ok(self.0.clone())
    }
}
