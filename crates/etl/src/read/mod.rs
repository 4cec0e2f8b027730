//! From the bytes of an object to its records.

pub(crate) mod blocks;
pub(crate) mod container;
pub(crate) mod csv_framing;
pub(crate) mod decompress;
pub(crate) mod delimited;
pub(crate) mod expansion;
pub(crate) mod foreign;
pub(crate) mod framing;
pub(crate) mod json_framing;
pub(crate) mod line_framing;
pub(crate) mod parquet_lines;
pub(crate) mod record_reader;
pub(crate) mod shape;
pub(crate) mod sniff;
pub(crate) mod source_columns;
pub(crate) mod table;
pub(crate) mod utf16;
