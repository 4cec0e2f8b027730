//! How well a model does on labelled rows: figures, slices, behaviour, and what its data looked like.

mod baseline;
mod behaviour;
mod examination;
mod figures;
mod noise;
mod perturbation;
mod slices;
mod tally;
mod words;

pub(crate) use baseline::baseline;
pub(crate) use examination::{Examination, examine};
pub(crate) use figures::{Evaluation, evaluate};
pub(crate) use noise::{Noise, noise};
pub(crate) use slices::{Group, groups};
