//! `baseline.json` of a model version: what its training data looked like, for drift to be measured against.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Summary of the rows that trained a model. Shares of an empty set are absent, never NaN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Rows summarised.
    pub rows: u64,
    /// Share of rows by label.
    pub labels: BTreeMap<i8, f64>,
    /// Share of rows by predicted class.
    pub predicted: BTreeMap<i8, f64>,
    /// Rows by confidence of the prediction, between 0 and 1.
    pub confidence: Histogram,
    /// Rows by length of the text in characters.
    pub text_characters: Histogram,
}

/// Counts in the intervals between ascending edges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Lower edge of each interval; an interval reaches to the next edge, the last one to infinity.
    pub edges: Vec<f64>,
    /// Values in each interval. A value below the first edge counts in the first interval.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// An empty histogram over ascending lower `edges`, at least one.
    pub fn new(edges: Vec<f64>) -> Self {
        let counts = vec![0; edges.len()];
        Self { edges, counts }
    }

    /// Counts a value.
    pub fn add(&mut self, value: f64) {
        let index = self.edges.partition_point(|edge| *edge <= value).saturating_sub(1);
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lands_in_one_interval() {
        let mut histogram = Histogram::new(vec![0.0, 0.5, 1.0]);
        for value in [-1.0, 0.0, 0.49, 0.5, 1.0, 9.0] {
            histogram.add(value);
        }
        assert_eq!(histogram.counts, [3, 1, 2]);
    }
}
