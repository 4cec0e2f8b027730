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
    found.metrics = MetricSet::of_confusion(confusion, log_loss);
    Ok(found)
}
