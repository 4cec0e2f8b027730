//! An object that is written while it is uploaded.

use std::hash::Hasher;
use std::io::{self, Write};

use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, PutPayloadMut};
use tamiz_ports::{Folder, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use twox_hash::XxHash3_64;

use crate::EtlError;

/// Bytes sent at once; S3 wants at least 5 MiB in each piece but the last.
const PIECE_BYTES: usize = 8 << 20;
/// Pieces that wait for the network at most.
const PIECES_AHEAD: usize = 1;

/// Bytes of a block, of which pieces consist: memory of this size is used again, and nothing is moved when a piece grows.
const BLOCK_BYTES: usize = 512 << 10;

enum Piece {
    Middle(PutPayload),
    /// The object is complete; without it, it is not to come into being.
    End(PutPayload),
}

/// A sink whose bytes go into an object of a folder, over whatever an earlier attempt left there (parts are
/// deterministic, so it can only be the same). Dropped before [`Upload::finish`], it leaves no object.
pub(crate) struct Upload {
    buffer: PutPayloadMut,
    /// Of all bytes so far.
    hash: XxHash3_64,
    pieces: mpsc::Sender<Piece>,
    task: JoinHandle<Result<(), StoreError>>,
}

impl Upload {
    /// Begins to write `name`; to be used on a thread that is none of `runtime`'s own.
    pub(crate) fn start(runtime: &Handle, folder: Folder, name: String) -> Self {
        let (pieces, receiver) = mpsc::channel(PIECES_AHEAD);
        Self {
            buffer: new_buffer(),
            hash: XxHash3_64::new(),
            pieces,
            task: runtime.spawn(upload(folder, name, receiver)),
        }
    }

    /// XXH3 of the bytes so far, 16 hexadecimal digits.
    pub(crate) fn digest(&self) -> String {
        format!("{:016x}", self.hash.finish())
    }

    /// Sends what is left; the answer comes once all of it is stored.
    pub(crate) fn finish(self) -> Pending {
        let Self { buffer, pieces, task, .. } = self;
        // If the task is gone, it says why itself.
        let _ = pieces.blocking_send(Piece::End(buffer.freeze()));
        Pending(task)
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.write(bytes);
        self.buffer.extend_from_slice(bytes);
        if self.buffer.content_length() >= PIECE_BYTES {
            let piece = std::mem::replace(&mut self.buffer, new_buffer());
            let _ = self.pieces.blocking_send(Piece::Middle(piece.freeze()));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn new_buffer() -> PutPayloadMut {
    PutPayloadMut::new().with_block_size(BLOCK_BYTES)
}

/// An upload that has all its bytes.
pub(crate) struct Pending(JoinHandle<Result<(), StoreError>>);

impl Pending {
    /// Waits until the object is stored.
    pub(crate) fn settle(self, runtime: &Handle) -> Result<(), EtlError> {
        Ok(runtime.block_on(self.0).map_err(|_| EtlError::WorkerLost)??)
    }
}

async fn upload(folder: Folder, name: String, mut pieces: mpsc::Receiver<Piece>) -> Result<(), StoreError> {
    let first = match pieces.recv().await {
        None => return Ok(()),
        Some(Piece::End(bytes)) => return folder.write(&name, bytes).await,
        Some(Piece::Middle(bytes)) => bytes,
    };
    let failed = |error| StoreError::of("write", folder.uri_of(&name), error);
    let mut object = folder.store().put_multipart(&folder.path(&name)).await.map_err(failed)?;
    match send(object.as_mut(), first, &mut pieces).await {
        Ok(Sent::All) => Ok(()),
        incomplete => {
            // The pieces that are there already would be paid for until somebody found them.
            let _ = object.abort().await;
            incomplete.map(drop).map_err(failed)
        }
    }
}

/// How much of an object was stored.
enum Sent {
    All,
    /// Whoever made it gave up.
    Some,
}

async fn send(
    object: &mut dyn MultipartUpload,
    first: PutPayload,
    pieces: &mut mpsc::Receiver<Piece>,
) -> object_store::Result<Sent> {
    object.put_part(first).await?;
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Middle(bytes) => object.put_part(bytes).await?,
            Piece::End(bytes) => {
                if bytes.content_length() > 0 {
                    object.put_part(bytes).await?;
                }
                object.complete().await?;
                return Ok(Sent::All);
            }
        }
    }
    Ok(Sent::Some)
}
