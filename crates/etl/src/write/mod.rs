//! From rows to Parquet parts in the run's folder.

pub(crate) mod part_writer;
pub(crate) mod uploads;
