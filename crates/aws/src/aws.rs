//! The door to AWS: configuration once, then adapters.

use std::sync::Arc;

use aws_config::{ConfigLoader, SdkConfig};
use tamiz_ports::{FolderStores, ObjectUri, StoreError, Stores};

use crate::{AwsStores, BatchCapacity, BatchJobs, S3Uploads, SnsMailer, SqsQueue, StepFunctionsWorkflow, sdk};

/// The stores that these places need: without an `s3://` among them only folders, so that local work never looks
/// for credentials.
pub async fn stores_for(uris: &[&ObjectUri]) -> Arc<dyn Stores> {
    if uris.iter().any(|uri| uri.is_s3()) { Aws::load().await.stores() } else { Arc::new(FolderStores::default()) }
}

/// AWS as the environment describes it.
#[derive(Debug, Clone)]
pub struct Aws {
    configuration: SdkConfig,
}

impl Aws {
    /// Reads region, credentials and endpoint from the places that the SDKs know. Nothing is checked yet: what is
    /// missing shows at the first request.
    pub async fn load() -> Self {
        Self::load_from(sdk::loader()).await
    }

    /// As [`Aws::load`], from a loader that says some of it already. Retries and timeouts are ours all the same.
    pub async fn load_from(loader: ConfigLoader) -> Self {
        Self { configuration: loader.app_name(sdk::app_name()).timeout_config(sdk::timeouts()).load().await }
    }

    pub(crate) fn configuration(&self) -> &SdkConfig {
        &self.configuration
    }

    /// Objects in S3 and in local folders.
    pub fn stores(&self) -> Arc<dyn Stores> {
        Arc::new(AwsStores::new(sdk::s3(&self.configuration)))
    }

    /// What was uploaded to a folder of a bucket.
    ///
    /// # Errors
    /// [`StoreError::Denied`] for a place that is no bucket's.
    pub fn uploads(&self, folder: &ObjectUri) -> Result<S3Uploads, StoreError> {
        match folder {
            ObjectUri::S3 { bucket, key } => Ok(S3Uploads::new(sdk::s3(&self.configuration), bucket, key)),
            ObjectUri::Local(_) => Err(StoreError::Denied {
                operation: "list the uploads of",
                uri: folder.to_string(),
                source: "uploads are announced by a bucket only; a local folder announces nothing".into(),
            }),
        }
    }

    /// What was uploaded under a name, and under names that begin with it; none for a place that is no bucket's.
    pub fn uploads_of(&self, object: &ObjectUri) -> Option<S3Uploads> {
        let ObjectUri::S3 { bucket, key } = object else { return None };
        Some(S3Uploads::of_key(sdk::s3(&self.configuration), bucket, key))
    }

    /// The SQS queue with this URL.
    pub fn queue(&self, url: &str) -> SqsQueue {
        SqsQueue::new(sdk::sqs(&self.configuration), url)
    }

    /// The executions of this state machine.
    pub fn workflow(&self, state_machine_arn: &str) -> StepFunctionsWorkflow {
        StepFunctionsWorkflow::new(sdk::step_functions(&self.configuration), state_machine_arn)
    }

    /// The jobs that wait in these Batch queues (names or ARNs).
    pub fn capacity(&self, job_queues: Vec<String>) -> BatchCapacity {
        BatchCapacity::new(sdk::batch(&self.configuration), job_queues)
    }

    /// What the jobs of runs used in these Batch queues (names or ARNs).
    pub fn jobs(&self, job_queues: Vec<String>) -> BatchJobs {
        BatchJobs::new(sdk::batch(&self.configuration), job_queues)
    }

    /// Mail to the subscribers of this SNS topic.
    pub fn mailer(&self, topic_arn: &str) -> SnsMailer {
        SnsMailer::new(sdk::sns(&self.configuration), topic_arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn local_places_need_no_aws() {
        let local: ObjectUri = "/tmp/somewhere".parse().unwrap();
        let stores = stores_for(&[&local]).await;
        assert!(stores.open(&local).is_ok());
        assert!(stores.open_str("s3://bucket/key").is_err());
    }
}
