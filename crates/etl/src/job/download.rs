//! An object as a blocking stream, downloaded ahead of its reader.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore};
use tamiz_domain::ManifestObject;
use tamiz_ports::{Folder, ObjectUri, StoreError, Stores};
use tamiz_telemetry::{Progress, Shutdown};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Chunks that wait for the reader at most.
const CHUNKS_AHEAD: usize = 16;
/// Bytes of a local file read at once.
const FILE_CHUNK_BYTES: u64 = 256 << 10;

/// A download that broke off: the store's fault, not the file's. Travels inside an [`io::Error`] through the
/// decompressors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    #[error(transparent)]
    Store(StoreError),
    #[error("asked to stop")]
    Stopped,
}

/// Where an object is, and the version, and on S3 the ETag, that it must have.
pub(crate) fn locate(object: &ManifestObject, stores: &dyn Stores) -> Result<(Folder, GetOptions), StoreError> {
    let uri: ObjectUri = object.uri.parse().map_err(|error| StoreError::Denied {
        operation: "open",
        uri: object.uri.clone(),
        source: Box::new(error),
    })?;
    let folder = stores.open(&uri)?;
    let options = GetOptions {
        version: object.version_id.clone(),
        // A folder's ETags are not the digests that a manifest of files holds.
        if_match: uri.is_s3().then(|| object.identity.etag.clone()),
        ..GetOptions::default()
    };
    Ok((folder, options))
}

/// Opens an object exactly as it was announced (its version, its ETag on S3, its size in a folder), or a range of it.
pub(crate) async fn open(
    object: &ManifestObject,
    range: Option<GetRange>,
    stores: &dyn Stores,
) -> Result<GetResult, StoreError> {
    let (folder, pinned) = locate(object, stores)?;
    let options = GetOptions { range, ..pinned };
    let result = folder
        .store()
        .get_opts(&folder.path(""), options)
        .await
        .map_err(|error| StoreError::of("read", &object.uri, error))?;
    if result.meta.size != object.size {
        return Err(StoreError::Changed { uri: object.uri.clone() });
    }
    Ok(result)
}

/// The bytes of an opened object.
pub(crate) struct Download {
    rest: Rest,
    current: Bytes,
    progress: Progress,
}

/// What is still to come of a download; its reader and whoever doubts it share it.
#[derive(Clone)]
pub(crate) struct Rest {
    chunks: Arc<Mutex<mpsc::Receiver<Chunk>>>,
    shutdown: Shutdown,
}

impl Rest {
    /// The next chunk; none at the end.
    fn next(&self) -> Result<Option<Bytes>, DownloadError> {
        let chunk = self.chunks.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match chunk {
            Some(chunk) => chunk.map(Some).map_err(DownloadError::Store),
            None if self.shutdown.is_cancelled() => Err(DownloadError::Stopped),
            None => Ok(None),
        }
    }

    /// Passes over all that is still to come. A store sees only after the last byte that those before are not what was
    /// written, so before a file is blamed for what it says, this tells whether that is what it says.
    pub(crate) fn check(&self) -> Result<(), DownloadError> {
        while self.next()?.is_some() {}
        Ok(())
    }
}

impl Download {
    /// Starts to download on `runtime`; to be read on a thread that is none of the runtime's own.
    pub(crate) fn start(
        runtime: &Handle,
        opened: GetResult,
        uri: &str,
        progress: Progress,
        shutdown: Shutdown,
    ) -> Self {
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let (uri, stop, range) = (uri.to_owned(), shutdown.clone(), opened.range);
        match opened.payload {
            GetResultPayload::File(file, _) => {
                runtime.spawn_blocking(move || read_file(file, range, &uri, &stop, &sender));
            }
            GetResultPayload::Stream(stream) => {
                runtime.spawn(async move {
                    tokio::select! {
                        () = pump(stream, &uri, &sender) => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
        }
        let rest = Rest { chunks: Arc::new(Mutex::new(chunks)), shutdown };
        Self { rest, current: Bytes::new(), progress }
    }

    /// A handle on what is still to come.
    pub(crate) fn rest(&self) -> Rest {
        self.rest.clone()
    }
}

type Chunk = Result<Bytes, StoreError>;

async fn pump(mut stream: BoxStream<'static, object_store::Result<Bytes>>, uri: &str, chunks: &mpsc::Sender<Chunk>) {
    while let Some(chunk) = stream.next().await {
        if chunks.send(chunk.map_err(|error| StoreError::of("read", uri, error))).await.is_err() {
            break;
        }
    }
}

/// Reads a file in large chunks: the store's own stream of it hops between threads for every 8 KiB.
fn read_file(mut file: File, range: Range<u64>, uri: &str, stop: &Shutdown, chunks: &mpsc::Sender<Chunk>) {
    let failed =
        |error| StoreError::of("read", uri, object_store::Error::Generic { store: "file", source: Box::new(error) });
    if let Err(error) = file.seek(SeekFrom::Start(range.start)) {
        // Nobody waits for it if the reader is gone.
        let _ = chunks.blocking_send(Err(failed(error)));
        return;
    }
    let mut left = range.end - range.start;
    while left > 0 && !stop.is_cancelled() {
        let size = left.min(FILE_CHUNK_BYTES);
        let mut chunk = Vec::with_capacity(size as usize);
        let chunk = match (&file).take(size).read_to_end(&mut chunk) {
            Ok(0) => Err(StoreError::Changed { uri: uri.to_owned() }),
            Ok(count) => {
                left -= count as u64;
                Ok(chunk.into())
            }
            Err(error) => Err(failed(error)),
        };
        let is_last = chunk.is_err();
        if chunks.blocking_send(chunk).is_err() || is_last {
            return;
        }
    }
}

impl BufRead for Download {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() {
            match self.rest.next().map_err(io::Error::other)? {
                Some(chunk) => self.current = chunk,
                None => break,
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current.advance(amount);
        self.progress.advance(amount as u64);
    }
}

impl Read for Download {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

/// The download's own error inside an I/O error, or the I/O error itself: then the file is to blame.
pub(crate) fn download_error(error: io::Error) -> Result<DownloadError, io::Error> {
    error.downcast::<DownloadError>()
}
