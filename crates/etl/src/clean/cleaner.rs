//! What one worker does: a batch of raw records in, rows and rejects out.

use tamiz_domain::{Configuration, LabelScheme};
use tamiz_text::{Analyzer, Vocabulary};

use crate::clean::batch::RawBatch;
use crate::clean::clean_rows::CleanRows;
use crate::clean::record::RecordParser;
use crate::clean::rejects::Reject;
use crate::clean::user_key::UserKey;
use crate::columns::FieldNames;
use crate::read::framing::{Fault, Reading};
use crate::tally::Tally;

/// What became of a batch.
pub(crate) struct CleanBatch {
    pub rows: CleanRows,
    pub rejects: Vec<Reject>,
    pub tally: Tally,
}

/// A worker's tools; one for each thread.
pub(crate) struct Cleaner {
    names: FieldNames,
    labels: LabelScheme,
    user_key: Option<UserKey>,
    parser: RecordParser,
    analyzer: Analyzer,
}

impl Cleaner {
    pub(crate) fn new(configuration: &Configuration, user_key: Option<UserKey>) -> Self {
        Self {
            names: FieldNames::new(&configuration.columns),
            labels: configuration.labels.clone(),
            user_key,
            parser: RecordParser::default(),
            analyzer: Analyzer::new(),
        }
    }

    /// Cleans a batch. The answer depends on the batch alone, not on what this worker did before.
    pub(crate) fn clean(&mut self, batch: &RawBatch) -> CleanBatch {
        self.analyzer.begin_batch();
        let mut clean = CleanBatch {
            rows: CleanRows::with_capacity(batch.num_records(), batch.num_bytes()),
            rejects: Vec::new(),
            tally: Tally::default(),
        };
        for (row, raw, reading) in batch.records() {
            let outcome = match reading {
                Ok(reading) => self.clean_record(batch, row, raw, *reading, &mut clean),
                Err(fault) => Err(fault.clone()),
            };
            if let Err(fault) = outcome {
                clean.tally.reject(row, &fault);
                clean.rejects.push(Reject { row, fault, raw: raw.to_vec() });
            }
        }
        clean
    }

    /// The words of the batch that was cleaned last.
    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        self.analyzer.vocabulary()
    }

    fn clean_record(
        &mut self,
        batch: &RawBatch,
        row: u64,
        raw: &[u8],
        reading: Reading,
        clean: &mut CleanBatch,
    ) -> Result<(), Fault> {
        let review = self.parser.parse(raw, reading, &batch.file.shape, &self.names, &self.labels)?;
        let analysis = self.analyzer.analyze(&review.text);
        let user = match (&self.user_key, &review.user) {
            (Some(key), Some(user)) => Some(key.hash(user)),
            (None, Some(_)) => {
                clean.tally.users_left_out += 1;
                None
            }
            (_, None) => None,
        };
        clean.tally.accept(review.label, &analysis);
        clean.rows.append(&batch.file.id_prefix, row, &review, &analysis, user);
        Ok(())
    }
}
