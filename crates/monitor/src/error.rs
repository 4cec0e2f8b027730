//! What keeps a run from being reported. A run that went wrong is no error here: it is reported as failed.

use tamiz_domain::{Disposed, Disposition};
use tamiz_ports::{MailError, StoreError};

/// Why a run could not be reported; every variant is another answer to "what now".
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// An object could not be read or written.
    #[error("failed to report the run")]
    Store(#[from] StoreError),
    /// A part of predictions is no Parquet file of the expected columns.
    #[error("{uri} holds no readable predictions")]
    UnreadablePart {
        /// The part.
        uri: String,
        /// What the reader says.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The manifest was written by a later version of Tamiz.
    #[error("{uri} has format version {found}, which this version does not know")]
    UnknownManifest {
        /// The manifest.
        uri: String,
        /// Its format version.
        found: u32,
    },
    /// The manifest in a run's folder belongs to another run than the report of the cleaning beside it.
    #[error("{uri} belongs to run {found}, but the cleaning beside it to run {expected}")]
    MixedRuns {
        /// The manifest.
        uri: String,
        /// The run it names.
        found: String,
        /// The run that `etl.json` names.
        expected: String,
    },
    /// Without a manifest, only the folder's name can tell which run failed.
    #[error("{uri} has no manifest, and its name is no run id")]
    NamelessRun {
        /// The run's folder.
        uri: String,
        /// Why its name is no run id.
        #[source]
        source: tamiz_domain::InvalidRunId,
    },
    /// The mail did not go out; `summary.json` was not written, so that the next attempt sends it.
    #[error("failed to tell of the run")]
    Mail(#[from] MailError),
    /// Asked to stop before the report was committed.
    #[error("stopped before the report was committed")]
    Stopped,
}

impl Disposed for MonitorError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Store(error) => error.disposition(),
            Self::UnreadablePart { source, .. } => unreadable(source),
            Self::UnknownManifest { .. } | Self::NamelessRun { .. } => Disposition::Halt,
            Self::MixedRuns { .. } => Disposition::Bug,
            Self::Mail(error) => error.disposition(),
            Self::Stopped => Disposition::Stop,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.remedy(),
            Self::UnreadablePart { uri, .. } => Some(format!("Delete {uri} and label its shard again.")),
            Self::UnknownManifest { .. } => Some("Deploy the same version of every job.".to_owned()),
            Self::MixedRuns { .. } => None,
            Self::NamelessRun { .. } => {
                Some("Give --run the folder that holds the run's manifest.json and etl.json.".to_owned())
            }
            Self::Mail(_) => Some("Check the topic and the role's permission to publish to it.".to_owned()),
            Self::Stopped => None,
        }
    }
}

/// A store that broke off in the middle of a part may do better next time; bytes that are no Parquet never will.
fn unreadable(error: &parquet::errors::ParquetError) -> Disposition {
    match error {
        parquet::errors::ParquetError::External(_) => Disposition::Retry,
        _ => Disposition::Refuse,
    }
}
