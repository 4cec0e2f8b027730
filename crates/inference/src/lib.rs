//! Clean shards to predictions, on GPU or CPU.
//!
//! Each shard becomes one part of predictions, one row for each clean row in the same order. A part is
//! written whole: a job that was stopped goes on at the first one that is missing, or is of another model or shard.

mod assignment;
mod device_thread;
mod error;
mod part;
mod predictions;
mod resume;
mod run;
mod settings;
mod shards;
mod turn;

pub use assignment::Assignment;
pub use error::InferenceError;
pub use run::{Deps, Outcome, run};
pub use settings::Settings;
