//! How many jobs wait for a machine in AWS Batch.

use aws_sdk_batch::Client;
use aws_sdk_batch::operation::list_jobs::builders::ListJobsFluentBuilder;
use aws_sdk_batch::types::JobStatus;
use tamiz_ports::{Capacity, WorkflowError};

use crate::batch_listing::{array_id, list};

/// Jobs in a few Batch queues.
#[derive(Debug, Clone)]
pub struct BatchCapacity {
    client: Client,
    job_queues: Vec<String>,
}

impl BatchCapacity {
    pub(crate) fn new(client: Client, job_queues: Vec<String>) -> Self {
        Self { client, job_queues }
    }

    /// Plain jobs of a queue in this state; of an array job only the parent, which is PENDING until its children end.
    fn queued(&self, queue: &str, status: JobStatus) -> ListJobsFluentBuilder {
        self.client.list_jobs().job_queue(queue).job_status(status)
    }

    /// Children of an array job in this state.
    fn children(&self, parent: &str, status: JobStatus) -> ListJobsFluentBuilder {
        self.client.list_jobs().array_job_id(parent).job_status(status)
    }
}

#[async_trait::async_trait]
impl Capacity for BatchCapacity {
    async fn count_waiting(&self, at_most: usize) -> Result<usize, WorkflowError> {
        let mut waiting = 0;
        for queue in &self.job_queues {
            waiting += list(self.queued(queue, JobStatus::Runnable), at_most - waiting).await?.len();
            if waiting >= at_most {
                break;
            }
            for parent in list(self.queued(queue, JobStatus::Pending), usize::MAX).await? {
                let Some(id) = array_id(&parent) else { continue };
                waiting += list(self.children(id, JobStatus::Runnable), at_most - waiting).await?.len();
                if waiting >= at_most {
                    return Ok(waiting);
                }
            }
        }
        Ok(waiting)
    }
}
