//! Clean shards to predictions, on GPU or CPU.
//!
//! Each shard becomes one part of predictions, one row for each clean row in the same order. A part is
//! written whole and create-only: a job that was stopped goes on at the first part that is missing.

mod assignment;
mod device_thread;
mod error;
mod part;
mod predictions;
mod run;
mod settings;
mod shards;

pub use assignment::Assignment;
pub use error::InferenceError;
pub use run::{Deps, Outcome, run};
pub use settings::Settings;
