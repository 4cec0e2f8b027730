//! What one worker does: a batch of raw records in, rows and rejects out.

use arrow::error::ArrowError;
use tamiz_domain::Configuration;
use tamiz_text::Analyzer;

use crate::clean::batch::{CleanBatch, RawBatch, RowRecord};
use crate::clean::clean_rows::CleanRows;
use crate::clean::record::RecordParser;
use crate::clean::rejects::{Reject, rejected_rows};
use crate::clean::user_key::UserKey;
use crate::read::framing::{Fault, Reading};
use crate::tally::Tally;

/// A worker's tools; one for each thread.
pub(crate) struct Cleaner {
    user_key: Option<UserKey>,
    parser: RecordParser,
    analyzer: Analyzer,
}

impl Cleaner {
    pub(crate) fn new(configuration: &Configuration, user_key: Option<UserKey>) -> Self {
        Self { user_key, parser: RecordParser::new(configuration), analyzer: Analyzer::new() }
    }

    /// Cleans a batch. The answer depends on the batch alone, not on what this worker did before.
    ///
    /// # Errors
    /// Only when columns do not fit their schema, which is a bug.
    pub(crate) fn clean(&mut self, batch: &RawBatch) -> Result<CleanBatch, ArrowError> {
        let mut tally = Tally::default();
        let mut rejects = Vec::new();
        let mut rows = CleanRows::with_capacity(batch.num_records(), batch.num_bytes());
        for RowRecord { row, offset, raw, reading } in batch.records() {
            let outcome = match reading {
                Ok(reading) => self.clean_record(batch, row, raw, *reading, &mut rows, &mut tally),
                Err(fault) => Err(fault.clone()),
            };
            if let Err(fault) = outcome {
                tally.reject(row, &fault);
                rejects.push(Reject::new(row, offset, fault, raw));
            }
        }
        let source = &batch.file.source;
        let rows = rows.finish(source)?;
        let rejected = if rejects.is_empty() { None } else { Some(rejected_rows(source, &rejects)?) };
        Ok(CleanBatch { rows, rejected, tally })
    }

    fn clean_record(
        &mut self,
        batch: &RawBatch,
        row: u64,
        raw: &[u8],
        reading: Reading,
        rows: &mut CleanRows,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let review = self.parser.parse(raw, reading, &batch.file.shape)?;
        let analysis = self.analyzer.analyze(&review.text);
        let user = match (&self.user_key, &review.user) {
            (Some(key), Some(user)) => Some(key.hash(user)),
            (None, Some(_)) => {
                tally.users_left_out += 1;
                None
            }
            (_, None) => None,
        };
        tally.accept(&review, &analysis);
        let review_id = format!("{}-{row:08}", batch.file.id_prefix);
        rows.append(&review_id, row, &review, &analysis, user);
        Ok(())
    }
}
