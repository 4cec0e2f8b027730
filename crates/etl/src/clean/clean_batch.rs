//! What became of a batch, before and after it is known which of its texts repeat earlier ones.

use tamiz_domain::{Configuration, DuplicateAction, RejectReason, SampleRow};
use tamiz_text::Vocabulary;
use tamiz_text::redact::Redactor;

use crate::EtlError;
use crate::clean::batch::RawBatch;
use crate::clean::clean_rows::CleanRows;
use crate::clean::rejects::{Reject, rejected_rows};
use crate::quality::duplicates::Duplicate;
use crate::quality::fingerprint::Fingerprint;
use crate::quality::reservoir::{Reservoir, sample_row};
use crate::quality::rows::Quality;
use crate::read::framing::Fault;
use crate::tally::Tally;
use crate::write::row_group::{RowGroup, RowGroupEncoder};

/// A batch whose records were read and analysed.
pub(crate) struct CleanBatch {
    pub rows: CleanRows,
    /// Of each row.
    pub facts: Vec<RowFact>,
    /// Of each row; none at all where repeated texts are not looked for.
    pub fingerprints: Vec<Fingerprint>,
    pub rejects: Vec<Reject>,
    pub tally: Tally,
    pub quality: Quality,
    /// Rows by their position in the batch.
    pub sample: Reservoir<usize>,
}

/// What is remembered of a row beside its columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowFact {
    /// Record number in the file.
    pub row: u64,
    pub label: Option<i8>,
    pub language: &'static str,
    pub sentiment: Option<&'static str>,
}

/// A batch that can be written.
pub(crate) struct EncodedRows {
    /// None where no row is left.
    pub shard: Option<RowGroup>,
    /// None where nothing was rejected.
    pub rejected: Option<RowGroup>,
    pub tally: Tally,
    pub quality: Quality,
    pub sample: Reservoir<SampleRow>,
}

/// One encoder for each kind of part, and what rejected records have to pass before.
pub(crate) struct Encoders {
    pub shards: RowGroupEncoder,
    pub rejected: RowGroupEncoder,
    /// None where nothing is to be masked.
    pub redactor: Option<Redactor>,
}

impl CleanBatch {
    /// Encodes the batch, without the rows that repeat an earlier one where the configuration does not want them.
    ///
    /// `duplicates` says of each row how it repeats an earlier one; `vocabulary` numbered the words.
    ///
    /// # Errors
    /// Only when columns do not fit their schema, which is a bug.
    pub(crate) fn encode(
        mut self,
        batch: &RawBatch,
        duplicates: &[Option<Duplicate>],
        configuration: &Configuration,
        vocabulary: &Vocabulary,
        encoders: &mut Encoders,
    ) -> Result<EncodedRows, EtlError> {
        duplicates.iter().flatten().for_each(|duplicate| self.quality.add_duplicate(*duplicate));
        let is_unwanted = |found: &Option<Duplicate>| {
            found.is_some_and(|duplicate| duplicate.action(&configuration.duplicates) == DuplicateAction::Drop)
        };
        let keep: Vec<bool> = duplicates.iter().map(|found| !is_unwanted(found)).collect();
        self.reject_unkept(batch, duplicates, &keep);
        let source = &batch.file.source;
        if let Some(redactor) = &encoders.redactor {
            self.rejects.iter_mut().for_each(|reject| reject.mask(redactor));
        }
        let Self { rows, facts, rejects, tally, quality, sample, .. } = self;
        let sample = sample.map(|id, at| sample_row(id, facts[at].label, facts[at].language, rows.text(at)));
        let mut columns = rows.finish(source, duplicates)?;
        if keep.contains(&false) {
            columns = columns.filter(&keep)?;
        }
        let shard = keep.contains(&true).then(|| columns.encode(vocabulary, &mut encoders.shards)).transpose()?;
        let rejected = match rejects.as_slice() {
            [] => None,
            rejects => Some(encoders.rejected.encode_batch(&rejected_rows(source, rejects)?)?),
        };
        Ok(EncodedRows { shard, rejected, tally, quality, sample })
    }

    fn reject_unkept(&mut self, batch: &RawBatch, duplicates: &[Option<Duplicate>], keep: &[bool]) {
        let Self { facts, rejects, tally, quality, .. } = self;
        for ((fact, found), _) in facts.iter().zip(duplicates).zip(keep).filter(|(_, keep)| !**keep) {
            let detail = match found {
                Some(Duplicate::Near) => "its text is nearly that of an earlier record",
                _ => "its text is that of an earlier record",
            };
            let fault = Fault::new(RejectReason::Duplicate, detail);
            tally.retract(fact.label, fact.language, fact.sentiment);
            tally.reject(fact.row, &fault);
            quality.add_reject(fault.reason);
            let record = batch.record(fact.row);
            rejects.push(Reject::new(fact.row, record.offset, fault, record.raw));
        }
        rejects.sort_by_key(Reject::row);
    }
}
