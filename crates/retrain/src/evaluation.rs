//! A model's figures on labelled rows.

use std::collections::BTreeMap;

use tamiz_domain::MetricSet;
use tamiz_models::{Classifier, ModelError};

use crate::rows::Row;

/// Texts that go to the model at once.
const BATCH_ROWS: usize = 4_096;
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
pub(crate) fn evaluate(model: &mut dyn Classifier, rows: &[Row]) -> Result<Evaluation, ModelError> {
    let labels = model.labels().clone();
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
        for (row, scores) in batch.iter().zip(model.classify(&texts)?) {
            // Weights are checked to be finite when they are loaded, so there always is a best class.
            let (best, confidence) = scores.best().unwrap_or((0, 0.0));
            let predicted = labels.0[best].value;
            let of_label = labels.index_of(row.label).map_or(0.0, |index| f64::from(scores.probabilities[index]));
            loss -= of_label.max(FLOOR).ln();
            *confusion.entry(row.label).or_default().entry(predicted).or_default() += 1;
            *found.predicted.entry(predicted).or_default() += 1;
            found.hits.push(predicted == row.label);
            found.confidences.push(confidence);
        }
    }
    let log_loss = (!rows.is_empty()).then(|| loss / rows.len() as f64);
    found.metrics = MetricSet::of_confusion(confusion, log_loss);
    Ok(found)
}
