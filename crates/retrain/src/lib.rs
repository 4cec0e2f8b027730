//! Labelled rows to a better model, or a written refusal.
//!
//! Reads labelled rows of past runs and curated shards, drops repeats, splits by a seeded hash of the text,
//! trains, measures on the hold-out, registers the version, and lets it meet the champion on the same rows. The
//! verdict is written down whether the challenger wins or not.

mod baseline;
mod card;
mod challenge;
mod checkpoint;
mod error;
mod evaluation;
mod mail;
mod promotion;
mod recipe;
mod rows;
mod run;
mod settings;
mod sources;
mod split;
mod training;

pub use challenge::Verdict;
pub use error::RetrainError;
pub use run::{Deps, Outcome, run};
pub use settings::{Architecture, Balance, Hyperparameters, Settings};
