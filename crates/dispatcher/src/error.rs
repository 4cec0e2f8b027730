//! What can go wrong while events become runs.

use tamiz_domain::{Disposed, Disposition, RunId};
use tamiz_ports::{MailError, QueueError, StoreError, WorkflowError};
use tamiz_telemetry::SettingsError;

/// Why messages could not be settled, or the dispatcher not go on.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The configuration cannot be read as TOML.
    #[error(transparent)]
    Configuration(#[from] SettingsError),
    /// The configuration can be read and makes no sense.
    #[error("{file}: {}", violations.join("; "))]
    Violations {
        /// URI of the configuration.
        file: String,
        /// Each as `section.key: what is wrong`.
        violations: Vec<String>,
    },
    /// The staging store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The execution of one run.
    #[error("failed to start run {run_id}")]
    Execution {
        /// The run.
        run_id: RunId,
        /// The engine's answer.
        #[source]
        source: WorkflowError,
    },
    /// How much is open could not be counted, so nothing may be started.
    #[error("failed to count what is open")]
    Capacity(#[source] WorkflowError),
    /// The mail about a reconciliation.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Objects are claimed by a run that was never started and cannot be, for its manifest is gone.
    #[error("run {run_id} holds claims but has no manifest")]
    ManifestMissing {
        /// The run.
        run_id: RunId,
    },
    /// No run, or several, have an id that begins so.
    #[error("{matching} runs have an id that begins with `{digits}`")]
    UnknownRun {
        /// The digits asked for.
        digits: String,
        /// How many runs have them.
        matching: usize,
    },
    /// A run that was never started, because other runs have all of its objects.
    #[error("run {run_id} has nothing of its own: other runs have all of its files")]
    NothingOwned {
        /// The run.
        run_id: RunId,
    },
    /// A manifest that another version of this program wrote.
    #[error("the manifest of run {run_id} has format version {found}")]
    ManifestFormat {
        /// The run.
        run_id: RunId,
        /// The version found.
        found: u32,
    },
    /// The Lambda function was called with something else than messages of SQS.
    #[error("the invocation holds no SQS messages: {why}")]
    Payload {
        /// What was missing.
        why: String,
    },
    /// The Lambda runtime interface.
    #[error("the Lambda runtime ended")]
    Lambda(#[source] lambda_runtime::Error),
}

impl Disposed for DispatchError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Configuration(_)
            | Self::Violations { .. }
            | Self::UnknownRun { .. }
            | Self::NothingOwned { .. }
            | Self::ManifestFormat { .. } => Disposition::Halt,
            Self::Store(error) => error.disposition(),
            Self::Queue(error) => error.disposition(),
            Self::Execution { source, .. } | Self::Capacity(source) => source.disposition(),
            Self::Mail(error) => error.disposition(),
            Self::ManifestMissing { .. } => Disposition::Bug,
            Self::Payload { .. } => Disposition::Refuse,
            Self::Lambda(_) => Disposition::Retry,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Configuration(_) | Self::Violations { .. } => Some("Correct the pipeline configuration.".to_owned()),
            Self::Store(error) => error.remedy(),
            Self::Queue(error) => error.remedy(),
            Self::Execution { source, .. } | Self::Capacity(source) => source.remedy(),
            Self::Mail(error) => error.remedy(),
            Self::ManifestMissing { .. } => {
                Some("Somebody deleted it from the staging bucket; replay the objects of its claims.".to_owned())
            }
            Self::UnknownRun { .. } => {
                Some("A run's mail and report give its id; eight digits of it are enough.".to_owned())
            }
            Self::NothingOwned { .. } => Some("Replay the run whose mail or report names the file.".to_owned()),
            Self::ManifestFormat { .. } => Some("Deploy one version of Tamiz everywhere.".to_owned()),
            Self::Payload { .. } => {
                Some("Invoke the function only through the queue's event source mapping.".to_owned())
            }
            Self::Lambda(_) => None,
        }
    }
}
