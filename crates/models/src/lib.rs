//! Networks, featurisers, the batch planner, and the model folder with its registry.
//!
//! The only crate that names `tch`; knows neither runs nor AWS. Every operation on tensors is one of the fallible
//! `f_*` calls, and inference runs without gradients. Time is always an argument.

mod artifact;
mod classifier;
mod device;
mod error;
pub mod ngram;
mod registry;

pub use artifact::{Artifact, ArtifactParts, BASELINE, CARD, CONFIG, METRICS, SUMS, WEIGHTS};
pub use classifier::{Classifier, Scores, load};
pub use device::{Device, DeviceChoice, Precision};
pub use error::{ModelError, Problem};
pub use registry::{Latest, Registry, resolve};
