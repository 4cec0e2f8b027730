//! What a deployment of Tamiz is called: `infra/` gives every resource a name that follows from the project's.

use std::str::FromStr;

use tamiz_domain::{Disposed, Disposition};
use tamiz_ports::{ObjectUri, QueueError};

use crate::service_error::ServiceError;
use crate::{Aws, sdk};

/// The names of a deployment in an account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Name of the deployment.
    pub project: String,
    /// URL of the queue of upload events.
    pub queue_url: String,
    account: String,
    region: String,
}

impl Deployment {
    /// Finds the deployment of this name where the credentials lead, by its queue.
    ///
    /// # Errors
    /// No such queue, no region, or an AWS that does not answer.
    pub async fn find(aws: &Aws, project: &str) -> Result<Self, DeploymentError> {
        let name = format!("{project}-uploads");
        let region = aws.configuration().region().ok_or(DeploymentError::NoRegion)?.to_string();
        let asked = sdk::sqs(aws.configuration()).get_queue_url().queue_name(&name).send().await;
        let answer = asked.map_err(|error| match error.as_service_error() {
            Some(told) if told.is_queue_does_not_exist() => {
                DeploymentError::Missing { project: project.to_owned(), region: region.clone() }
            }
            _ => DeploymentError::Unanswered(QueueError {
                operation: "find the deployment by its queue",
                source: Box::new(ServiceError::from(error)),
            }),
        })?;
        let queue_url = answer.queue_url.unwrap_or_default();
        let account = queue_url.rsplit('/').nth(1).unwrap_or_default().to_owned();
        Ok(Self { project: project.to_owned(), queue_url, account, region })
    }

    /// The project whose bucket of this kind (`staging`, `input`) a place lies in; none for the buckets of others.
    pub fn project_of(place: &str, kind: &str) -> Option<String> {
        let Ok(ObjectUri::S3 { bucket, .. }) = ObjectUri::from_str(place) else { return None };
        let (project, account) = bucket.rsplit_once(&format!("-{kind}-"))?;
        account.bytes().all(|digit| digit.is_ascii_digit()).then(|| project.to_owned())
    }

    /// Where uploads are announced from.
    pub fn input(&self) -> String {
        format!("s3://{}-input-{}/incoming", self.project, self.account)
    }

    /// Manifests, claims and clean shards.
    pub fn staging(&self) -> String {
        format!("s3://{}-staging-{}", self.project, self.account)
    }

    /// Predictions, reports, history.
    pub fn results(&self) -> String {
        format!("s3://{}-results-{}", self.project, self.account)
    }

    /// Every model.
    pub fn models(&self) -> String {
        format!("s3://{}-models-{}", self.project, self.account)
    }

    /// URL of the queue of events that were given up.
    pub fn dead_letter_queue_url(&self) -> String {
        format!("{}-dead-letters", self.queue_url)
    }

    /// The state machine that runs the stages.
    pub fn state_machine_arn(&self) -> String {
        let Self { project, account, region, .. } = self;
        format!("arn:{}:states:{region}:{account}:stateMachine:{project}-pipeline", partition(region))
    }
}

/// The part of AWS that a region belongs to.
fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// A deployment that was not found.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// Nothing says in which region to look.
    #[error("no region is set")]
    NoRegion,
    /// There is none of this name.
    #[error("there is no deployment `{project}` in {region}")]
    Missing {
        /// The name asked for.
        project: String,
        /// Where it was looked for.
        region: String,
    },
    /// AWS did not say.
    #[error(transparent)]
    Unanswered(QueueError),
}

impl Disposed for DeploymentError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::NoRegion | Self::Missing { .. } => Disposition::Halt,
            Self::Unanswered(error) => error.disposition(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::NoRegion => Some("Set AWS_REGION to the region of the deployment.".to_owned()),
            Self::Missing { .. } => {
                Some("Name the deployment with --project; AWS_REGION and AWS_PROFILE say where it is.".to_owned())
            }
            Self::Unanswered(_) => Some("Check the credentials and the network, and try again.".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_project_and_where_it_is() {
        let queue_url = "https://sqs.us-gov-west-1.amazonaws.com/123456789012/reviews-prod-uploads".to_owned();
        let (account, region) = ("123456789012".to_owned(), "us-gov-west-1".to_owned());
        let deployment = Deployment { project: "reviews-prod".to_owned(), queue_url, account, region };
        assert_eq!(deployment.staging(), "s3://reviews-prod-staging-123456789012");
        assert_eq!(
            deployment.state_machine_arn(),
            "arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:reviews-prod-pipeline"
        );
        let project_of = |place: &str, kind| Deployment::project_of(place, kind);
        assert_eq!(project_of(&deployment.staging(), "staging").as_deref(), Some("reviews-prod"));
        assert_eq!(project_of("s3://reviews-prod-input-1/incoming/a.csv", "input").as_deref(), Some("reviews-prod"));
        assert_eq!([project_of("s3://elsewhere/a", "input"), project_of("/tmp/a-input-1", "input")], [None, None]);
    }
}
