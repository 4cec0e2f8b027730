//! Whether a new model takes the place of the one in use: decision and pointer.

mod challenge;
mod decision;
mod mcnemar;

pub(crate) use challenge::Challenge;
pub use challenge::Verdict;
pub(crate) use decision::{decide, decide_first};
