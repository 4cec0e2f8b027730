//! Counting what became of records.

use std::collections::BTreeMap;

use tamiz_domain::{Counts, RejectReason};
use tamiz_text::Analysis;

use crate::clean::record::Review;
use crate::read::framing::Fault;

/// Outcomes and properties of some records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub ok: u64,
    pub rejected: u64,
    pub labelled: u64,
    pub labels: BTreeMap<i8, u64>,
    pub languages: BTreeMap<&'static str, u64>,
    pub sentiments: BTreeMap<&'static str, u64>,
    pub rejected_by_reason: BTreeMap<RejectReason, u64>,
    /// The first record rejected for each reason: its row and what was seen.
    pub first_rejected: BTreeMap<RejectReason, (u64, String)>,
    /// Usable records by what had to be done to read their text.
    pub repairs: BTreeMap<&'static str, u64>,
    /// Records whose user could not be hashed, for want of a key.
    pub users_left_out: u64,
}

impl Tally {
    pub(crate) fn accept(&mut self, review: &Review<'_>, analysis: &Analysis<'_>) {
        self.ok += 1;
        if let Some(repair) = review.repair {
            *self.repairs.entry(repair.code()).or_default() += 1;
        }
        if let Some(label) = review.label {
            self.labelled += 1;
            *self.labels.entry(label).or_default() += 1;
        }
        *self.languages.entry(analysis.language().code()).or_default() += 1;
        if let Some(sentiment) = analysis.sentiment() {
            *self.sentiments.entry(sentiment.name()).or_default() += 1;
        }
    }

    pub(crate) fn reject(&mut self, row: u64, fault: &Fault) {
        self.rejected += 1;
        *self.rejected_by_reason.entry(fault.reason).or_default() += 1;
        self.first_rejected.entry(fault.reason).or_insert_with(|| (row, fault.detail.to_string()));
    }

    /// Adds the tally of later records.
    pub(crate) fn add(&mut self, later: &Self) {
        self.ok += later.ok;
        self.rejected += later.rejected;
        self.labelled += later.labelled;
        self.users_left_out += later.users_left_out;
        sum(&mut self.labels, &later.labels);
        sum(&mut self.languages, &later.languages);
        sum(&mut self.repairs, &later.repairs);
        sum(&mut self.sentiments, &later.sentiments);
        sum(&mut self.rejected_by_reason, &later.rejected_by_reason);
        for (reason, first) in &later.first_rejected {
            self.first_rejected.entry(*reason).or_insert_with(|| first.clone());
        }
    }

    /// The counts of `input` records with these outcomes.
    pub(crate) fn counts(&self, input: u64) -> Counts {
        Counts { input, ok: self.ok, rejected: self.rejected, failed: 0 }
    }
}

fn sum<K: Copy + Ord>(counts: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        *counts.entry(*key).or_default() += count;
    }
}
