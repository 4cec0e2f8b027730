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
use crate::read::framing::Fault;

/// One rejected record.
///
/// `raw` holds the record as it was uploaded, so that nothing is lost: the `rejected/` folder may hold user ids and
/// review text in the clear, and deserves the same protection as the uploads themselves.
#[derive(Debug)]
pub(crate) struct Reject {
    pub row: u64,
    pub fault: Fault,
    pub raw: Vec<u8>,
}

impl Reject {
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
        Arc::new(reasons.finish()),
        Arc::new(StringArray::from_iter_values(details)),
        Arc::new(remedies.finish()),
        Arc::new(BinaryArray::from_iter_values(rejects.iter().map(|reject| &reject.raw))),
    ];
    RecordBatch::try_new(schema::rejected(), columns)
}
