//! How much work waits for a machine.

use crate::WorkflowError;

/// Counts jobs that are ready but have no machine yet (RUNNABLE in AWS Batch).
#[async_trait::async_trait]
pub trait Capacity: Send + Sync {
    /// Number of waiting jobs over all queues, counted no further than `at_most`.
    async fn count_waiting(&self, at_most: usize) -> Result<usize, WorkflowError>;
}

/// A capacity that never changes, for tests and for running without AWS Batch.
#[derive(Debug, Default, Clone, Copy)]
pub struct FixedCapacity(
    /// Number of waiting jobs.
    pub usize,
);

#[async_trait::async_trait]
impl Capacity for FixedCapacity {
    async fn count_waiting(&self, at_most: usize) -> Result<usize, WorkflowError> {
        Ok(self.0.min(at_most))
    }
}
