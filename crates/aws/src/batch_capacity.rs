//! How many jobs wait for a machine in AWS Batch.

use aws_sdk_batch::Client;
use aws_sdk_batch::operation::list_jobs::builders::ListJobsFluentBuilder;
use aws_sdk_batch::types::{JobStatus, JobSummary};
use tamiz_ports::{Capacity, WorkflowError};

use crate::service_error::ServiceError;

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

/// The id of an array job's parent; none for a plain job.
fn array_id(job: &JobSummary) -> Option<&str> {
    job.array_properties()?.size()?;
    job.job_id()
}

/// Jobs of a listing, no more than `at_most`.
async fn list(request: ListJobsFluentBuilder, at_most: usize) -> Result<Vec<JobSummary>, WorkflowError> {
    let mut jobs = Vec::new();
    let mut pages = request.into_paginator().send();
    while jobs.len() < at_most {
        let Some(page) = pages.next().await else { break };
        let page = page.map_err(|error| WorkflowError {
            operation: "list waiting jobs",
            source: Box::new(ServiceError::from(error)),
        })?;
        jobs.extend(page.job_summary_list.unwrap_or_default());
    }
    jobs.truncate(at_most);
    Ok(jobs)
}
