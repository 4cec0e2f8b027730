//! An object as a blocking file that is read by ranges, as Parquet has to be.

use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use tamiz_ports::StoreError;
use tamiz_telemetry::{Progress, Shutdown};
use tokio::runtime::Handle;

use crate::job::download::DownloadError;

/// Bytes fetched at once: enough pages that a request pays, few enough that every column may have its own.
const WINDOW_BYTES: u64 = 4 << 20;
/// Windows kept: one for each column that is read at the same time, and some for the footer.
const WINDOWS: usize = 14;

/// See the module. To be read on a thread that is none of the runtime's own.
#[derive(Clone)]
pub(crate) struct Ranges(Arc<Inner>);

struct Inner {
    object: RangedObject,
    windows: Mutex<Vec<Window>>,
    failure: Mutex<Option<DownloadError>>,
}

/// What to read, and how.
pub(crate) struct RangedObject {
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
    pub uri: String,
    pub size: u64,
    /// Version and ETag that every range is read of.
    pub pinned: GetOptions,
    pub runtime: Handle,
    pub progress: Progress,
    pub shutdown: Shutdown,
}

/// Some bytes of the object, the most lately used first.
struct Window {
    start: u64,
    bytes: Bytes,
}

impl Window {
    fn slice(&self, wanted: &Range<u64>) -> Option<Bytes> {
        let from = wanted.start.checked_sub(self.start)?;
        let to = wanted.end.checked_sub(self.start)?;
        (to <= self.bytes.len() as u64).then(|| self.bytes.slice(from as usize..to as usize))
    }
}

impl Ranges {
    pub(crate) fn new(object: RangedObject) -> Self {
        Self(Arc::new(Inner { object, windows: Mutex::default(), failure: Mutex::default() }))
    }

    /// Why bytes could not be fetched, if that is why reading failed: the store's fault and not the file's, which the
    /// Parquet reader's own errors do not tell.
    pub(crate) fn take_failure(&self) -> Option<DownloadError> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Bytes of the object: `at_least` so many from `start` on, and what else is at hand.
    fn bytes(&self, start: u64, at_least: u64) -> Result<Bytes> {
        let wanted = start..start.saturating_add(at_least);
        if wanted.end > self.0.object.size {
            return Err(ParquetError::EOF(format!("bytes {wanted:?} of {} are wanted", self.0.object.size)));
        }
        let mut windows = self.0.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = windows.iter().position(|window| window.slice(&wanted).is_some()) {
            windows[..=index].rotate_right(1);
        } else {
            let end = wanted.end.max(start.saturating_add(WINDOW_BYTES)).min(self.0.object.size);
            let bytes = self.fetch(start..end)?;
            windows.insert(0, Window { start, bytes });
            windows.truncate(WINDOWS);
        }
        let Some(window) = windows.first() else { return Ok(Bytes::new()) };
        Ok(window.bytes.slice((start - window.start) as usize..))
    }

    fn fetch(&self, range: Range<u64>) -> Result<Bytes> {
        let RangedObject { store, path, uri, pinned, runtime, progress, shutdown, .. } = &self.0.object;
        let length = range.end - range.start;
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..pinned.clone() };
        let read = async {
            tokio::select! {
                bytes = async { store.get_opts(path, options).await?.bytes().await } => {
                    bytes.map_err(|error| DownloadError::Store(StoreError::of("read", uri, error)))
                }
                () = shutdown.cancelled() => Err(DownloadError::Stopped),
            }
        };
        match runtime.block_on(read) {
            Ok(bytes) => {
                progress.advance(length);
                Ok(bytes)
            }
            Err(error) => {
                let message = error.to_string();
                *self.0.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Err(ParquetError::General(message))
            }
        }
    }
}

impl Length for Ranges {
    fn len(&self) -> u64 {
        self.0.object.size
    }
}

impl ChunkReader for Ranges {
    type T = BufReader<RangeReader>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(RangeReader { ranges: self.clone(), next: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        Ok(self.bytes(start, length as u64)?.slice(..length))
    }
}

/// Reads on from some place.
pub(crate) struct RangeReader {
    ranges: Ranges,
    next: u64,
}

impl Read for RangeReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || self.next >= self.ranges.len() {
            return Ok(0);
        }
        let count = self.ranges.bytes(self.next, 1)?.as_ref().read(out)?;
        self.next += count as u64;
        Ok(count)
    }
}
