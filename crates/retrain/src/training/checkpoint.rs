//! Where a training's checkpoint lies: one object beside the versions of its name.

use tamiz_models::transformer::Keeper;
use tamiz_ports::Folder;
use tamiz_telemetry::error_chain;
use tokio::runtime::Handle;

/// Name of the object.
const CHECKPOINT: &str = "checkpoint.safetensors";

/// The checkpoint of a name's training. A store that fails costs the time that the checkpoint would have saved, and nothing else.
pub(crate) struct CheckpointObject {
    folder: Folder,
    /// The thread that trains is none of the runtime's.
    runtime: Handle,
    is_written: bool,
}

impl CheckpointObject {
    /// In the folder of a name; within a runtime.
    pub fn new(folder: Folder) -> Self {
        Self { folder, runtime: Handle::current(), is_written: false }
    }

    /// Empties the object: the training is over. (To delete it would take a right that the job has no other use for.)
    pub async fn clear(self) {
        if self.is_written {
            let emptied = self.folder.write(CHECKPOINT, Vec::new()).await;
            let _ = emptied.inspect_err(|error| warn("not emptied", error));
        }
    }
}

impl Keeper for CheckpointObject {
    fn read(&mut self) -> Option<Vec<u8>> {
        let read = self.runtime.block_on(self.folder.read_if_exists(CHECKPOINT));
        let bytes = read.inspect_err(|error| warn("not read", error)).ok().flatten()?;
        self.is_written = !bytes.is_empty();
        self.is_written.then(|| bytes.to_vec())
    }

    fn write(&mut self, checkpoint: Vec<u8>) {
        let bytes = checkpoint.len();
        let written = self.runtime.block_on(self.folder.write(CHECKPOINT, checkpoint));
        match written {
            Ok(()) => {
                self.is_written = true;
                tracing::info!(bytes, "checkpoint written");
            }
            Err(error) => warn("not written", &error),
        }
    }
}

/// Keeps nothing: for trainings that are soon done again.
pub(crate) struct Nowhere;

impl Keeper for Nowhere {
    fn read(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn write(&mut self, _: Vec<u8>) {}
}

fn warn(what: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error = error_chain(error).join(": "), "checkpoint {what}");
}
