//! What the training data looked like, for drift to be measured against.

use std::collections::BTreeMap;

use tamiz_domain::{Baseline, Histogram};

use super::Evaluation;
use crate::data::Rows;

/// Summarises rows and what the model makes of them. Best made of the hold-out: on its own training rows a
/// model is surer than it will be on anything new.
pub(crate) fn baseline(rows: &Rows, which: &[usize], evaluation: &Evaluation) -> Baseline {
    let mut confidence = Histogram::new((0..20).map(|step| f64::from(step) / 20.0).collect());
    evaluation.confidences.iter().for_each(|&value| confidence.add(value.into()));
    // Doubling lengths: reviews run from a word to some pages.
    let mut text_characters = Histogram::new([0.0].into_iter().chain((4..16).map(|power| 2_f64.powi(power))).collect());
    rows.pick(which).for_each(|row| text_characters.add(row.text.chars().count() as f64));
    let share = |classes: &mut dyn Iterator<Item = i8>| {
        let mut counts: BTreeMap<i8, u64> = BTreeMap::new();
        classes.for_each(|class| *counts.entry(class).or_default() += 1);
        let total = counts.values().sum::<u64>() as f64;
        counts.into_iter().map(|(class, count)| (class, count as f64 / total)).collect()
    };
    Baseline {
        rows: which.len() as u64,
        labels: share(&mut rows.pick(which).flat_map(|row| row.label.classes())),
        predicted: share(&mut evaluation.answers.iter().flat_map(|answer| answer.as_label().classes())),
        confidence,
        text_characters,
    }
}
