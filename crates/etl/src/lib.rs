//! Raw review objects to clean shards.
//!
//! [`run`] reads the objects of a manifest in one pass with bounded memory: download, decompress, recognise, cut into
//! records (`read`), analyse on all cores (`clean`), Parquet (`write`); `job` joins them. Every record ends up in a
//! shard or, with a reason, in `rejected/`; a file that cannot be read is told of in the report and does not stop
//! the others. The same manifest gives the same bytes, whatever the number of threads or attempts.

mod clean;
mod columns;
mod error;
mod job;
mod quality;
mod read;
mod settings;
mod tally;
mod write;

pub use clean::user_key::{InvalidUserKey, UserKey};
pub use error::EtlError;
pub use job::{Deps, run, run_step};
pub use settings::{Settings, Step};
