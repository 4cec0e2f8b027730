//! What the workers did, added up for `etl.json` and told to people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tamiz_domain::{
    Configuration, Conservation, Counts, DataQuality, EtlReport, FileProblem, FileReport, PartEntry, RunId, SampleRow,
};

use crate::EtlError;
use crate::job::file_end::FileEnd;
use crate::quality::reservoir::Reservoir;
use crate::quality::rows::Quality;
use crate::tally::Tally;

/// What became of a part of a run, or of all of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// In order.
    pub shards: Vec<PartEntry>,
    /// In order.
    pub rejected: Vec<PartEntry>,
    /// Of each object, by its number among the run's own.
    pub files: BTreeMap<usize, FileTally>,
    /// In order of review ids.
    pub sample: Vec<SampleRow>,
}

/// What became of records of one object, and what they are like.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct FileTally {
    pub tally: Tally,
    pub quality: Quality,
}

impl FileTally {
    /// Adds later records.
    pub(crate) fn add(&mut self, later: &Self) {
        self.tally.add(&later.tally);
        self.quality.merge(&later.quality);
    }
}

impl Outcome {
    /// Adds what became of the part that follows; keeps a sample of so many rows.
    pub(crate) fn add(&mut self, later: Self, sample_rows: usize) {
        self.shards.extend(later.shards);
        self.rejected.extend(later.rejected);
        for (object, file) in later.files {
            self.files.entry(object).or_default().add(&file);
        }
        let mut sample = Reservoir::new(sample_rows);
        let rows = std::mem::take(&mut self.sample).into_iter().chain(later.sample);
        sample.merge_rows(rows, |row| row.review_id.clone());
        self.sample = sample.into_rows();
    }

    /// Adds everything up, file by file.
    ///
    /// # Errors
    /// [`EtlError::NotConserved`] when a record was lost or invented.
    pub(crate) fn report(
        mut self,
        run_id: &RunId,
        ends: Vec<FileEnd>,
        configuration: &Configuration,
    ) -> Result<EtlReport, EtlError> {
        let (mut all, mut read, mut files) = (FileTally::default(), Counts::default(), Vec::new());
        for (object, end) in ends.into_iter().enumerate() {
            let file = self.files.remove(&object).unwrap_or_default();
            let (tally, quality) = (&file.tally, file.quality.report());
            let counts = tally.counts(end.num_records).conserved(&end.source)?;
            warn_of_file(run_id, &end, tally);
            tell_of_repairs(run_id, &end.source, &quality);
            read += counts;
            all.add(&file);
            let FileEnd { source, format, columns, problem, .. } = end;
            files.push(FileReport { source, counts, format, columns, problem, quality });
        }
        let FileTally { tally: total, quality } = all;
        warn_of_users(run_id, &total);
        let rows = |parts: &[PartEntry]| parts.iter().map(|part| part.rows).sum();
        let Self { shards, rejected, sample, .. } = self;
        let written = Counts { input: read.input, ok: rows(&shards), rejected: rows(&rejected), failed: 0 };
        Ok(EtlReport {
            run_id: run_id.clone(),
            counts: written.conserved("the parts of the run")?,
            labelled: total.labelled,
            num_shards: shards.len(),
            array_size: shards.len().min(configuration.inference.max_array_size),
            shards,
            rejected,
            files,
            rejected_by_reason: total.rejected_by_reason,
            labels: total.labels,
            targets: configuration.columns.targets.iter().cloned().zip(total.targets).collect(),
            languages: total.languages,
            sentiments: total.sentiments,
            quality: quality.report(),
            sample,
        })
    }
}

/// One line for a file that cannot be read to its end, and one for each reason that records were rejected for:
/// file, record, what was wrong, what to do. Never review text.
fn warn_of_file(run_id: &RunId, end: &FileEnd, tally: &Tally) {
    let file = &end.source;
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
}

/// One line for each encoding that was repaired.
fn tell_of_repairs(run_id: &RunId, file: &str, quality: &DataQuality) {
    for (repair, count) in &quality.encoding_repairs {
        tracing::info!(%run_id, stage = "etl", file, count, repair, "text repaired");
    }
}

fn warn_of_users(run_id: &RunId, total: &Tally) {
    if total.users_left_out > 0 {
        tracing::warn!(
            %run_id,
            stage = "etl",
            remedy = "Give the job a key as TAMIZ_USER_KEY.",
            "user ids are left out: there is no key to hash them with"
        );
    }
}
