//! Records that cannot be used, with the reason and their bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray, StringDictionaryBuilder, UInt64Array};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use tamiz_domain::schema;
use tamiz_text::redact::Redactor;

use crate::clean::clean_rows::one_value;
use crate::read::framing::{Fault, KEPT_BYTES};

/// One rejected record.
///
/// `raw` holds the record as it was uploaded, so that nothing is lost: the `rejected/` folder may hold user ids and
/// review text in the clear, and deserves the same protection as the uploads themselves.
#[derive(Debug)]
pub(crate) struct Reject {
    row: u64,
    offset: Option<u64>,
    fault: Fault,
    raw: Vec<u8>,
}

impl Reject {
    /// Keeps the first [`KEPT_BYTES`] of the record, and says so where that is not all.
    pub(crate) fn new(row: u64, offset: Option<u64>, mut fault: Fault, raw: &[u8]) -> Self {
        if raw.len() > KEPT_BYTES {
            let detail = format!("{}; the first {KEPT_BYTES} of its {} bytes are kept", fault.detail, raw.len());
            fault.detail = detail.into();
        }
        Self { row, offset, fault, raw: raw[..raw.len().min(KEPT_BYTES)].to_vec() }
    }

    /// Record number in the file.
    pub(crate) fn row(&self) -> u64 {
        self.row
    }

    /// Masks personal data in the raw bytes.
    pub(crate) fn mask(&mut self, redactor: &Redactor) {
        if let Cow::Owned(masked) = redactor.redact_bytes(&self.raw, &mut BTreeMap::new()) {
            self.raw = masked;
        }
    }
}

/// The rows of [`schema::rejected`] for records of one source.
///
/// # Errors
/// Only when the columns do not fit the schema, which is a bug.
pub(crate) fn rejected_rows(source: &str, rejects: &[Reject]) -> Result<RecordBatch, ArrowError> {
    let mut reasons = StringDictionaryBuilder::<Int32Type>::new();
    let mut remedies = StringDictionaryBuilder::<Int32Type>::new();
    for reject in rejects {
        reasons.append_value(reject.fault.reason.code());
        remedies.append_value(reject.fault.reason.remedy());
    }
    let details = rejects.iter().map(|reject| format!("{source}, record {}: {}", reject.row, reject.fault.detail));
    let columns: Vec<ArrayRef> = vec![
        one_value(source, rejects.len())?,
        Arc::new(UInt64Array::from_iter_values(rejects.iter().map(|reject| reject.row))),
        Arc::new(UInt64Array::from_iter(rejects.iter().map(|reject| reject.offset))),
        Arc::new(reasons.finish()),
        Arc::new(StringArray::from_iter_values(details)),
        Arc::new(remedies.finish()),
        Arc::new(BinaryArray::from_iter_values(rejects.iter().map(|reject| &reject.raw))),
    ];
    RecordBatch::try_new(schema::rejected(), columns)
}
