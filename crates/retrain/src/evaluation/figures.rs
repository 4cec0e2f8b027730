//! A model's figures on labelled rows.

use std::collections::BTreeMap;
use std::time::Instant;

use tamiz_domain::{LabelMap, MetricSet};
use tamiz_models::{Model, ModelError, Prediction};

use crate::data::{NO_LABEL, Row, Rows};

/// Texts that go to the model at once.
const BATCH_ROWS: usize = 4_096;
/// Smallest probability of a label that counts: one confident error must not make the mean infinite.
const FLOOR: f64 = 1e-7;

/// What a model makes of labelled rows.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// The figures.
    pub metrics: MetricSet,
    /// For each row the predicted class, in the numbers of the rows' labels.
    pub predicted: Vec<i8>,
    /// For each row whether that is the label.
    pub hits: Vec<bool>,
    /// Confidence of each row's prediction.
    pub confidences: Vec<f32>,
    /// Probability of each row's label.
    pub of_labels: Vec<f32>,
    /// Texts labelled in a second. Of no use but to be compared with what was measured on the same machine at the same time.
    pub texts_per_second: f64,
}

impl Evaluation {
    /// What is said of these rows and, behind them, of others; the figures stay those of these rows.
    pub fn followed_by(&self, other: &Self) -> Self {
        Self {
            metrics: self.metrics.clone(),
            predicted: [&self.predicted[..], &other.predicted].concat(),
            hits: [&self.hits[..], &other.hits].concat(),
            confidences: [&self.confidences[..], &other.confidences].concat(),
            of_labels: [&self.of_labels[..], &other.of_labels].concat(),
            texts_per_second: self.texts_per_second,
        }
    }
}

/// Runs the model over some of the rows.
pub(crate) fn evaluate(model: &mut dyn Model, rows: &Rows, which: &[usize]) -> Result<Evaluation, ModelError> {
    let numbers = Numbers::of(model.labels(), rows.labels());
    let mut confusion: BTreeMap<i8, BTreeMap<i8, u64>> = BTreeMap::new();
    let (mut predicted, mut hits, mut confidences, mut of_labels) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut loss, start) = (0.0, Instant::now());
    for batch in which.chunks(BATCH_ROWS) {
        let texts: Vec<&str> = rows.pick(batch).map(|row| row.text).collect();
        for (Row { label, .. }, labelled) in rows.pick(batch).zip(model.read_and_label(&texts)?) {
            // A text that the model fails on is one that it gets wrong.
            let Prediction { label: found, confidence, scores, .. } = labelled.unwrap_or_default();
            let of_label = numbers.index_of(label).and_then(|index| scores.get(index)).copied().unwrap_or(0.0);
            let found = numbers.of_rows(found);
            loss -= f64::from(of_label).max(FLOOR).ln();
            *confusion.entry(label).or_default().entry(found).or_default() += 1;
            predicted.push(found);
            hits.push(found == label);
            confidences.push(confidence.unwrap_or(0.0));
            of_labels.push(of_label);
        }
    }
    let log_loss = (!which.is_empty()).then(|| loss / which.len() as f64);
    let metrics = MetricSet {
        calibration_error: calibration_error(&confidences, &hits),
        ..MetricSet::of_confusion(confusion, log_loss)
    };
    let texts_per_second = which.len() as f64 / start.elapsed().as_secs_f64().max(f64::EPSILON);
    Ok(Evaluation { metrics, predicted, hits, confidences, of_labels, texts_per_second })
}

/// The number of each of a model's classes among the labels of the rows. Classes with names are numbered by each model for itself, so
/// where every name is known the name decides, and otherwise the number.
pub(super) struct Numbers {
    model: LabelMap,
    numbers: Vec<i8>,
}

impl Numbers {
    pub fn of(model: LabelMap, rows: &LabelMap) -> Self {
        let by_name = |name: &str| rows.0.iter().find(|class| class.name == name).map(|class| class.value);
        let named: Option<Vec<i8>> = model.0.iter().map(|class| by_name(&class.name)).collect();
        let numbers = named.unwrap_or_else(|| model.0.iter().map(|class| class.value).collect());
        Self { model, numbers }
    }

    /// What the model says, in the numbers of the rows; [`NO_LABEL`] where it says nothing.
    pub fn of_rows(&self, said: Option<i8>) -> i8 {
        said.and_then(|said| self.numbers.get(self.model.index_of(said)?)).copied().unwrap_or(NO_LABEL)
    }

    /// Position of a row's label among the model's scores.
    fn index_of(&self, label: i8) -> Option<usize> {
        self.numbers.iter().position(|&number| number == label)
    }
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
    fn classes_are_told_by_their_names_where_all_are_known() {
        let rows = LabelMap::of_names(["fault", "praise", "question"]).unwrap();
        let older = LabelMap::of_names(["question", "fault"]).unwrap();
        assert_eq!(Numbers::of(older, &rows).numbers, [0, 2]);
        let foreign = LabelMap::of_names(["LABEL_0", "LABEL_1"]).unwrap();
        assert_eq!(Numbers::of(foreign, &rows).numbers, [0, 1]);
    }

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
