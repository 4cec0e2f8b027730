//! Labelled rows to a better model, or a written refusal.
//!
//! Reads labelled rows of past runs and curated shards, drops repeats, splits by a seeded hash of the text,
//! trains, measures on the hold-out, registers the version, and lets it meet the champion on the same rows. The
//! verdict is written down whether the challenger wins or not.
//!
//! Rooms, ground floor first: `settings` (flags), `data` (rows and their split), `evaluation` (what a model does on rows), `training` (from rows to a
//! packed model), `promotion` (whether it takes the champion's place), `report` (what people are told),
//! `mlflow` (what a tracking server is told), `run`.

mod data;
mod deps;
mod error;
mod evaluation;
pub mod mlflow;
mod percent;
mod promotion;
mod report;
mod reproduction;
mod run;
mod settings;
mod target;
mod training;

pub(crate) use percent::percent;

pub use deps::Deps;
pub use error::RetrainError;
pub use promotion::Verdict;
pub use reproduction::{Reproduction, reproduce};
pub use run::run;
pub use settings::{Architecture, Balance, Hyperparameters, Rules, Settings, Training, parse_with_files};
pub use target::Outcome;
