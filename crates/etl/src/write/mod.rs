//! From columns to Parquet parts in the run's folder.

pub(crate) mod bits;
pub(crate) mod part_writer;
pub(crate) mod row_group;
pub(crate) mod upload;
pub(crate) mod word_lists;
pub(crate) mod word_pages;
