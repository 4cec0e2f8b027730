//! Retries and timeouts of every SDK client, in one place.
//!
//! A request is retried here and nowhere above: callers see an error only when these attempts are spent.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::{TimeoutConfig, TimeoutConfigBuilder};
use aws_config::{AppName, BehaviorVersion, ConfigLoader, SdkConfig};

use crate::choice::Choice;

/// How long to wait for a connection: a healthy endpoint answers in milliseconds, so a dead one is left early.
const CONNECT: Duration = Duration::from_secs(5);
/// How long to wait for the first byte of an answer: above the 20 seconds of a long poll.
const READ: Duration = Duration::from_secs(40);
/// How long one attempt of a small request may take in all. S3 has no such limit, since the size of a body has none;
/// the SDK's stalled-stream protection ends a transfer that stands still.
const ATTEMPT: Duration = Duration::from_secs(60);

/// An array job's children all start at once and S3 answers `SlowDown` until it has scaled; failing a job there
/// would cost minutes, these attempts bridge half a minute at most.
const S3_ATTEMPTS: u32 = 6;
/// The dispatcher polls again by itself and undelivered messages come back: a few attempts bridge a hiccup.
const SQS_ATTEMPTS: u32 = 3;
/// Starting by name is idempotent, so attempts are harmless, and a failed start leaves the message in the queue.
const STEP_FUNCTIONS_ATTEMPTS: u32 = 5;
/// Counting jobs is advice for back-pressure: the adaptive mode slows down under throttling instead of adding to it.
const BATCH_ATTEMPTS: u32 = 4;
/// A retried publish may reach people twice, which is better than not at all; more attempts than a hiccup needs
/// would only hold the job.
const SNS_ATTEMPTS: u32 = 4;

/// The SDKs' own search for region, credentials and endpoint.
pub(crate) fn loader() -> ConfigLoader {
    Choice::applied(aws_config::defaults(BehaviorVersion::latest()))
}

/// What the services' logs know us as.
pub(crate) fn app_name() -> AppName {
    #[expect(clippy::expect_used, reason = "a constant of letters is a valid name; a test builds it")]
    AppName::new("tamiz").expect("a valid name")
}

/// Timeouts of every client.
pub(crate) fn timeouts() -> TimeoutConfig {
    connection_timeouts().operation_attempt_timeout(ATTEMPT).build()
}

fn connection_timeouts() -> TimeoutConfigBuilder {
    TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ)
}

pub(crate) fn s3(configuration: &SdkConfig) -> aws_sdk_s3::Client {
    let configuration = aws_sdk_s3::config::Builder::from(configuration)
        .retry_config(RetryConfig::standard().with_max_attempts(S3_ATTEMPTS))
        .timeout_config(connection_timeouts().build());
    aws_sdk_s3::Client::from_conf(configuration.build())
}

pub(crate) fn sqs(configuration: &SdkConfig) -> aws_sdk_sqs::Client {
    let configuration = aws_sdk_sqs::config::Builder::from(configuration)
        .retry_config(RetryConfig::standard().with_max_attempts(SQS_ATTEMPTS));
    aws_sdk_sqs::Client::from_conf(configuration.build())
}

pub(crate) fn step_functions(configuration: &SdkConfig) -> aws_sdk_sfn::Client {
    let configuration = aws_sdk_sfn::config::Builder::from(configuration)
        .retry_config(RetryConfig::standard().with_max_attempts(STEP_FUNCTIONS_ATTEMPTS));
    aws_sdk_sfn::Client::from_conf(configuration.build())
}

pub(crate) fn batch(configuration: &SdkConfig) -> aws_sdk_batch::Client {
    let configuration = aws_sdk_batch::config::Builder::from(configuration)
        .retry_config(RetryConfig::adaptive().with_max_attempts(BATCH_ATTEMPTS));
    aws_sdk_batch::Client::from_conf(configuration.build())
}

pub(crate) fn sns(configuration: &SdkConfig) -> aws_sdk_sns::Client {
    let configuration = aws_sdk_sns::config::Builder::from(configuration)
        .retry_config(RetryConfig::standard().with_max_attempts(SNS_ATTEMPTS));
    aws_sdk_sns::Client::from_conf(configuration.build())
}
