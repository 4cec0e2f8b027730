//! Everything that comes out of the workers, in order.

use std::collections::BTreeMap;

use tamiz_domain::{RunLayout, SampleRow, schema};

use crate::EtlError;
use crate::clean::clean_batch::EncodedRows;
use crate::job::Job;
use crate::job::report::{FileTally, Outcome};
use crate::quality::reservoir::Reservoir;
use crate::write::part_writer::PartWriter;

/// Writes parts and counts records.
pub(crate) struct Collector {
    shards: PartWriter,
    rejected: PartWriter,
    files: BTreeMap<usize, FileTally>,
    sample: Reservoir<SampleRow>,
}

impl Collector {
    pub(crate) fn new(job: &Job) -> Self {
        let writer =
            |schema, folder| PartWriter::new(schema, &job.run_id, folder, job.output.clone(), job.runtime.clone());
        let shards = writer(schema::clean_shard(&job.configuration.columns.targets), RunLayout::SHARDS);
        let rejected = writer(schema::rejected(), RunLayout::REJECTED);
        let sample = Reservoir::new(job.configuration.etl.sample_rows);
        Self { shards, rejected, files: BTreeMap::new(), sample }
    }

    /// Takes what follows the batches before.
    pub(crate) fn append(&mut self, split: usize, object: usize, rows: EncodedRows) -> Result<(), EtlError> {
        if let Some(shard) = rows.shard {
            self.shards.write(split, shard)?;
        }
        if let Some(rejected) = rows.rejected {
            self.rejected.write(split, rejected)?;
        }
        self.files.entry(object).or_default().add(&FileTally { tally: rows.tally, quality: rows.quality });
        self.sample.merge(rows.sample);
        Ok(())
    }

    /// Waits until all parts are stored.
    pub(crate) fn finish(self) -> Result<Outcome, EtlError> {
        Ok(Outcome {
            shards: self.shards.finish()?,
            rejected: self.rejected.finish()?,
            files: self.files,
            sample: self.sample.into_rows(),
        })
    }
}
