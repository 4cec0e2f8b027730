//! How well a model does as far as its own scores tell, without labels.
//!
//! If the scores are right about themselves, the predicted class is right as often as its score says, and the sums of the scores by
//! predicted class are the expected confusion matrix. Scores are calibrated at training (temperature scaling), where NannyML fits its
//! own calibration to reference data.

use std::collections::BTreeMap;

use tamiz_domain::{EstimatedQuality, LabelMap};

/// How far the scores of a row may sum up from 1 and still be probabilities of classes.
const TOLERANCE: f32 = 0.01;
/// Standard errors of 95%.
const Z: f64 = 1.96;

/// Scores of predictions, summed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Expectations {
    rows: u64,
    /// Sum of the probabilities of being right, and of the variances.
    hits: f64,
    variance: f64,
    /// Sums of the scores, in their order, by predicted class.
    scores: BTreeMap<i8, Vec<f64>>,
    /// Whether a row's scores were no probabilities of classes.
    are_foreign: bool,
}

impl Expectations {
    pub(super) fn add(&mut self, predicted: i8, confidence: f32, scores: &[f32]) {
        self.are_foreign |= scores.len() < 2 || (scores.iter().sum::<f32>() - 1.0).abs() > TOLERANCE;
        let confidence = f64::from(confidence);
        self.rows += 1;
        self.hits += confidence;
        self.variance += confidence * (1.0 - confidence);
        let sums = self.scores.entry(predicted).or_insert_with(|| vec![0.0; scores.len()]);
        sums.iter_mut().zip(scores).for_each(|(sum, &score)| *sum += f64::from(score));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.hits += other.hits;
        self.variance += other.variance;
        self.are_foreign |= other.are_foreign;
        for (&predicted, scores) in &other.scores {
            let sums = self.scores.entry(predicted).or_insert_with(|| vec![0.0; scores.len()]);
            sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
        }
    }

    /// The estimate; `calibration_error` is the model's on its hold-out, as far as it is known. None where scores are no probabilities.
    pub(crate) fn estimate(&self, labels: &LabelMap, calibration_error: Option<f64>) -> Option<EstimatedQuality> {
        if self.rows == 0 || self.are_foreign {
            return None;
        }
        let rows = self.rows as f64;
        let accuracy = self.hits / rows;
        let margin = Z * self.variance.sqrt() / rows + calibration_error.unwrap_or(0.0);
        Some(EstimatedQuality {
            rows: self.rows,
            accuracy,
            low: (accuracy - margin).max(0.0),
            high: (accuracy + margin).min(1.0),
            macro_f1: self.macro_f1(labels),
        })
    }

    fn macro_f1(&self, labels: &LabelMap) -> f64 {
        let expected = |predicted: i8, index: usize| {
            self.scores.get(&predicted).and_then(|sums| sums.get(index)).copied().unwrap_or(0.0)
        };
        let f1 = |(index, class): (usize, &tamiz_domain::LabelClass)| {
            let right = expected(class.value, index);
            let predicted: f64 = self.scores.get(&class.value).map_or(0.0, |sums| sums.iter().sum());
            let of_class: f64 = self.scores.keys().map(|&other| expected(other, index)).sum();
            if predicted + of_class > 0.0 { 2.0 * right / (predicted + of_class) } else { 0.0 }
        };
        labels.0.iter().enumerate().map(f1).sum::<f64>() / labels.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_what_the_scores_say_of_themselves() {
        let labels = LabelMap::of_values([1, 2]);
        let (mut one, mut other) = (Expectations::default(), Expectations::default());
        one.add(1, 0.9, &[0.9, 0.1]);
        one.add(2, 0.6, &[0.4, 0.6]);
        other.add(2, 0.8, &[0.2, 0.8]);
        one.merge(&other);
        let found = one.estimate(&labels, Some(0.01)).unwrap();
        assert!((found.accuracy - 2.3 / 3.0).abs() < 1e-6);
        // Expected: of class 1 predicted 0.9 + 0.1 and true 0.9 + 0.6; of class 2 predicted 0.6 + 1.4 and true 0.1 + 1.4.
        let expected = (2.0 * 0.9 / (1.0 + 1.5) + 2.0 * 1.4 / (2.0 + 1.5)) / 2.0;
        assert!((found.macro_f1 - expected).abs() < 1e-6, "{found:?}");
        let deviation = (0.09_f64 + 0.24 + 0.16).sqrt() / 3.0;
        assert!((found.accuracy - found.low - 1.96 * deviation - 0.01).abs() < 1e-6 && found.high == 1.0);
    }

    #[test]
    fn what_is_no_probability_of_a_class_estimates_nothing() {
        let labels = LabelMap::of_values([1, 2]);
        let mut several = Expectations::default();
        several.add(1, 0.9, &[0.9, 0.7]);
        assert_eq!(several.estimate(&labels, None), None);
        assert_eq!(Expectations::default().estimate(&labels, None), None);
    }
}
