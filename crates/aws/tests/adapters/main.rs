//! Every adapter against a running AWS endpoint (`scripts/local-aws`), and against an endpoint that misbehaves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod batch_capacity;
mod local_aws;
mod misbehaving_endpoint;
mod s3_store;
mod s3_uploads;
mod scripted;
mod sns_mailer;
mod sqs_queue;
mod step_functions;
