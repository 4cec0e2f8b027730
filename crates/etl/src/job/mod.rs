//! The cleaning of one run.

mod claims;
mod collector;
mod download;
mod parquet_source;
mod pipeline;
mod ranges;
mod reader;
mod run;

use std::sync::Arc;

use tamiz_domain::{Configuration, ManifestObject, RunId};
use tamiz_ports::{Folder, Stores};
use tamiz_telemetry::{Progress, Shutdown};
use tokio::runtime::Handle;

pub use run::{Deps, run};

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
