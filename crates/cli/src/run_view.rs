//! What the stores and the engine tell of one run.

use serde::Serialize;
use tamiz_aws::Execution;
use tamiz_domain::{EtlReport, FailureNote, Manifest, RunId, RunLayout, Summary, Verdict};
use tamiz_ports::{ExecutionStatus, Folder};

use crate::error::CommandError;
use crate::place::{Cloud, Place};

/// A run as far as it has come.
pub struct RunView {
    pub run_id: RunId,
    /// Its folder in staging, and in the results.
    pub folders: (Folder, Folder),
    pub manifest: Option<Manifest>,
    pub etl: Option<EtlReport>,
    /// Parts of predictions that are written.
    pub labelled_parts: usize,
    pub summary: Option<Summary>,
    /// What stages say that failed for good.
    pub notes: Vec<FailureNote>,
    /// What the engine tells; none of a folder, or of a run that it has forgotten.
    pub execution: Option<Execution>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nobody knows it.
    Unknown,
    /// It has a manifest, and was not started yet.
    Planned,
    /// Records become clean rows.
    Cleaning,
    /// Clean rows are labelled.
    Labelling,
    /// The report is written.
    Reporting,
    /// Reported as a success.
    Ok,
    /// Reported as failed, or ended without a report.
    Failed,
}

impl Progress {
    /// Whether nothing more comes.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Ok | Self::Failed)
    }

    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "not known",
            Self::Planned => "planned, not started yet",
            Self::Cleaning => "cleaning",
            Self::Labelling => "labelling",
            Self::Reporting => "reporting",
            Self::Ok => "OK",
            Self::Failed => "FAILED",
        }
    }
}

impl RunView {
    /// Reads all of it.
    pub async fn load(place: &Place, run_id: &RunId) -> Result<Self, CommandError> {
        let name = RunLayout::run(run_id);
        let (staging, results) = (place.staging.child(&name), place.results.child(&name));
        let summary: Option<Summary> =
            results.read_json_if_exists(RunLayout::SUMMARY).await.map_err(CommandError::stage)?;
        let manifest = staging.read_json_if_exists(RunLayout::MANIFEST).await.map_err(CommandError::stage)?;
        let etl = staging.read_json_if_exists(RunLayout::ETL).await.map_err(CommandError::stage)?;
        let parts = results.list(RunLayout::PREDICTIONS).await.map_err(CommandError::stage)?;
        let execution = match &place.cloud {
            Some(Cloud { aws, deployment }) => {
                let workflow = aws.workflow(&deployment.state_machine_arn());
                workflow.execution(run_id).await.map_err(CommandError::stage)?
            }
            None => None,
        };
        let notes = notes(&staging).await?;
        let folders = (staging, results);
        Ok(Self {
            run_id: run_id.clone(),
            folders,
            manifest,
            etl,
            labelled_parts: parts.len(),
            summary,
            notes,
            execution,
        })
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let status = self.execution.as_ref().map(|execution| execution.status);
        match (&self.summary, status, &self.etl) {
            (Some(summary), ..) if summary.verdict == Verdict::Ok => Progress::Ok,
            (Some(_), ..) | (None, Some(ExecutionStatus::Failed), _) => Progress::Failed,
            (None, None, None) if self.manifest.is_none() => Progress::Unknown,
            (None, None, None) => Progress::Planned,
            (None, _, None) => Progress::Cleaning,
            (None, _, Some(etl)) if self.labelled_parts < etl.num_shards => Progress::Labelling,
            (None, _, Some(_)) => Progress::Reporting,
        }
    }
}

async fn notes(staging: &Folder) -> Result<Vec<FailureNote>, CommandError> {
    let listed = staging.list(RunLayout::ERRORS).await.map_err(CommandError::stage)?;
    let mut notes = Vec::new();
    for name in listed.iter().filter_map(|object| object.location.filename()) {
        notes.push(staging.read_json(&format!("{}/{name}", RunLayout::ERRORS)).await.map_err(CommandError::stage)?);
    }
    Ok(notes)
}
