//! The only crate that names the AWS SDKs: adapters for every seam of tamiz-ports.
//!
//! [`Aws`] is the door: it loads the SDKs' configuration once (region, credentials and endpoint come from the
//! usual places, such as `AWS_REGION` and `AWS_ENDPOINT_URL`) and hands out adapters. Retries of single requests
//! are owned here and nowhere else; `sdk.rs` says how many attempts each service gets, and why.
//!
//! No rule of the domain lives here, and nothing here knows whether the endpoint is AWS or a local server.

mod aws;
mod batch_capacity;
mod batch_jobs;
mod batch_listing;
mod choice;
mod deployment;
mod execution;
mod s3_store;
mod s3_uploads;
mod sdk;
mod service_error;
mod sns_mailer;
mod sqs_queue;
mod step_functions;
mod stores;

pub use aws::{Aws, stores_for};
pub use batch_capacity::BatchCapacity;
pub use batch_jobs::BatchJobs;
pub use choice::Choice;
pub use deployment::{Deployment, DeploymentError};
pub use execution::Execution;
pub use s3_store::S3Store;
pub use s3_uploads::S3Uploads;
pub use sns_mailer::SnsMailer;
pub use sqs_queue::SqsQueue;
pub use step_functions::StepFunctionsWorkflow;
pub use stores::AwsStores;
