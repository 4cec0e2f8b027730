//! Everything that comes out of the workers, in order: parts, counts, and the lines that people read.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use tamiz_domain::{Conservation, Counts, EtlReport, FileProblem, FileReport, PartEntry, RunLayout, schema};

use crate::EtlError;
use crate::job::Job;
use crate::job::pipeline::Slot;
use crate::job::reader::FileEnd;
use crate::tally::Tally;
use crate::write::part_writer::PartWriter;
use crate::write::uploads::Uploads;

/// Writes parts and counts records.
pub(crate) struct Collector<'a> {
    job: &'a Job,
    shards: PartWriter,
    rejected: PartWriter,
    total: Tally,
    /// The current file's.
    tally: Tally,
    files: Vec<FileReport>,
    counts: Counts,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(job: &'a Job) -> Result<Self, EtlError> {
        let writer = |schema, folder| {
            let uploads = Uploads::new(job.runtime.clone(), job.output.clone());
            PartWriter::new(schema, folder, &job.run_id, job.rows_per_shard, uploads)
        };
        Ok(Self {
            job,
            shards: writer(schema::clean_shard(), RunLayout::SHARDS)?,
            rejected: writer(schema::rejected(), RunLayout::REJECTED)?,
            total: Tally::default(),
            tally: Tally::default(),
            files: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// Works until the end of all files; none if the reader gave up before.
    pub(crate) fn collect(mut self, slots: Receiver<Slot>) -> Result<Option<EtlReport>, EtlError> {
        for slot in slots {
            match slot {
                Slot::Batch(result) => {
                    let batch = result.recv().map_err(|_| EtlError::WorkerLost)??;
                    self.shards.write(&batch.rows)?;
                    if let Some(rejected) = &batch.rejected {
                        self.rejected.write(rejected)?;
                    }
                    self.tally.add(&batch.tally);
                }
                Slot::FileEnd(end) => self.end_file(*end)?,
                Slot::End => return self.finish().map(Some),
            }
        }
        Ok(None)
    }

    fn end_file(&mut self, end: FileEnd) -> Result<(), EtlError> {
        let tally = std::mem::take(&mut self.tally);
        let counts = tally.counts(end.num_records).conserved(&end.source)?;
        self.warn_of_file(&end, &tally);
        if tally.users_left_out > 0 && self.total.users_left_out == 0 {
            let run_id = &self.job.run_id;
            tracing::warn!(
                %run_id,
                stage = "etl",
                remedy = "Give the job a key as TAMIZ_USER_KEY.",
                "user ids are left out: there is no key to hash them with"
            );
        }
        self.total.add(&tally);
        self.counts += counts;
        self.files.push(FileReport { source: end.source, counts, format: end.format, problem: end.problem });
        Ok(())
    }

    /// One line for a file that cannot be read to its end, one for each reason that records were rejected for (file,
    /// record, what was wrong, what to do), and one for each kind of repair. Never review text.
    fn warn_of_file(&self, end: &FileEnd, tally: &Tally) {
        let (run_id, file) = (&self.job.run_id, &end.source);
        if let Some(FileProblem { reason, detail }) = &end.problem {
            let (meaning, remedy) = (reason.meaning(), reason.remedy());
            let record = end.num_records;
            tracing::warn!(%run_id, stage = "etl", file, record, %reason, detail, remedy, "file left out: {meaning}");
        }
        for (reason, (record, detail)) in &tally.first_rejected {
            let (meaning, remedy) = (reason.meaning(), reason.remedy());
            let count = tally.rejected_by_reason.get(reason);
            tracing::warn!(%run_id, stage = "etl", file, record, count, %reason, detail, remedy, "record rejected: {meaning}");
        }
        for (repair, count) in &tally.repairs {
            tracing::info!(%run_id, stage = "etl", file, count, repair, "text repaired");
        }
    }

    fn finish(self) -> Result<EtlReport, EtlError> {
        let shards = self.shards.finish()?;
        let rejected = self.rejected.finish()?;
        let rows = |parts: &[PartEntry]| parts.iter().map(|part| part.rows).sum();
        let written = Counts { input: self.counts.input, ok: rows(&shards), rejected: rows(&rejected), failed: 0 };
        let counts = written.conserved("the parts of the run")?;
        let max_array_size = self.job.configuration.inference.max_array_size;
        Ok(EtlReport {
            run_id: self.job.run_id.clone(),
            counts,
            labelled: self.total.labelled,
            num_shards: shards.len(),
            array_size: shards.len().min(max_array_size),
            shards,
            rejected,
            files: self.files,
            rejected_by_reason: self.total.rejected_by_reason,
            labels: self.total.labels,
            languages: owned(&self.total.languages),
            sentiments: owned(&self.total.sentiments),
        })
    }
}

fn owned(counts: &BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}
