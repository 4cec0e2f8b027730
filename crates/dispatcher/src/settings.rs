//! What the dispatcher is told, and what it works with.

use std::sync::Arc;

use clap::builder::{FalseyValueParser, NonEmptyStringValueParser};
use jiff::SignedDuration;
use tamiz_domain::Configuration;
use tamiz_ports::{Capacity, ObjectUri, Queue, Stores, Workflow, read_layers};
use tamiz_telemetry::{Layered, parse_layers};

use crate::{Clock, DispatchError};

/// The dispatcher's flags.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// URL of the queue that gets the upload events
    #[arg(long, env = "TAMIZ_QUEUE_URL", value_parser = queue_url)]
    pub queue_url: String,
    /// ARN of the state machine that runs the stages
    #[arg(long, env = "TAMIZ_STATE_MACHINE_ARN", value_parser = state_machine_arn)]
    pub state_machine_arn: String,
    /// Where runs and claims are kept: s3://bucket or a folder
    #[arg(long, env = "TAMIZ_STAGING", value_name = "URI")]
    pub staging: ObjectUri,
    /// Process what is in the queue and end when it is empty
    #[arg(long, env = "TAMIZ_ONCE", value_parser = FalseyValueParser::new())]
    pub once: bool,
    /// Pipeline configuration (TOML), a later one of several overriding the earlier ones; built-in defaults without it
    #[arg(long, env = "TAMIZ_CONFIG", value_name = "URI,…", value_delimiter = ',')]
    pub config: Vec<ObjectUri>,
    /// Batch job queues whose waiting jobs hold new runs back, separated by commas
    #[arg(long, env = "TAMIZ_JOB_QUEUES", value_name = "NAME,…", value_delimiter = ',')]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub job_queues: Vec<String>,
    /// Instead of receiving events, compare the uploads below this place with claims and runs, announce what no run has,
    /// and end
    #[arg(long, env = "TAMIZ_RECONCILE", value_name = "s3://BUCKET/FOLDER")]
    pub reconcile: Option<ObjectUri>,
    /// With --reconcile: an upload younger than this is not missed yet
    #[arg(long, env = "TAMIZ_OLDER_THAN", value_name = "DURATION", default_value = "1h")]
    pub older_than: SignedDuration,
    /// With --reconcile: SNS topic of the mail about what was found; without one no mail goes out
    #[arg(long, env = "TAMIZ_TOPIC_ARN", value_name = "ARN")]
    pub topic_arn: Option<String>,
    /// With --reconcile: name of the deployment, shown in the mail's subject
    #[arg(long, env = "TAMIZ_PROJECT", value_name = "NAME", default_value = "tamiz")]
    pub project: String,
}

/// The seams that the dispatcher works through.
pub struct Deps {
    /// Staging and configuration.
    pub stores: Arc<dyn Stores>,
    /// The upload events.
    pub queue: Arc<dyn Queue>,
    /// Starts and watches executions.
    pub workflow: Arc<dyn Workflow>,
    /// How much waits for a machine.
    pub capacity: Arc<dyn Capacity>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Reads and checks a pipeline configuration, a later file overriding the earlier ones; the built-in one without any.
///
/// # Errors
/// A file that cannot be read, is no TOML, or makes no sense.
pub async fn configuration(files: &[ObjectUri], stores: &dyn Stores) -> Result<Configuration, DispatchError> {
    let layered: Layered<Configuration> = parse_layers(&read_layers(stores, files).await?)?;
    let violations = layered.settings.violations();
    match violations.is_empty() {
        true => Ok(layered.settings),
        false => Err(DispatchError::Violations { file: layered.files().join(" and "), violations }),
    }
}

fn queue_url(text: &str) -> Result<String, String> {
    let valid = text.starts_with("https://") || text.starts_with("http://");
    if valid { Ok(text.to_owned()) } else { Err("a queue URL starts with https://".to_owned()) }
}

fn state_machine_arn(text: &str) -> Result<String, String> {
    let valid = text.starts_with("arn:") && text.contains(":stateMachine:");
    if valid { Ok(text.to_owned()) } else { Err("expected arn:…:states:…:stateMachine:NAME".to_owned()) }
}
