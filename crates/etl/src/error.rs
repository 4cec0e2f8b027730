//! What can end the cleaning.

use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use tamiz_domain::{Disposed, Disposition, NotConserved, RunId};
use tamiz_ports::StoreError;

/// Why there is no `etl.json`. Trouble with one file or record is none of these: it is part of the report.
#[derive(Debug, thiserror::Error)]
pub enum EtlError {
    /// The manifest is of a version that this program does not know.
    #[error("manifest {uri} has format version {found}")]
    UnknownManifest {
        /// The manifest.
        uri: String,
        /// Its version.
        found: u32,
    },
    /// The manifest carries a configuration that cannot be used.
    #[error("manifest {uri} carries a configuration that cannot be used: {violations}")]
    Configuration {
        /// The manifest.
        uri: String,
        /// What is wrong, key by key.
        violations: String,
    },
    /// The manifest lies where no claims can be found.
    #[error("manifest {uri} does not lie in runs/<run id>/ below a staging root, where its claims could be found")]
    NoStagingRoot {
        /// The manifest.
        uri: String,
    },
    /// The output folder holds the work of another run.
    #[error("{uri} holds the work of run {found} already")]
    OutputTaken {
        /// The output folder.
        uri: String,
        /// The other run.
        found: RunId,
    },
    /// An object could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Asked to stop; a rerun writes the same parts again.
    #[error("stopped before the last record")]
    Stopped,
    /// Records were lost or invented.
    #[error(transparent)]
    NotConserved(#[from] NotConserved),
    /// Columns do not fit their schema.
    #[error("failed to build rows")]
    Rows(#[from] ArrowError),
    /// A Parquet part could not be made.
    #[error("failed to build a part")]
    Part(#[from] ParquetError),
    /// A thread ended before its work.
    #[error("a worker ended before its work")]
    WorkerLost,
}

impl Disposed for EtlError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::UnknownManifest { .. }
            | Self::Configuration { .. }
            | Self::NoStagingRoot { .. }
            | Self::OutputTaken { .. } => Disposition::Halt,
            Self::Store(error) => error.disposition(),
            Self::Stopped => Disposition::Stop,
            Self::NotConserved(_) | Self::Rows(_) | Self::Part(_) | Self::WorkerLost => Disposition::Bug,
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::UnknownManifest { .. } => "Use the same version of the dispatcher and of tamiz-etl.",
            Self::Configuration { .. } => "Correct the pipeline configuration and upload the files again.",
            Self::NoStagingRoot { .. } => {
                "Give the manifest as the dispatcher wrote it: <staging>/runs/<run id>/manifest.json."
            }
            Self::OutputTaken { .. } => "Give each run an output folder of its own.",
            Self::Store(error) => return error.remedy(),
            Self::Stopped => return None,
            Self::NotConserved(_) | Self::Rows(_) | Self::Part(_) | Self::WorkerLost => {
                "This is a bug in tamiz-etl: report it with the log."
            }
        };
        Some(remedy.to_owned())
    }
}
