//! Which rows train, validate and judge. Pure: the text and the seed decide, nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::RetrainError;
use crate::rows::Row;

/// Share of the training part that decides when to stop.
const VALIDATION_SHARE: f64 = 0.1;

/// The rows by their part. No text is in two parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    /// Rows that steps are taken on.
    pub training: Vec<Row>,
    /// Rows of the training part that decide when to stop.
    pub validation: Vec<Row>,
    /// Rows that training never sees.
    pub holdout: Vec<Row>,
    /// What was left out.
    pub dropped: Dropped,
}

/// Rows that are in no part.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Rows whose text came before with the same label.
    pub repeated: usize,
    /// Rows whose text came with different labels: nobody knows which is right.
    pub contradictory: usize,
    /// Rows whose text is in the test data.
    pub in_test: usize,
}

/// How to split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SplitSettings {
    /// Share of the hold-out.
    pub holdout: f64,
    /// Makes another split of the same rows.
    pub seed: u64,
    /// Fewest texts of each class.
    pub min_rows_per_class: usize,
}

/// Splits rows into training, validation and hold-out; rows whose text is among `test` are left out.
///
/// Each text is drawn on its own by a hash, so every class is divided alike, and a text stays on its side when
/// rows are added later: a champion never meets a row of its own training in a later hold-out of the same seed.
pub(crate) fn split(rows: Vec<Row>, test: &[Row], settings: SplitSettings) -> Result<Split, RetrainError> {
    let test: HashSet<Key> = test.iter().map(|row| key(&row.text)).collect();
    let (rows, dropped) = distinct(rows, &test);
    let mut split = Split { dropped, ..Split::default() };
    check_classes(rows.iter().map(|(_, row)| row), settings.min_rows_per_class)?;
    for (key, row) in rows {
        let (first, second) = draws(&key, settings.seed);
        let part = match (first < settings.holdout, second < VALIDATION_SHARE) {
            (true, _) => &mut split.holdout,
            (false, true) => &mut split.validation,
            (false, false) => &mut split.training,
        };
        part.push(row);
    }
    check_parts(&split)?;
    Ok(split)
}

/// What makes two texts the same: SHA-256 of the words in lower case.
type Key = [u8; 32];

fn key(text: &str) -> Key {
    let mut hasher = Sha256::new();
    for word in text.split_whitespace() {
        hasher.update(word.to_lowercase().as_bytes());
        hasher.update(b" ");
    }
    hasher.finalize().into()
}

/// Two independent numbers in [0, 1) for a text and a seed.
fn draws(key: &Key, seed: u64) -> (f64, f64) {
    let hash: [u8; 32] = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(key).finalize().into();
    let number = |at: usize| {
        let bytes = std::array::from_fn(|i| hash[at + i]);
        // The 53 bits that a double holds exactly.
        (u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64
    };
    (number(0), number(8))
}

/// The first row of each text, unless its labels contradict each other or it is in the test data.
fn distinct(rows: Vec<Row>, test: &HashSet<Key>) -> (Vec<(Key, Row)>, Dropped) {
    let mut dropped = Dropped::default();
    let mut first: HashMap<Key, (usize, bool)> = HashMap::with_capacity(rows.len());
    let mut kept: Vec<(Key, Row)> = Vec::with_capacity(rows.len());
    for row in rows {
        let key = key(&row.text);
        if test.contains(&key) {
            dropped.in_test += 1;
        } else if let Some((at, contradicted)) = first.get_mut(&key) {
            *contradicted |= kept[*at].1.label != row.label;
            dropped.repeated += 1;
        } else {
            first.insert(key, (kept.len(), false));
            kept.push((key, row));
        }
    }
    let before = kept.len();
    kept.retain(|(key, _)| !first.get(key).is_some_and(|(_, contradicted)| *contradicted));
    dropped.contradictory = before - kept.len();
    (kept, dropped)
}

fn check_classes<'a>(rows: impl Iterator<Item = &'a Row>, least: usize) -> Result<(), RetrainError> {
    let mut counts: BTreeMap<i8, usize> = BTreeMap::new();
    rows.for_each(|row| *counts.entry(row.label).or_default() += 1);
    let too_few = |found: String| Err(RetrainError::TooFewRows { found });
    if counts.len() < 2 {
        let classes = counts.keys().next().map_or("none at all".into(), |label| format!("only label {label}"));
        return too_few(format!("{classes}, but a model needs two classes"));
    }
    match counts.iter().find(|(_, count)| **count < least) {
        Some((label, count)) => too_few(format!("label {label} has {count}, and {least} are needed of each")),
        None => Ok(()),
    }
}

/// Every class must be on every side: a class that is missing can neither be learnt nor judged.
fn check_parts(split: &Split) -> Result<(), RetrainError> {
    let labels = |rows: &[Row]| rows.iter().map(|row| row.label).collect::<std::collections::BTreeSet<i8>>();
    let sides = [("training", &split.training), ("validation", &split.validation), ("the hold-out", &split.holdout)];
    let all: std::collections::BTreeSet<i8> = sides.iter().flat_map(|(_, rows)| labels(rows)).collect();
    for (side, rows) in sides {
        if let Some(label) = all.difference(&labels(rows)).next() {
            return Err(RetrainError::TooFewRows { found: format!("no text of label {label} fell to {side}") });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
