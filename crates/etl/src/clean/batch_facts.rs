//! What is known of a batch's records beside their columns.

use crate::clean::rejects::Reject;
use crate::quality::fingerprint::Fingerprint;
use crate::quality::reservoir::{DrawnRow, Reservoir};
use crate::quality::rows::Quality;
use crate::tally::Tally;

/// Grows slice by slice.
pub(crate) struct BatchFacts {
    /// Of each usable record.
    pub rows: Vec<RowFact>,
    /// Of each usable record; none at all where repeated texts are not looked for.
    pub fingerprints: Vec<Fingerprint>,
    pub rejects: Vec<Reject>,
    pub tally: Tally,
    pub quality: Quality,
    pub sample: Reservoir<DrawnRow>,
}

/// What is remembered of a row beside its columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowFact {
    /// Record number in the file.
    pub row: u64,
    pub label: Option<i8>,
    /// Which of the further labels there are, bit by bit.
    pub targets: u8,
    pub language: &'static str,
    pub sentiment: Option<&'static str>,
}

impl BatchFacts {
    /// Of no record yet.
    pub(crate) fn new(sample_rows: usize) -> Self {
        Self {
            rows: Vec::new(),
            fingerprints: Vec::new(),
            rejects: Vec::new(),
            tally: Tally::default(),
            quality: Quality::default(),
            sample: Reservoir::new(sample_rows),
        }
    }
}
