//! The rows of a Parquet object as a stream.

use std::io::{self, Read};

use tamiz_domain::{FileProblem, ManifestObject};
use tamiz_ports::Stores;

use crate::columns::FieldNames;
use crate::job::Job;
use crate::job::download::{DownloadError, locate};
use crate::job::ranges::{RangedObject, Ranges};
use crate::read::parquet_lines::ParquetLines;

/// JSON Lines of a Parquet object. A failure of the store comes out as what a broken [`Download`] gives.
///
/// [`Download`]: crate::job::download::Download
pub(crate) struct ParquetSource {
    lines: ParquetLines,
    ranges: Ranges,
}

/// Why a Parquet object cannot be opened.
pub(crate) enum ParquetRefusal {
    /// The file is to blame.
    File(FileProblem),
    /// The store is.
    Store(DownloadError),
}

impl ParquetSource {
    /// Opens an object, pinned to what was announced.
    pub(crate) fn open(object: &ManifestObject, job: &Job, names: &FieldNames) -> Result<Self, ParquetRefusal> {
        let stores: &dyn Stores = job.stores.as_ref();
        let (folder, pinned) =
            locate(object, stores).map_err(|error| ParquetRefusal::Store(DownloadError::Store(error)))?;
        let ranges = Ranges::new(RangedObject {
            store: folder.store(),
            path: folder.path(""),
            uri: object.uri.clone(),
            size: object.size,
            pinned,
            runtime: job.runtime.clone(),
            progress: job.progress.clone(),
            shutdown: job.shutdown.clone(),
        });
        match ParquetLines::open(ranges.clone(), names) {
            Ok(lines) => Ok(Self { lines, ranges }),
            Err(problem) => Err(ranges.take_failure().map_or(ParquetRefusal::File(problem), ParquetRefusal::Store)),
        }
    }
}

impl ParquetSource {
    /// Names of all columns.
    pub(crate) fn columns(&self) -> &[String] {
        &self.lines.columns
    }
}

impl Read for ParquetSource {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.lines.read(out).map_err(|error| self.ranges.take_failure().map_or(error, io::Error::other))
    }
}
