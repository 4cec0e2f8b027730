//! From raw records to rows of a clean shard.

pub(crate) mod batch;
pub(crate) mod batch_facts;
pub(crate) mod clean_batch;
pub(crate) mod clean_rows;
pub(crate) mod cleaner;
mod fasttext;
mod json_values;
mod labels;
mod record;
pub(crate) mod rejects;
pub(crate) mod user_key;
mod values;
