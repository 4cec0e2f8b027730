//! Writing finished parts while the next one is made.

use bytes::Bytes;
use tamiz_ports::{Folder, StoreError};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::EtlError;

/// Writes objects into a folder, one at a time, behind the back of the thread that makes them: at most one part
/// waits in memory beside the one in the making.
pub(crate) struct Uploads {
    runtime: Handle,
    folder: Folder,
    under_way: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Uploads {
    /// To be used on a thread that is none of `runtime`'s own.
    pub(crate) fn new(runtime: Handle, folder: Folder) -> Self {
        Self { runtime, folder, under_way: None }
    }

    /// Starts to write an object, over whatever an earlier attempt left there (parts are deterministic, so it can
    /// only be the same); waits for the one before.
    pub(crate) fn start(&mut self, name: String, bytes: Bytes) -> Result<(), EtlError> {
        self.settle()?;
        let folder = self.folder.clone();
        self.under_way = Some(self.runtime.spawn(async move { folder.write(&name, bytes).await }));
        Ok(())
    }

    /// Waits until everything is written.
    pub(crate) fn settle(&mut self) -> Result<(), EtlError> {
        match self.under_way.take() {
            None => Ok(()),
            Some(task) => Ok(self.runtime.block_on(task).map_err(|_| EtlError::WorkerLost)??),
        }
    }
}
