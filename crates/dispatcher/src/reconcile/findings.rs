//! What a reconciliation found.

use jiff::Timestamp;
use serde::Serialize;
use tamiz_domain::{ManifestObject, RunId};

/// Findings that are told by name; the rest is counted.
const NAMED: usize = 20;

/// What a reconciliation looked at, found and did.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// Uploads that the bucket holds.
    pub uploads: usize,
    /// Of these, how many are too young to be missed.
    pub too_young: usize,
    /// Whether what was found was only told and not announced.
    pub dry_run: bool,
    /// Uploads that no run has: no event ever came, or none was settled.
    pub unannounced: Findings,
    /// Uploads whose run was planned and never started.
    pub unstarted: Findings,
    /// Uploads under names that no stage can read, recorded as refused only now.
    pub refused: Findings,
}

impl Reconciled {
    /// Whether nothing was found that somebody should know of.
    pub fn is_clean(&self) -> bool {
        self.found() == 0
    }

    /// Number of uploads found.
    pub fn found(&self) -> usize {
        self.unannounced.count + self.unstarted.count + self.refused.count
    }
}

/// Uploads of one kind: all counted, the first ones by name.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// How many there are.
    pub count: usize,
    /// Their sizes together, in bytes.
    pub bytes: u64,
    /// The first of them.
    pub first: Vec<Finding>,
}

impl Findings {
    pub(crate) fn add(&mut self, size: u64, finding: impl FnOnce() -> Finding) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(size);
        if self.first.len() < NAMED {
            self.first.push(finding());
        }
    }
}

/// An upload that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where it lies.
    pub uri: String,
    /// Its version; none in a bucket without versions.
    pub version_id: Option<String>,
    /// When it was uploaded, where the bucket was asked.
    pub uploaded_at: Option<Timestamp>,
    /// The run that should have been started.
    pub run_id: Option<RunId>,
}

impl Finding {
    pub(crate) fn unannounced(object: &ManifestObject, uploaded_at: Timestamp) -> Self {
        let (uri, version_id) = (object.uri.clone(), object.version_id.clone());
        Self { uri, version_id, uploaded_at: Some(uploaded_at), run_id: None }
    }

    pub(crate) fn unstarted(object: &ManifestObject, run_id: &RunId) -> Self {
        let (uri, version_id) = (object.uri.clone(), object.version_id.clone());
        Self { uri, version_id, uploaded_at: None, run_id: Some(run_id.clone()) }
    }
}
