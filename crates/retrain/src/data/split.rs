//! Which rows train, validate and judge. Pure: the text and the seed decide, nothing else.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::rows::Rows;
use crate::RetrainError;

/// Share of the training part that decides when to stop.
const VALIDATION_SHARE: f64 = 0.1;
/// Makes the draw of folds another one than that of sides.
const FOLD_SEED: u64 = 0x666f_6c64;

/// The rows by their part, as numbers in ascending order. No text is in two parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    /// Rows that steps are taken on.
    pub training: Vec<usize>,
    /// Rows of the training part that decide when to stop.
    pub validation: Vec<usize>,
    /// Rows that training never sees.
    pub holdout: Vec<usize>,
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
pub(crate) fn split(rows: &Rows, test: &Rows, settings: SplitSettings) -> Result<Split, RetrainError> {
    let test: HashSet<Key> = test.iter().map(|row| key(row.text)).collect();
    let (kept, dropped) = distinct(rows, &test, settings);
    let mut split = Split { dropped, ..Split::default() };
    check_classes(rows, kept.iter().map(|&(row, _)| row), settings.min_rows_per_class)?;
    for (row, side) in kept {
        let part = match side {
            Side::Holdout => &mut split.holdout,
            Side::Validation => &mut split.validation,
            Side::Training => &mut split.training,
        };
        part.push(row);
    }
    check_parts(rows, &split)?;
    Ok(split)
}

/// Divides training rows into `folds` parts of about the same size by the same kind of draw.
pub(crate) fn folds(rows: &Rows, of: &[usize], folds: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut parts = vec![Vec::new(); folds];
    for &row in of {
        let (draw, _) = draws(&key(rows.get(row).text), seed ^ FOLD_SEED);
        parts[((draw * folds as f64) as usize).min(folds - 1)].push(row);
    }
    parts
}

/// Where a text goes.
#[derive(Debug, Clone, Copy)]
enum Side {
    Training,
    Validation,
    Holdout,
}

impl Side {
    fn of(key: &Key, settings: SplitSettings) -> Self {
        let (first, second) = draws(key, settings.seed);
        match (first < settings.holdout, second < VALIDATION_SHARE) {
            (true, _) => Self::Holdout,
            (false, true) => Self::Validation,
            (false, false) => Self::Training,
        }
    }
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

/// The first row of each text and its side, unless its labels contradict each other or it is in the test data.
fn distinct(rows: &Rows, test: &HashSet<Key>, settings: SplitSettings) -> (Vec<(usize, Side)>, Dropped) {
    let mut dropped = Dropped::default();
    // Half of a digest is enough to tell texts apart, and half the memory; where among the kept rows the first one is.
    let mut first: HashMap<u128, u32> = HashMap::with_capacity(rows.len());
    let mut kept: Vec<(usize, Side)> = Vec::with_capacity(rows.len());
    let mut contradicted: HashSet<u32> = HashSet::new();
    for (number, row) in rows.iter().enumerate() {
        let key = key(row.text);
        if test.contains(&key) {
            dropped.in_test += 1;
            continue;
        }
        match first.entry(half(&key)) {
            Entry::Occupied(entry) => {
                let at = *entry.get();
                if rows.get(kept[at as usize].0).label != row.label {
                    contradicted.insert(at);
                }
                dropped.repeated += 1;
            }
            Entry::Vacant(entry) => {
                entry.insert(kept.len() as u32);
                kept.push((number, Side::of(&key, settings)));
            }
        }
    }
    dropped.contradictory = contradicted.len();
    let mut at = 0..;
    kept.retain(|_| at.next().is_some_and(|at| !contradicted.contains(&at)));
    (kept, dropped)
}

fn half(key: &Key) -> u128 {
    u128::from_le_bytes(std::array::from_fn(|at| key[at]))
}

fn check_classes(rows: &Rows, kept: impl Iterator<Item = usize>, least: usize) -> Result<(), RetrainError> {
    let mut counts: BTreeMap<i8, usize> = BTreeMap::new();
    kept.flat_map(|row| rows.get(row).label.classes()).for_each(|class| *counts.entry(class).or_default() += 1);
    let too_few = |found: String| Err(RetrainError::TooFewRows { found });
    if rows.have_entities() && counts.is_empty() {
        return too_few("no entity is marked in any of them".into());
    }
    if !rows.have_entities() && counts.len() < 2 {
        let classes =
            counts.keys().next().map_or("none at all".into(), |&label| format!("only {}", named(rows, label)));
        return too_few(format!("{classes}, but a model needs two classes"));
    }
    match counts.iter().find(|(_, count)| **count < least) {
        Some((&label, count)) => too_few(format!("{} has {count}, and {least} are needed of each", named(rows, label))),
        None => Ok(()),
    }
}

/// Every class must be on every side: a class that is missing can neither be learnt nor judged.
fn check_parts(rows: &Rows, split: &Split) -> Result<(), RetrainError> {
    let labels = |part: &[usize]| rows.pick(part).flat_map(|row| row.label.classes()).collect::<BTreeSet<i8>>();
    let sides = [("training", &split.training), ("validation", &split.validation), ("the hold-out", &split.holdout)];
    let all: BTreeSet<i8> = sides.iter().flat_map(|(_, part)| labels(part)).collect();
    for (side, part) in sides {
        if let Some(&label) = all.difference(&labels(part)).next() {
            return Err(RetrainError::TooFewRows {
                found: format!("no text of {} fell to {side}", named(rows, label)),
            });
        }
    }
    Ok(())
}

/// `label 1 (negative)`; a label that is its own name stays alone.
fn named(rows: &Rows, label: i8) -> String {
    let name = rows.labels().name_of(label);
    if name == label.to_string() { format!("label {label}") } else { format!("label {label} ({name})") }
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
