//! What can go wrong with a retraining.

use tamiz_domain::{Disposed, Disposition};
use tamiz_models::ModelError;
use tamiz_ports::{MailError, StoreError};

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
    /// Too few labelled texts to train with.
    #[error("too few labelled texts: {found}")]
    TooFewRows {
        /// What was found, and what is needed.
        found: String,
    },
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

impl Disposed for RetrainError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Usage(_) => Disposition::Halt,
            Self::Store(error) => error.disposition(),
            Self::Model(error) => error.disposition(),
            Self::NoShards { .. } | Self::Shard { .. } | Self::TooFewRows { .. } => Disposition::Refuse,
            Self::Mail(error) => error.disposition(),
            Self::Thread(_) => Disposition::Bug,
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
            Self::Shard { .. } => Some("Clean the source again with tamiz-etl of this version.".into()),
            Self::TooFewRows { .. } => {
                Some("Add labelled reviews, or lower --min-rows-per-class knowing what that means.".into())
            }
            Self::Usage(_) | Self::Mail(_) | Self::Thread(_) | Self::Stopped => None,
        }
    }
}
