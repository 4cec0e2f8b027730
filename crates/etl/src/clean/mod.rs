//! From raw records to rows of a clean shard.

pub(crate) mod batch;
pub(crate) mod clean_rows;
pub(crate) mod cleaner;
mod fasttext;
mod json_values;
mod labels;
pub(crate) mod record;
mod rejects;
pub(crate) mod user_key;
mod values;
