//! Counting what became of records.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tamiz_domain::{Counts, MAX_TARGETS, RejectReason};
use tamiz_text::Analysis;

use crate::read::framing::Fault;

/// Outcomes and properties of some records.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub ok: u64,
    pub rejected: u64,
    pub labelled: u64,
    pub labels: BTreeMap<i8, u64>,
    /// Rows that carry each further label.
    #[serde(default)]
    pub targets: [u64; MAX_TARGETS],
    pub languages: BTreeMap<String, u64>,
    pub sentiments: BTreeMap<String, u64>,
    pub rejected_by_reason: BTreeMap<RejectReason, u64>,
    /// The first record rejected for each reason: its row and what was seen.
    pub first_rejected: BTreeMap<RejectReason, (u64, String)>,
    /// Records whose user could not be hashed, for want of a key.
    pub users_left_out: u64,
}

impl Tally {
    /// `targets` says bit by bit which further labels there are.
    pub(crate) fn accept(&mut self, label: Option<i8>, targets: u8, analysis: &Analysis<'_>) {
        self.ok += 1;
        marked(targets).for_each(|number| self.targets[number] += 1);
        if let Some(label) = label {
            self.labelled += 1;
            *self.labels.entry(label).or_default() += 1;
        }
        count(&mut self.languages, analysis.language().code());
        if let Some(sentiment) = analysis.sentiment() {
            count(&mut self.sentiments, sentiment.name());
        }
    }

    pub(crate) fn reject(&mut self, row: u64, fault: &Fault) {
        self.rejected += 1;
        *self.rejected_by_reason.entry(fault.reason).or_default() += 1;
        self.first_rejected.entry(fault.reason).or_insert_with(|| (row, fault.detail.to_string()));
    }

    /// Takes back a record that was accepted and is a repeated one, which are not wanted.
    pub(crate) fn retract(&mut self, label: Option<i8>, targets: u8, language: &str, sentiment: Option<&str>) {
        self.ok -= 1;
        marked(targets).for_each(|number| self.targets[number] -= 1);
        if let Some(label) = label {
            self.labelled -= 1;
            take_one(&mut self.labels, &label);
        }
        take_one(&mut self.languages, language);
        if let Some(sentiment) = sentiment {
            take_one(&mut self.sentiments, sentiment);
        }
    }

    /// Adds the tally of later records.
    pub(crate) fn add(&mut self, later: &Self) {
        self.ok += later.ok;
        self.rejected += later.rejected;
        self.labelled += later.labelled;
        self.users_left_out += later.users_left_out;
        self.targets.iter_mut().zip(later.targets).for_each(|(count, more)| *count += more);
        sum(&mut self.labels, &later.labels);
        sum(&mut self.languages, &later.languages);
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

/// Numbers of the bits that are set.
fn marked(targets: u8) -> impl Iterator<Item = usize> {
    (0..MAX_TARGETS).filter(move |number| targets >> number & 1 == 1)
}

fn sum<K: Clone + Ord>(counts: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        *counts.entry(key.clone()).or_default() += count;
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}

fn take_one<K: Ord + Borrow<Q>, Q: Ord + ?Sized>(counts: &mut BTreeMap<K, u64>, key: &Q) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
    }
    counts.retain(|_, count| *count > 0);
}
