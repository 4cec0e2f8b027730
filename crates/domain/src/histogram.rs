//! Counts of numbers in intervals.

use serde::{Deserialize, Serialize};

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

    /// Adds the counts of a histogram over the same edges; those of one over others are left out, and the answer is false.
    pub fn merge(&mut self, other: &Self) -> bool {
        let fits = self.edges == other.edges && self.counts.len() == other.counts.len();
        if fits {
            self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        }
        fits
    }

    /// Values counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
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

    #[test]
    fn only_histograms_over_the_same_edges_add_up() {
        let mut one = Histogram { edges: vec![0.0, 1.0], counts: vec![1, 2] };
        assert!(one.merge(&one.clone()));
        assert!(!one.merge(&Histogram { edges: vec![0.0, 2.0], counts: vec![1, 2] }));
        assert_eq!((one.counts.as_slice(), one.total()), (&[2, 4][..], 6));
    }
}
