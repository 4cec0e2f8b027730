//! Labelled rows: where they lie, what they hold, and which side of the split they are on.

mod columns;
mod entities;
mod label;
mod read;
mod rows;
mod sources;
mod split;
mod spool;

pub(crate) use label::{Answer, Label, NO_LABEL, Span};
pub(crate) use read::{Labelled, read};
#[cfg(test)]
pub(crate) use rows::tests::rows;
pub(crate) use rows::{Row, Rows};
pub(crate) use sources::Sources;
pub(crate) use split::{Split, SplitSettings, folds, split};
