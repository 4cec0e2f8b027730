//! Listing jobs of AWS Batch, page by page.

use aws_sdk_batch::operation::list_jobs::builders::ListJobsFluentBuilder;
use aws_sdk_batch::types::JobSummary;
use tamiz_ports::WorkflowError;

use crate::service_error::ServiceError;

/// The id of an array job's parent; none for a plain job.
pub(crate) fn array_id(job: &JobSummary) -> Option<&str> {
    job.array_properties()?.size()?;
    job.job_id()
}

/// Jobs of a listing, no more than `at_most`.
pub(crate) async fn list(request: ListJobsFluentBuilder, at_most: usize) -> Result<Vec<JobSummary>, WorkflowError> {
    let mut jobs = Vec::new();
    let mut pages = request.into_paginator().send();
    while jobs.len() < at_most {
        let Some(page) = pages.next().await else { break };
        let page = page
            .map_err(|error| WorkflowError { operation: "list jobs", source: Box::new(ServiceError::from(error)) })?;
        jobs.extend(page.job_summary_list.unwrap_or_default());
    }
    jobs.truncate(at_most);
    Ok(jobs)
}
