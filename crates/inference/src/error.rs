//! What can go wrong while labelling.

use tamiz_domain::{Disposed, Disposition};
use tamiz_models::ModelError;
use tamiz_ports::StoreError;

/// Why an inference job ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// An object could not be read or written.
    #[error("failed to reach an object")]
    Store(#[from] StoreError),
    /// The model could not be loaded or used.
    #[error("failed to use the model {uri}")]
    Model {
        /// The model's URI as given.
        uri: String,
        /// What the model says.
        #[source]
        source: ModelError,
    },
    /// A shard is no shard.
    #[error("failed to read shard {uri}")]
    Shard {
        /// The shard.
        uri: String,
        /// What the Parquet reader says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A shard whose texts are not like those that the model was trained on.
    #[error(
        "{uri} was cleaned by preprocessing {found}, but the model was trained on texts of preprocessing {expected}"
    )]
    Preprocessing {
        /// The shard.
        uri: String,
        /// Version in the shard.
        found: String,
        /// Version that the model carries.
        expected: String,
    },
    /// A part could not be put together.
    #[error("failed to write part {name}")]
    Part {
        /// The part.
        name: String,
        /// What the Parquet writer says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Flags or environment do not fit together.
    #[error("{0}")]
    Usage(String),
    /// The thread that owns the device ended early.
    #[error("the device thread ended early")]
    DeviceThread,
    /// Asked to stop; finished parts are kept.
    #[error("stopped")]
    Stopped,
}

impl Disposed for InferenceError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Store(error) => error.disposition(),
            Self::Model { source, .. } => source.disposition(),
            Self::Shard { .. } | Self::Preprocessing { .. } => Disposition::Refuse,
            Self::Usage(_) => Disposition::Halt,
            Self::Part { .. } | Self::DeviceThread => Disposition::Bug,
            Self::Stopped => Disposition::Stop,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.remedy(),
            Self::Model { source, .. } => source.remedy(),
            Self::Shard { uri, .. } => Some(format!("{uri} is damaged: delete the run's shards and replay the run.")),
            Self::Preprocessing { .. } => Some(
                "Train the model again with this version (tamiz-retrain), or clean the reviews with the version that the model was trained with."
                    .into(),
            ),
            _ => None,
        }
    }
}
