//! How many runs may still be started before the rest waits in the queue.

use tamiz_domain::DispatchLimits;
use tamiz_ports::{Capacity, Workflow};

use crate::DispatchError;

/// Room for new runs, measured once for a batch and only if something is to be started.
///
/// Several dispatchers measure on their own, so together they may go over the limit by a batch each: the limit keeps
/// queues short, it is no lock.
#[derive(Debug, Default)]
pub(crate) struct Room {
    left: Option<usize>,
}

impl Room {
    /// Whether one more run may be started.
    pub(crate) async fn is_left(
        &mut self,
        limits: &DispatchLimits,
        workflow: &dyn Workflow,
        capacity: &dyn Capacity,
    ) -> Result<bool, DispatchError> {
        let left = match self.left {
            Some(left) => left,
            None => measure(limits, workflow, capacity).await?,
        };
        self.left = Some(left);
        Ok(left > 0)
    }

    /// One run was started.
    pub(crate) fn take(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
}

async fn measure(
    limits: &DispatchLimits,
    workflow: &dyn Workflow,
    capacity: &dyn Capacity,
) -> Result<usize, DispatchError> {
    let num_running = workflow.count_running(limits.max_open_runs).await.map_err(DispatchError::Capacity)?;
    if num_running >= limits.max_open_runs {
        tracing::info!(num_running, limit = limits.max_open_runs, "holding back: too many runs are open");
        return Ok(0);
    }
    let num_waiting = capacity.count_waiting(limits.max_runnable_jobs).await.map_err(DispatchError::Capacity)?;
    if num_waiting >= limits.max_runnable_jobs {
        tracing::info!(num_waiting, limit = limits.max_runnable_jobs, "holding back: too many jobs wait for a machine");
        return Ok(0);
    }
    Ok(limits.max_open_runs - num_running)
}
