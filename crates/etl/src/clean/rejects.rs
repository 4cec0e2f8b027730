//! Records that cannot be used, with the reason and their bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray, StringDictionaryBuilder, UInt64Array};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use tamiz_domain::{RejectReason, schema};
use tamiz_text::redact::Redactor;

use crate::clean::clean_rows::one_value;
use crate::read::framing::{Fault, KEPT_BYTES, SEEN_BYTES};

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
    /// Says where not all of the record is kept, but its first [`KEPT_BYTES`].
    pub(crate) fn new(row: u64, offset: Option<u64>, mut fault: Fault, raw: &[u8]) -> Self {
        // The reader has said it of a record that it did not read to the end.
        if raw.len() > KEPT_BYTES && fault.reason != RejectReason::RecordTooLarge {
            let detail = format!("{}; the first {KEPT_BYTES} of its {} bytes are kept", fault.detail, raw.len());
            fault.detail = detail.into();
        }
        Self { row, offset, fault, raw: raw[..raw.len().min(SEEN_BYTES)].to_vec() }
    }

    /// Record number in the file.
    pub(crate) fn row(&self) -> u64 {
        self.row
    }

    /// Masks personal data in the raw bytes, if there is something to mask, and only then cuts them.
    pub(crate) fn mask_and_cut(&mut self, redactor: Option<&Redactor>) {
        if let Some(Cow::Owned(masked)) =
            redactor.map(|redactor| redactor.redact_bytes(&self.raw, &mut BTreeMap::new()))
        {
            self.raw = masked;
        }
        self.raw.truncate(KEPT_BYTES);
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

#[cfg(test)]
mod tests {
    use tamiz_domain::PersonalData;

    use super::*;

    #[test]
    fn what_the_end_cuts_in_two_is_masked_whole() {
        let mut raw = vec![b' '; KEPT_BYTES - 9];
        raw.extend_from_slice(b"jane.doe@example.com and more");
        let mut reject = Reject::new(1, None, Fault::new(RejectReason::InvalidJson, "no JSON"), &raw);
        reject.mask_and_cut(Some(&Redactor::new([PersonalData::Email])));
        assert_eq!(reject.raw.len(), KEPT_BYTES);
        assert!(reject.raw.ends_with(b" [email] a"), "{}", String::from_utf8_lossy(&reject.raw[KEPT_BYTES - 20..]));
        assert!(reject.fault.detail.contains("the first 65536 of its 65556 bytes are kept"), "{}", reject.fault.detail);
    }
}
