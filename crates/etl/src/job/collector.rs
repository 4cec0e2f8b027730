//! Everything that comes out of the workers, in order.

use std::collections::BTreeMap;

use tamiz_domain::{RunLayout, schema};

use crate::EtlError;
use crate::job::Job;
use crate::job::report::Outcome;
use crate::tally::Tally;
use crate::write::part_writer::PartWriter;
use crate::write::row_group::RowGroup;

/// What a worker made of a batch.
pub(crate) struct EncodedBatch {
    pub split: usize,
    pub object: usize,
    /// None where no row is left.
    pub rows: Option<RowGroup>,
    /// None where nothing was rejected.
    pub rejected: Option<RowGroup>,
    pub tally: Tally,
}

/// Writes parts and counts records.
pub(crate) struct Collector {
    shards: PartWriter,
    rejected: PartWriter,
    tallies: BTreeMap<usize, Tally>,
}

impl Collector {
    pub(crate) fn new(job: &Job) -> Self {
        let writer =
            |schema, folder| PartWriter::new(schema, &job.run_id, folder, job.output.clone(), job.runtime.clone());
        let shards = writer(schema::clean_shard(), RunLayout::SHARDS);
        let rejected = writer(schema::rejected(), RunLayout::REJECTED);
        Self { shards, rejected, tallies: BTreeMap::new() }
    }

    /// Takes what follows the batches before.
    pub(crate) fn append(&mut self, batch: EncodedBatch) -> Result<(), EtlError> {
        if let Some(rows) = batch.rows {
            self.shards.write(batch.split, rows)?;
        }
        if let Some(rejected) = batch.rejected {
            self.rejected.write(batch.split, rejected)?;
        }
        self.tallies.entry(batch.object).or_default().add(&batch.tally);
        Ok(())
    }

    /// Waits until all parts are stored.
    pub(crate) fn finish(self) -> Result<Outcome, EtlError> {
        Ok(Outcome { shards: self.shards.finish()?, rejected: self.rejected.finish()?, tallies: self.tallies })
    }
}
