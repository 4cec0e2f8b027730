//! Networks, featurisers, the batch planner, and the model folder with its registry.
//!
//! The only crate that names `tch`; knows neither runs nor AWS. Every operation on tensors is one of the fallible
//! `f_*` calls, and inference runs without gradients. Time is always an argument.

mod artifact;
mod calibration;
mod device;
mod encoder;
mod entities;
mod error;
mod libtorch;
mod model;
pub mod ngram;
mod operator;
mod processor;
mod ragged;
mod registry;
mod rollback;
mod scheme;
mod task;
mod tensors;
pub mod training;

pub use artifact::{Artifact, ArtifactParts, BASELINE, CARD, CONFIG, METRICS, SUMS, WEIGHTS};
pub use device::{Device, DeviceChoice, Precision};
pub use encoder::training as transformer;
pub use entities::Entity;
pub use error::{ModelError, Problem};
pub use model::{LoadSettings, Model, Pending, ReadTexts, Reader, load};
pub use registry::{Latest, ModelFolder, Registry, resolve};
pub use rollback::Rollback;
pub use scheme::Scheme;
pub use task::{Labelled, Prediction, Reading, Task, Unlabelled};
