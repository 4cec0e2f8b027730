//! Predictions against the labels that came with the data.

use std::collections::BTreeMap;

use tamiz_domain::{CalibrationGaps, LogLoss, MetricSet, Quality, Slice};

use super::{ByClass, add_classes};

/// Labelled rows by label, then by predicted class.
pub(crate) type Confusion = BTreeMap<i8, ByClass>;

/// Labelled rows and what was predicted of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Marks {
    /// All of them.
    pub(crate) confusion: Confusion,
    /// Those of each slice, by what it is made by and its value.
    pub(crate) slices: BTreeMap<(String, String), Confusion>,
    loss: LogLoss,
    gaps: CalibrationGaps,
}

/// A labelled row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub label: i8,
    pub predicted: i8,
    /// Probability of the label, where it is known.
    pub of_label: Option<f32>,
    pub confidence: Option<f32>,
}

impl Marks {
    pub(super) fn add(&mut self, mark: Mark) {
        count(&mut self.confusion, mark.label, mark.predicted);
        mark.of_label.iter().for_each(|&of_label| self.loss.add(of_label));
        mark.confidence.iter().for_each(|&confidence| self.gaps.add(confidence, mark.label == mark.predicted));
    }

    pub(super) fn add_slice(&mut self, by: &str, value: &str, confusion: &Confusion) {
        add_all(self.slices.entry((by.to_owned(), value.to_owned())).or_default(), confusion);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        add_all(&mut self.confusion, &other.confusion);
        other.slices.iter().for_each(|((by, value), confusion)| self.add_slice(by, value, confusion));
        self.loss.merge(&other.loss);
        self.gaps.merge(&other.gaps);
    }

    /// The figures; none without a labelled row.
    pub(crate) fn quality(&self) -> Option<Quality> {
        if self.confusion.is_empty() {
            return None;
        }
        let figures = MetricSet::of_confusion(self.confusion.clone(), self.loss.mean());
        let metrics = MetricSet { calibration_error: self.gaps.error(), ..figures };
        Some(Quality { metrics, slices: self.slices() })
    }

    /// Slices of enough rows; one that has no other beside it says what all rows say.
    fn slices(&self) -> Vec<Slice> {
        let slice = |((by, value), confusion): (&(String, String), &Confusion)| {
            let MetricSet { rows, accuracy, macro_f1, .. } = MetricSet::of_confusion(confusion.clone(), None);
            Slice { by: by.clone(), value: value.clone(), rows, accuracy, macro_f1 }
        };
        let all: Vec<Slice> = self.slices.iter().map(slice).filter(|slice| slice.rows >= Slice::LEAST_ROWS).collect();
        let has_others = |slice: &&Slice| all.iter().filter(|other| other.by == slice.by).count() > 1;
        all.iter().filter(has_others).cloned().collect()
    }
}

/// Adds one row.
pub(super) fn count(confusion: &mut Confusion, label: i8, predicted: i8) {
    *confusion.entry(label).or_default().entry(predicted).or_default() += 1;
}

fn add_all(total: &mut Confusion, more: &Confusion) {
    more.iter().for_each(|(label, classes)| add_classes(total.entry(*label).or_default(), classes));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(label: i8, predicted: i8, of_label: f32, confidence: f32) -> Mark {
        Mark { label, predicted, of_label: Some(of_label), confidence: Some(confidence) }
    }

    #[test]
    fn figures_are_those_of_the_rows() {
        let (mut one, mut other) = (Marks::default(), Marks::default());
        assert_eq!(one.quality(), None);
        (0..3).for_each(|_| one.add(mark(1, 1, 0.75, 0.75)));
        other.add(mark(1, 2, 0.25, 0.75));
        one.merge(&other);
        let quality = one.quality().unwrap();
        assert_eq!((quality.metrics.rows, quality.metrics.accuracy), (4, 0.75));
        assert!(quality.metrics.calibration_error.unwrap() < 1e-9, "three of four at 0.75");
        // sklearn.metrics.log_loss
        assert!((quality.metrics.log_loss.unwrap() - 0.562_335_144_618_808_4).abs() < 1e-9);
    }

    #[test]
    fn a_slice_needs_rows_and_another_beside_it() {
        let confusion = |rows: u64| Confusion::from([(1, ByClass::from([(1, rows - 1), (2, 1)]))]);
        let mut marks = Marks { confusion: confusion(99), ..Marks::default() };
        for (by, value, rows) in
            [("language", "en", 60), ("language", "es", 20), ("language", "de", 19), ("length", "long", 99)]
        {
            marks.add_slice(by, value, &confusion(rows));
        }
        let quality = marks.quality().unwrap();
        let found: Vec<(&str, u64)> = quality.slices.iter().map(|slice| (slice.value.as_str(), slice.rows)).collect();
        assert_eq!(found, [("en", 60), ("es", 20)]);
        let (low, high) = quality.slices[1].accuracy_interval();
        assert!(low > 0.7 && low < 0.95 && high > 0.95 && high < 1.0);
    }
}
