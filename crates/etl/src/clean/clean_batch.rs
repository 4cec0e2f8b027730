//! What becomes of a batch, before and after it is known which of its texts repeat earlier ones.

use tamiz_domain::{Configuration, DuplicateAction, DuplicateConfiguration, RejectReason, SampleRow};
use tamiz_text::Vocabulary;
use tamiz_text::redact::Redactor;

use crate::EtlError;
use crate::clean::batch::RawBatch;
use crate::clean::batch_facts::BatchFacts;
use crate::clean::clean_rows::{CleanColumns, encode_duplicates};
use crate::clean::cleaner::Cleaner;
use crate::clean::rejects::{Reject, rejected_rows};
use crate::quality::duplicates::Duplicate;
use crate::quality::reservoir::Reservoir;
use crate::quality::rows::Quality;
use crate::read::framing::Fault;
use crate::tally::Tally;
use crate::write::row_group::{RowGroup, RowGroupEncoder};

/// A batch whose records were read and analysed.
pub(crate) struct CleanBatch {
    /// Columns that wait to be encoded until it is known which of their rows are wanted; none where all are.
    waiting: Vec<CleanColumns>,
    pub facts: BatchFacts,
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
    /// Cleans a batch, slice by slice. Rows are encoded at once where all are wanted.
    ///
    /// # Errors
    /// Only when columns do not fit their schema, which is a bug.
    pub(crate) fn of(
        batch: &RawBatch,
        configuration: &Configuration,
        cleaner: &mut Cleaner,
        encoders: &mut Encoders,
    ) -> Result<Self, EtlError> {
        let mut clean = Self { waiting: Vec::new(), facts: BatchFacts::new(configuration.etl.sample_rows) };
        let DuplicateConfiguration { exact, near, .. } = configuration.duplicates;
        let may_drop = [exact, near].contains(&DuplicateAction::Drop);
        cleaner.begin_batch();
        for rows in batch.slices() {
            let columns = cleaner.clean(batch, rows, &mut clean.facts).finish(&batch.file.source)?;
            if may_drop {
                clean.waiting.push(columns);
            } else if columns.num_rows() > 0 {
                columns.encode(cleaner.vocabulary(), &mut encoders.shards)?;
            }
        }
        Ok(clean)
    }

    /// Ends the batch, without the rows that repeat an earlier one where the configuration does not want them.
    ///
    /// `duplicates` says of each row how it repeats an earlier one; `vocabulary` numbered the words.
    ///
    /// # Errors
    /// Only when columns do not fit their schema, which is a bug.
    pub(crate) fn finish(
        mut self,
        batch: &RawBatch,
        duplicates: &[Option<Duplicate>],
        configuration: &Configuration,
        vocabulary: &Vocabulary,
        encoders: &mut Encoders,
    ) -> Result<EncodedRows, EtlError> {
        duplicates.iter().flatten().for_each(|duplicate| self.facts.quality.add_duplicate(*duplicate));
        let is_unwanted = |found: &Option<Duplicate>| {
            found.is_some_and(|duplicate| duplicate.action(&configuration.duplicates) == DuplicateAction::Drop)
        };
        let keep: Vec<bool> = duplicates.iter().map(|found| !is_unwanted(found)).collect();
        self.reject_unkept(batch, duplicates, &keep);
        self.encode_waiting(&keep, vocabulary, encoders)?;
        self.facts.rejects.iter_mut().for_each(|reject| reject.mask_and_cut(encoders.redactor.as_ref()));
        let BatchFacts { rejects, tally, quality, sample, .. } = self.facts;
        let sample = sample.map(|id, drawn| drawn.into_sample_row(id));
        let shard = match keep.iter().filter(|keep| **keep).count() {
            0 => None,
            num_rows => {
                let kept = duplicates.iter().zip(&keep).filter_map(|(found, keep)| keep.then_some(*found));
                encode_duplicates(kept, &mut encoders.shards)?;
                Some(encoders.shards.finish(num_rows)?)
            }
        };
        let rejected = match rejects.as_slice() {
            [] => None,
            rejects => Some(encoders.rejected.encode(&rejected_rows(&batch.file.source, rejects)?)?),
        };
        Ok(EncodedRows { shard, rejected, tally, quality, sample })
    }

    fn encode_waiting(
        &mut self,
        mut keep: &[bool],
        vocabulary: &Vocabulary,
        encoders: &mut Encoders,
    ) -> Result<(), EtlError> {
        for columns in self.waiting.drain(..) {
            let (here, later) = keep.split_at(columns.num_rows());
            keep = later;
            if here.contains(&true) {
                columns.filter(here)?.encode(vocabulary, &mut encoders.shards)?;
            }
        }
        Ok(())
    }

    fn reject_unkept(&mut self, batch: &RawBatch, duplicates: &[Option<Duplicate>], keep: &[bool]) {
        let BatchFacts { rows, rejects, tally, quality, .. } = &mut self.facts;
        for ((fact, found), _) in rows.iter().zip(duplicates).zip(keep).filter(|(_, keep)| !**keep) {
            let detail = match found {
                Some(Duplicate::Near) => "its text is nearly that of an earlier record",
                _ => "its text is that of an earlier record",
            };
            let fault = Fault::new(RejectReason::Duplicate, detail);
            tally.retract(fact.label, fact.targets, fact.language, fact.sentiment);
            tally.reject(fact.row, &fault);
            quality.add_reject(fault.reason);
            let record = batch.record(fact.row);
            rejects.push(Reject::new(fact.row, record.offset, fault, record.raw));
        }
        rejects.sort_by_key(Reject::row);
    }
}
