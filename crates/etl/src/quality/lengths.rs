//! How long texts are: exact extremes and mean, quantiles from a histogram that can be merged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tamiz_domain::Lengths;

/// Binary digits of a length that count: lengths below 512 are exact, larger ones right to 0.4%.
const SIGNIFICANT_BITS: u32 = 9;

/// Lengths of some texts. A few hundred counts, however many and long the texts are.
///
/// The bins are those of an HDR histogram. The crate of that name holds a dense array with an error to handle at each
/// step, where a sparse map can be merged, compared and written as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LengthTally {
    /// By the smallest length of each bin.
    bins: BTreeMap<u64, u64>,
    sum: u64,
    num_texts: u64,
    /// None without texts.
    extremes: Option<(u64, u64)>,
}

impl LengthTally {
    pub(crate) fn add(&mut self, length: u64) {
        *self.bins.entry(bin_of(length)).or_default() += 1;
        self.sum += length;
        self.num_texts += 1;
        self.stretch(length, length);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (bin, count) in &other.bins {
            *self.bins.entry(*bin).or_default() += count;
        }
        self.sum += other.sum;
        self.num_texts += other.num_texts;
        if let Some((min, max)) = other.extremes {
            self.stretch(min, max);
        }
    }

    pub(crate) fn report(&self) -> Lengths {
        let Some((min, max)) = self.extremes else { return Lengths::default() };
        Lengths {
            min,
            max,
            mean: (self.sum as f64 / self.num_texts as f64 * 100.0).round() / 100.0,
            p5: self.quantile(5),
            p25: self.quantile(25),
            p50: self.quantile(50),
            p75: self.quantile(75),
            p95: self.quantile(95),
            p99: self.quantile(99),
        }
    }

    fn stretch(&mut self, min: u64, max: u64) {
        let (known_min, known_max) = self.extremes.unwrap_or((min, max));
        self.extremes = Some((known_min.min(min), known_max.max(max)));
    }

    /// The smallest length that `percent` of the texts do not exceed.
    fn quantile(&self, percent: u64) -> u64 {
        let wanted = (self.num_texts * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reached = self.bins.iter().find(|(_, count)| {
            seen += **count;
            seen >= wanted
        });
        let (min, _) = self.extremes.unwrap_or_default();
        reached.map_or(min, |(bin, _)| *bin).max(min)
    }
}

/// The smallest length that shares its first binary digits with `length`.
fn bin_of(length: u64) -> u64 {
    let dropped = (u64::BITS - length.leading_zeros()).saturating_sub(SIGNIFICANT_BITS);
    length >> dropped << dropped
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
    fn long_lengths_are_right_to_half_a_percent_and_extremes_exact() {
        let found = lengths((1..=1_000).map(|length| length * 10_007));
        assert!(found.p50.abs_diff(500 * 10_007) < 500 * 10_007 / 200, "{found:?}");
        assert_eq!((found.min, found.max), (10_007, 10_007_000));
        assert_eq!(lengths([1_000_001, 1_000_001]).p5, 1_000_001);
    }

    #[test]
    fn there_are_few_bins_however_many_lengths() {
        let mut tally = LengthTally::default();
        (0..1_000_000).for_each(|length| tally.add(length));
        assert!(tally.bins.len() < 3_500, "{}", tally.bins.len());
    }

    #[test]
    fn nothing_has_no_length() {
        assert_eq!(lengths([]), Lengths::default());
        assert_eq!(lengths([0]), Lengths::default());
    }
}
