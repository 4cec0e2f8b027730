//! Hashed word n-grams, their mean embedding, a linear layer, softmax: trains in seconds on a CPU.

mod bags;
mod batches;
mod features;
mod featuriser;
mod format;
mod known;
mod model;
mod network;
mod optimiser;
mod tokens;
mod training;
#[cfg(test)]
pub(crate) mod training_tests;
mod weights;

pub(crate) use bags::Bags;
pub use featuriser::{Featuriser, FeaturiserConfig};
pub use format::{DEFAULT_WEIGHTS, WeightFormat};
pub use model::{Ngram, NgramConfig};
pub use training::{TrainingSettings, train};

/// The architecture's name in `config.json` and `metrics.json`.
pub const ARCHITECTURE: &str = "ngram";
