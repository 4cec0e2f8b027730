//! What the jobs of a run used, as AWS Batch tells.

use aws_sdk_batch::Client;
use aws_sdk_batch::types::{AttemptDetail, JobDetail, JobStatus, KeyValuesPair, PlatformCapability, ResourceType};
use tamiz_domain::{Attempt, JobUse, RunId};
use tamiz_ports::{Jobs, WorkflowError};

use crate::batch_listing::{array_id, list};
use crate::service_error::ServiceError;

/// The jobs that clean and label, as the state machine names them before the run's id.
const NAMES: [&str; 4] = ["etl-plan", "etl-split", "etl-join", "inference"];
/// Jobs that DescribeJobs takes at once.
const DESCRIBED_AT_ONCE: usize = 100;
/// What stands in the name of the compute environment of Spot machines, and so in that of its cluster.
const SPOT: &str = "spot";

/// Jobs in a few Batch queues.
#[derive(Debug, Clone)]
pub struct BatchJobs {
    client: Client,
    job_queues: Vec<String>,
}

impl BatchJobs {
    pub(crate) fn new(client: Client, job_queues: Vec<String>) -> Self {
        Self { client, job_queues }
    }

    /// The ids of all jobs of a run; of an array those of its children.
    async fn ids(&self, run_id: &RunId) -> Result<Vec<(String, &'static str)>, WorkflowError> {
        let mut ids = Vec::new();
        for queue in &self.job_queues {
            for name in NAMES {
                let filter = KeyValuesPair::builder().name("JOB_NAME").values(format!("{name}-{run_id}")).build();
                let request = self.client.list_jobs().job_queue(queue).filters(filter);
                for job in list(request, usize::MAX).await? {
                    match array_id(&job) {
                        Some(parent) => ids.extend(self.children(parent).await?.into_iter().map(|child| (child, name))),
                        None => ids.extend(job.job_id.map(|id| (id, name))),
                    }
                }
            }
        }
        Ok(ids)
    }

    /// The children of an array that ended; a run is reported once all of them have.
    async fn children(&self, parent: &str) -> Result<Vec<String>, WorkflowError> {
        let mut ids = Vec::new();
        for status in [JobStatus::Succeeded, JobStatus::Failed] {
            let request = self.client.list_jobs().array_job_id(parent).job_status(status);
            ids.extend(list(request, usize::MAX).await?.into_iter().filter_map(|job| job.job_id));
        }
        Ok(ids)
    }
}

#[async_trait::async_trait]
impl Jobs for BatchJobs {
    async fn of_run(&self, run_id: &RunId) -> Result<Vec<JobUse>, WorkflowError> {
        let ids = self.ids(run_id).await?;
        let mut jobs = Vec::new();
        for some in ids.chunks(DESCRIBED_AT_ONCE) {
            let request = self.client.describe_jobs().set_jobs(Some(some.iter().map(|(id, _)| id.clone()).collect()));
            let described = request.send().await.map_err(|error| WorkflowError {
                operation: "describe jobs",
                source: Box::new(ServiceError::from(error)),
            })?;
            for job in described.jobs.unwrap_or_default() {
                let name =
                    some.iter().find(|(id, _)| Some(id.as_str()) == job.job_id()).map_or("other", |(_, name)| name);
                jobs.push(job_use(&job, name));
            }
        }
        Ok(jobs)
    }
}

/// What a job used; the first word of its name is the stage.
fn job_use(job: &JobDetail, name: &str) -> JobUse {
    let container = job.container();
    let asked = |kind: ResourceType| {
        let requirements = container.map(|container| container.resource_requirements()).unwrap_or_default();
        let value = requirements.iter().find(|one| one.r#type() == Some(&kind)).and_then(|one| one.value());
        value.and_then(|value| value.parse::<f64>().ok())
    };
    let old = |number: Option<i32>| f64::from(number.unwrap_or(0));
    JobUse {
        stage: name.split('-').next().unwrap_or(name).to_owned(),
        vcpus: asked(ResourceType::Vcpu).unwrap_or_else(|| old(container.and_then(|container| container.vcpus()))),
        gib: asked(ResourceType::Memory).unwrap_or_else(|| old(container.and_then(|container| container.memory())))
            / 1_024.0,
        is_fargate: job.platform_capabilities().contains(&PlatformCapability::Fargate),
        attempts: job.attempts().iter().filter_map(attempt).collect(),
    }
}

/// An attempt that ended; times are in milliseconds.
fn attempt(attempt: &AttemptDetail) -> Option<Attempt> {
    let milliseconds = attempt.stopped_at()?.checked_sub(attempt.started_at()?)?;
    let container = attempt.container();
    let machine = container.and_then(|container| container.container_instance_arn());
    Some(Attempt {
        seconds: milliseconds.max(0) as f64 / 1_000.0,
        succeeded: container.and_then(|container| container.exit_code()) == Some(0),
        is_spot: machine.map(|arn| arn.to_ascii_lowercase().contains(SPOT)),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_batch::types::{AttemptContainerDetail, ContainerDetail, ResourceRequirement};

    use super::*;

    fn told(arn: Option<&str>, exit_code: i32, stopped: Option<i64>) -> AttemptDetail {
        let container =
            AttemptContainerDetail::builder().set_container_instance_arn(arn.map(str::to_owned)).exit_code(exit_code);
        AttemptDetail::builder().container(container.build()).started_at(1_000).set_stopped_at(stopped).build()
    }

    fn requirement(kind: ResourceType, value: &str) -> ResourceRequirement {
        ResourceRequirement::builder().r#type(kind).value(value).build()
    }

    #[test]
    fn a_job_is_told_by_what_it_asked_for_and_its_attempts() {
        const MACHINE: &str = "arn:aws:ecs:us-east-1:123456789012:container-instance/";
        let container = ContainerDetail::builder()
            .resource_requirements(requirement(ResourceType::Vcpu, "4"))
            .resource_requirements(requirement(ResourceType::Memory, "15360"))
            .build();
        let (spot, fixed) =
            (format!("{MACHINE}SpotEnvironment-1_Batch_2/3"), format!("{MACHINE}OnDemandEnvironment-1_Batch_2/3"));
        let job = JobDetail::builder()
            .container(container)
            .attempts(told(Some(&spot), 137, Some(3_500)))
            .attempts(told(Some(&fixed), 0, Some(11_000)))
            .attempts(told(None, 0, None))
            .build();
        let found = job_use(&job, "inference");
        assert_eq!((found.stage.as_str(), found.vcpus, found.gib, found.is_fargate), ("inference", 4.0, 15.0, false));
        let attempt = |seconds, succeeded, is_spot| Attempt { seconds, succeeded, is_spot };
        assert_eq!(
            found.attempts,
            [attempt(2.5, false, Some(true)), attempt(10.0, true, Some(false))],
            "an attempt that did not end is not counted"
        );
    }

    #[test]
    fn a_job_on_fargate_has_no_machine_of_the_account() {
        let job = JobDetail::builder()
            .platform_capabilities(PlatformCapability::Fargate)
            .attempts(told(None, 0, Some(2_000)))
            .build();
        let found = job_use(&job, "etl-plan");
        assert_eq!((found.stage.as_str(), found.is_fargate, found.attempts[0].is_spot), ("etl", true, None));
    }
}
