//! What the workers did, added up for `etl.json` and told to people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tamiz_domain::{Conservation, Counts, EtlReport, FileProblem, FileReport, PartEntry, RunId};

use crate::EtlError;
use crate::job::source::FileEnd;
use crate::tally::Tally;

/// What became of a part of a run, or of all of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// In order.
    pub shards: Vec<PartEntry>,
    /// In order.
    pub rejected: Vec<PartEntry>,
    /// Of each object, by its number among the run's own.
    pub tallies: BTreeMap<usize, Tally>,
}

impl Outcome {
    /// Adds what became of the part that follows.
    pub(crate) fn add(&mut self, later: Self) {
        self.shards.extend(later.shards);
        self.rejected.extend(later.rejected);
        for (object, tally) in later.tallies {
            self.tallies.entry(object).or_default().add(&tally);
        }
    }

    /// Adds everything up, file by file.
    ///
    /// # Errors
    /// [`EtlError::NotConserved`] when a record was lost or invented.
    pub(crate) fn report(
        mut self,
        run_id: &RunId,
        files: Vec<FileEnd>,
        max_array_size: usize,
    ) -> Result<EtlReport, EtlError> {
        let (mut total, mut read, mut reports) = (Tally::default(), Counts::default(), Vec::new());
        for (object, end) in files.into_iter().enumerate() {
            let tally = self.tallies.remove(&object).unwrap_or_default();
            let counts = tally.counts(end.num_records).conserved(&end.source)?;
            warn_of_file(run_id, &end, &tally);
            total.add(&tally);
            read += counts;
            reports.push(FileReport { source: end.source, counts, format: end.format, problem: end.problem });
        }
        warn_of_users(run_id, &total);
        let rows = |parts: &[PartEntry]| parts.iter().map(|part| part.rows).sum();
        let Self { shards, rejected, .. } = self;
        let written = Counts { input: read.input, ok: rows(&shards), rejected: rows(&rejected), failed: 0 };
        Ok(EtlReport {
            run_id: run_id.clone(),
            counts: written.conserved("the parts of the run")?,
            labelled: total.labelled,
            num_shards: shards.len(),
            array_size: shards.len().min(max_array_size),
            shards,
            rejected,
            files: reports,
            rejected_by_reason: total.rejected_by_reason,
            labels: total.labels,
            languages: total.languages,
            sentiments: total.sentiments,
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
