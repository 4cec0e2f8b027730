//! A model's figures on labelled rows.

use std::collections::BTreeMap;

use tamiz_domain::MetricSet;
use tamiz_models::{Model, ModelError, Prediction};

use crate::rows::Row;

/// Texts that go to the model at once.
const BATCH_ROWS: usize = 4_096;
/// Stands for no prediction; no label of a review is negative.
const NO_LABEL: i8 = -1;
/// Smallest probability of a label that counts: one confident error must not make the mean infinite.
const FLOOR: f64 = 1e-7;

/// What a model makes of labelled rows.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// The figures.
    pub metrics: MetricSet,
    /// For each row whether the predicted class is the label.
    pub hits: Vec<bool>,
    /// Rows by predicted class.
    pub predicted: BTreeMap<i8, u64>,
    /// Confidence of each row's prediction.
    pub confidences: Vec<f32>,
}

/// Runs the model over the rows.
pub(crate) fn evaluate(model: &mut dyn Model, rows: &[Row]) -> Result<Evaluation, ModelError> {
    let labels = model.labels();
    let mut confusion: BTreeMap<i8, BTreeMap<i8, u64>> = BTreeMap::new();
    let mut found = Evaluation {
        metrics: MetricSet::of_confusion(BTreeMap::new(), None),
        hits: Vec::new(),
        predicted: BTreeMap::new(),
        confidences: Vec::new(),
    };
    let mut loss = 0.0;
    for batch in rows.chunks(BATCH_ROWS) {
        let texts: Vec<&str> = batch.iter().map(|row| row.text.as_str()).collect();
        for (row, labelled) in batch.iter().zip(model.read_and_label(&texts)?) {
            // A text that the model fails on is one that it gets wrong.
            let Prediction { label, confidence, scores, .. } = labelled.unwrap_or_default();
            let predicted = label.unwrap_or(NO_LABEL);
            let score = |index: usize| scores.get(index).copied().map(f64::from);
            let of_label = labels.index_of(row.label).and_then(score).unwrap_or(0.0);
            loss -= of_label.max(FLOOR).ln();
            *confusion.entry(row.label).or_default().entry(predicted).or_default() += 1;
            *found.predicted.entry(predicted).or_default() += 1;
            found.hits.push(predicted == row.label);
            found.confidences.push(confidence.unwrap_or(0.0));
        }
    }
    let log_loss = (!rows.is_empty()).then(|| loss / rows.len() as f64);
    found.metrics = MetricSet {
        calibration_error: calibration_error(&found.confidences, &found.hits),
        ..MetricSet::of_confusion(confusion, log_loss)
    };
    Ok(found)
}

/// Expected calibration error; see [`MetricSet::calibration_error`].
fn calibration_error(confidences: &[f32], hits: &[bool]) -> Option<f64> {
    const BINS: usize = 15;
    let mut gaps = [0.0; BINS];
    for (&confidence, &hit) in confidences.iter().zip(hits) {
        let bin = ((f64::from(confidence) * BINS as f64) as usize).min(BINS - 1);
        gaps[bin] += f64::from(confidence) - f64::from(u8::from(hit));
    }
    (!hits.is_empty()).then(|| gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / hits.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_that_is_the_share_of_hits_has_no_error() {
        let hits: Vec<bool> = (0..100).map(|row| row % 4 != 0).collect();
        assert!(calibration_error(&[0.75; 100], &hits).unwrap() < 1e-9);
        assert!((calibration_error(&[0.95; 100], &hits).unwrap() - 0.2).abs() < 1e-6);
        // Too sure in one bin and not sure enough in another do not make up for each other.
        let confidences = [[0.9; 50], [0.6; 50]].concat();
        assert!((calibration_error(&confidences, &hits).unwrap() - 0.15).abs() < 0.02);
        assert_eq!(calibration_error(&[1.0, 0.0], &[true, false]), Some(0.0));
        assert_eq!(calibration_error(&[], &[]), None);
    }
}
