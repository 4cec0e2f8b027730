//! What the monitor is told, and what it works with.

use std::str::FromStr;
use std::sync::Arc;

use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;
use tamiz_domain::FailedCause;
use tamiz_ports::{Jobs, Mailer, ObjectUri, Stores};
use tamiz_telemetry::Progress;

use crate::language::Language;

/// Flags of `tamiz-monitor`; each has an environment variable of the same name with the prefix `TAMIZ_`.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Staging folder of the run: manifest.json, etl.json, rejected/, errors/; of a retraining that failed, the folder that holds its errors/
    #[arg(long, env = "TAMIZ_RUN", value_name = "URI")]
    pub run: ObjectUri,
    /// Results folder of the run: predictions/; summary.json and report.html are written here
    #[arg(long, env = "TAMIZ_RESULTS", value_name = "URI")]
    pub results: ObjectUri,
    /// Folder of the model's name, which holds its versions
    #[arg(long, env = "TAMIZ_MODELS", value_name = "URI")]
    pub models: ObjectUri,
    /// SNS topic that the mail goes to; without one no mail goes out
    #[arg(long, env = "TAMIZ_TOPIC_ARN", value_name = "ARN")]
    pub topic_arn: Option<String>,
    /// Reports that a stage failed instead of a finished run: {"stage": …, "error": …, "cause": …}; of the stage "retrain", a mail is all
    #[arg(long, env = "TAMIZ_FAILED_CAUSE", value_name = "JSON")]
    pub failed_cause: Option<Failure>,
    /// Batch job queues in which the run's jobs were, for what they cost, separated by commas; without them no cost is told
    #[arg(long, env = "TAMIZ_JOB_QUEUES", value_name = "NAME,…", value_delimiter = ',')]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub job_queues: Vec<String>,
    /// Name of the deployment, shown in the mail's subject
    #[arg(long, env = "TAMIZ_PROJECT", value_name = "NAME", default_value = "tamiz")]
    pub project: String,
    /// Language of report.html; mail and summary.json are English
    #[arg(long = "lang", env = "TAMIZ_LANG", value_name = "LANGUAGE", default_value = "en")]
    pub language: Language,
}

/// The JSON of `--failed-cause`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(
    /// What the state machine knows.
    pub FailedCause,
);

impl FromStr for Failure {
    type Err = serde_json::Error;

    fn from_str(json: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(json).map(Self)
    }
}

/// What the monitor works with.
#[derive(Clone)]
pub struct Deps {
    /// The stores behind the URIs.
    pub stores: Arc<dyn Stores>,
    /// Sends the mail; none sends none.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Knows what the run's jobs used; none where no engine ran them.
    pub jobs: Option<Arc<dyn Jobs>>,
    /// Advances by the rows of predictions that were read.
    pub progress: Progress,
    /// The clock.
    pub now: fn() -> Timestamp,
}
