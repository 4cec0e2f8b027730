//! Whether a new model takes the place of the one in use: rules, decision, pointer.

mod challenge;
mod decision;
mod mcnemar;
mod rules;

pub(crate) use challenge::Challenge;
pub use challenge::Verdict;
pub(crate) use decision::{decide, decide_first};
pub use rules::Rules;
