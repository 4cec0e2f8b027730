//! What can go wrong with a retraining.

use tamiz_domain::{Disposed, Disposition};
use tamiz_models::ModelError;
use tamiz_ports::{MailError, ObjectUri, StoreError};

/// Why no verdict was reached.
#[derive(Debug, thiserror::Error)]
pub enum RetrainError {
    /// Flags that do not fit.
    #[error("{0}")]
    Usage(String),
    /// An object could not be read or written.
    #[error("failed to reach an object")]
    Store(#[from] StoreError),
    /// A model could not be trained, loaded or registered.
    #[error("failed to handle a model")]
    Model(#[from] ModelError),
    /// A place of labelled rows holds none that can be read.
    #[error("no clean shards at {uri}")]
    NoShards {
        /// The place as given.
        uri: String,
    },
    /// A file is no clean shard.
    #[error("failed to read shard {uri}")]
    Shard {
        /// The file.
        uri: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Rows could not be kept while they are trained on.
    #[error("failed to keep the training data in a temporary file, which needs about as much room as the texts")]
    Spool(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A model that cannot be trained again.
    #[error("the model at {uri} does not say what it was trained from: its metrics.json has no lineage")]
    NoLineage {
        /// The model as given.
        uri: String,
    },
    /// A report about a model has no written form.
    #[error("failed to write a report")]
    Report(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Some of several models could not be trained; the others were.
    #[error("{} of {total} models could not be trained: {}", failed.len(), names(failed))]
    Targets {
        /// Models that were asked for.
        total: usize,
        /// Names and reasons.
        failed: Vec<(String, RetrainError)>,
    },
    /// Too few labelled texts to train with.
    #[error("too few labelled texts: {found}")]
    TooFewRows {
        /// What was found, and what is needed.
        found: String,
    },
    /// Entities to learn, by an architecture that finds none.
    #[error("the labels are entities, which only encoders learn to find")]
    NeedsTransformer,
    /// The mail about a verdict that is written down did not go out.
    #[error("failed to tell of the verdict")]
    Mail(#[from] MailError),
    /// A thread of the training ended without an answer.
    #[error("the training thread ended early")]
    Thread(#[source] tokio::task::JoinError),
    /// Asked to stop.
    #[error("stopped")]
    Stopped,
}

fn names(failed: &[(String, RetrainError)]) -> String {
    let reasons: Vec<String> = failed.iter().map(|(name, error)| format!("{name} ({error})")).collect();
    reasons.join(", ")
}

impl RetrainError {
    pub(crate) fn shard(uri: &ObjectUri, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Shard { uri: uri.to_string(), source: why.into() }
    }

    pub(crate) fn spool(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Spool(error.into())
    }
}

impl Disposed for RetrainError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Usage(_) | Self::Spool(_) | Self::NoLineage { .. } => Disposition::Halt,
            Self::Store(error) => error.disposition(),
            Self::Model(error) => error.disposition(),
            Self::NoShards { .. } | Self::Shard { .. } | Self::TooFewRows { .. } | Self::NeedsTransformer => {
                Disposition::Refuse
            }
            Self::Mail(error) => error.disposition(),
            Self::Targets { failed, .. } => failed.first().map_or(Disposition::Bug, |(_, error)| error.disposition()),
            Self::Thread(_) | Self::Report(_) => Disposition::Bug,
            Self::Stopped => Disposition::Stop,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.remedy(),
            Self::Model(error) => error.remedy(),
            Self::NoShards { .. } => Some(
                "Name a folder of Parquet shards, a run's folder with etl.json, or a folder of such runs; \
                 `tamiz train` cleans CSV and JSON Lines first."
                    .into(),
            ),
            Self::Shard { .. } => {
                Some("Mend the file, or clean its source again with tamiz-etl of this version.".into())
            }
            Self::TooFewRows { .. } => {
                Some("Add labelled reviews, or lower --min-rows-per-class knowing what that means.".into())
            }
            Self::NeedsTransformer => {
                Some("Train this column with --architecture transformer and --init, the folder of an encoder.".into())
            }
            Self::Spool(_) => Some("Give the job a larger disk, or name a folder on one by TMPDIR.".into()),
            Self::Targets { failed, .. } => failed.first().and_then(|(_, error)| error.remedy()),
            Self::NoLineage { .. } => {
                Some("Name a model that tamiz-retrain or `tamiz train` of this version or a later one made.".into())
            }
            Self::Usage(_) | Self::Report(_) | Self::Mail(_) | Self::Thread(_) | Self::Stopped => None,
        }
    }
}
