//! How the records of one file are told apart and read.

use tamiz_domain::{FileProblem, RejectReason};

use crate::read::container::Origin;
use crate::read::framing::{Framing, Reading};
use crate::read::json_framing::JsonFraming;
use crate::read::line_framing::LineFraming;
use crate::read::table::Table;

/// The records of a file, and where they come from.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub records: Records,
    pub origin: Origin,
}

/// What the records of a file are.
#[derive(Debug, Clone)]
pub(crate) enum Records {
    /// One object a line.
    JsonLines,
    /// Objects in any layout, in an array or one after the other.
    Json {
        is_array: bool,
    },
    FastText,
    Delimited(Box<Table>),
}

impl Shape {
    /// The shape of a Parquet file, whose rows are read as JSON Lines.
    pub(crate) fn parquet() -> Self {
        Self { records: Records::JsonLines, origin: Origin::Parquet }
    }

    /// What cuts the records out of the bytes.
    pub(crate) fn framing(&self) -> Box<dyn Framing + Send> {
        match &self.records {
            Records::JsonLines => Box::new(LineFraming(Reading::Json)),
            Records::Json { .. } => Box::new(JsonFraming),
            Records::FastText => Box::new(LineFraming(Reading::FastText)),
            Records::Delimited(table) => Box::new(table.framing.clone()),
        }
    }

    /// Whether the bytes before a record are bytes of the file.
    pub(crate) fn has_offsets(&self) -> bool {
        self.origin != Origin::Parquet
    }

    /// Whether reading may begin at any record, given the bytes before it: not where offsets are those of other bytes, and
    /// not inside an array.
    pub(crate) fn is_divisible(&self) -> bool {
        self.origin == Origin::Text && !matches!(self.records, Records::Json { .. })
    }

    /// What is wrong with a file of which every byte could be read: nothing in it, or an array that is never closed,
    /// which is all that tells of an upload cut off between two records. `last` is its last byte that is no white
    /// space.
    pub(crate) fn end_problem(&self, num_records: u64, last: Option<u8>) -> Option<FileProblem> {
        let problem = |reason, detail: String| Some(FileProblem { reason, detail });
        match self.records {
            Records::Json { is_array: true } if last != Some(b']') => {
                problem(RejectReason::TruncatedFile, format!("its array is not closed after record {num_records}"))
            }
            _ if num_records > 0 => None,
            Records::Json { .. } => problem(RejectReason::HeaderOnly, "its array is empty".to_owned()),
            Records::Delimited(_) => problem(RejectReason::HeaderOnly, "no record follows its header".to_owned()),
            Records::JsonLines | Records::FastText => problem(RejectReason::HeaderOnly, "it has no rows".to_owned()),
        }
    }
}
