//! The cleaning of one run.

mod claims;
mod collector;
mod download;
mod file_end;
mod in_turn;
mod judge;
mod open_file;
mod parquet_source;
mod pipeline;
mod plan;
mod portion;
mod ranges;
mod report;
mod run;
mod source;
mod splits;

use std::sync::Arc;

use tamiz_domain::{Configuration, ManifestObject, RunId};
use tamiz_ports::{Folder, Stores};
use tamiz_telemetry::{Progress, Shutdown};
use tokio::runtime::Handle;

pub use run::{Deps, run, run_step};

use crate::UserKey;

/// Everything that the threads need to know.
struct Job {
    run_id: RunId,
    configuration: Configuration,
    /// The run's own objects, in order.
    objects: Vec<ManifestObject>,
    output: Folder,
    rows_per_shard: usize,
    num_threads: usize,
    user_key: Option<UserKey>,
    stores: Arc<dyn Stores>,
    progress: Progress,
    shutdown: Shutdown,
    /// For reads and writes, which are async.
    runtime: Handle,
}

impl Job {
    /// Bytes of its objects, as announced.
    fn num_bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.size).sum()
    }

    /// Children of an array job at most.
    fn max_array_size(&self) -> usize {
        self.configuration.inference.max_array_size
    }
}
