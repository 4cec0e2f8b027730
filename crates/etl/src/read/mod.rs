//! From the bytes of an object to its records.

pub(crate) mod csv_framing;
pub(crate) mod decompress;
pub(crate) mod delimited;
pub(crate) mod foreign;
pub(crate) mod framing;
pub(crate) mod jsonl_framing;
pub(crate) mod record_reader;
pub(crate) mod sniff;
pub(crate) mod table;
