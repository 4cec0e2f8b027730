//! How long texts are: exact extremes and mean, quantiles from a histogram that can be merged.

use hdrhistogram::Histogram;
use tamiz_domain::Lengths;

/// Precision of quantiles.
const SIGNIFICANT_DIGITS: u8 = 3;

/// Lengths of some texts. A few ten KiB, however many and long they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LengthTally {
    histogram: Histogram<u64>,
    sum: u64,
}

impl Default for LengthTally {
    #[expect(clippy::expect_used, reason = "any precision from 0 to 5 digits is legal")]
    fn default() -> Self {
        Self { histogram: Histogram::new(SIGNIFICANT_DIGITS).expect("3 digits"), sum: 0 }
    }
}

impl LengthTally {
    pub(crate) fn add(&mut self, length: u64) {
        // Fails only for a histogram of fixed size; this one grows.
        let _ = self.histogram.record(length);
        self.sum += length;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        // Fails only for a histogram of fixed size, too.
        let _ = self.histogram.add(&other.histogram);
        self.sum += other.sum;
    }

    pub(crate) fn report(&self) -> Lengths {
        let histogram = &self.histogram;
        if histogram.is_empty() {
            return Lengths::default();
        }
        let quantile = |share| histogram.value_at_quantile(share).min(histogram.max());
        Lengths {
            min: histogram.min(),
            max: histogram.max(),
            mean: (self.sum as f64 / histogram.len() as f64 * 100.0).round() / 100.0,
            p5: quantile(0.05),
            p25: quantile(0.25),
            p50: quantile(0.5),
            p75: quantile(0.75),
            p95: quantile(0.95),
            p99: quantile(0.99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(values: impl IntoIterator<Item = u64>) -> Lengths {
        let mut tally = LengthTally::default();
        values.into_iter().for_each(|length| tally.add(length));
        tally.report()
    }

    #[test]
    fn short_lengths_have_exact_quantiles() {
        let found = lengths(1..=100);
        assert_eq!((found.min, found.p5, found.p25, found.p50), (1, 5, 25, 50));
        assert_eq!((found.p75, found.p95, found.p99, found.max, found.mean), (75, 95, 99, 100, 50.5));
    }

    #[test]
    fn long_lengths_are_right_to_three_digits() {
        let found = lengths((1..=1_000).map(|length| length * 10_007));
        assert!(found.p50.abs_diff(500 * 10_007) < 5_004, "{found:?}");
        assert!(found.max.abs_diff(1_000 * 10_007) < 10_008 && found.p99 <= found.max, "{found:?}");
    }

    #[test]
    fn nothing_has_no_length() {
        assert_eq!(lengths([]), Lengths::default());
        assert_eq!(lengths([0]), Lengths::default());
    }
}
