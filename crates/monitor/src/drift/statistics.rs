//! How different two sets of counts over the same bins are. Pure.

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Stands for a share of nothing, whose logarithm would be infinite; as Evidently has it.
const LEAST_SHARE: f64 = 0.0001;

/// Counts of a baseline and of a run over the same bins, none of which is empty on both sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts<'a> {
    pub(crate) baseline: &'a [u64],
    pub(crate) run: &'a [u64],
}

impl Counts<'_> {
    /// Population stability index in nats; see [`tamiz_domain::FeatureDrift::psi`].
    pub(crate) fn psi(self) -> f64 {
        let shares = self.shares().map(|(b, r)| (b.max(LEAST_SHARE), r.max(LEAST_SHARE)));
        shares.map(|(b, r)| (b - r) * (b / r).ln()).sum()
    }

    /// Jensen-Shannon distance: the root of the divergence in nats (Lin 1991; as `scipy.spatial.distance.jensenshannon`).
    pub(crate) fn jensen_shannon(self) -> f64 {
        let part = |p: f64, middle: f64| if p > 0.0 { p * (p / middle).ln() } else { 0.0 };
        let divergence = |(b, r): (f64, f64)| part(b, (b + r) / 2.0) + part(r, (b + r) / 2.0);
        (self.shares().map(divergence).sum::<f64>() / 2.0).max(0.0).sqrt()
    }

    /// Pearson's chi-squared test of homogeneity: the probability of counts this different where both are drawn from the same.
    pub(crate) fn p_value(self) -> f64 {
        let (n, m) = self.totals();
        let total = n + m;
        let cell = |count: f64, expected: f64| (count - expected).powi(2) / expected;
        let column = |(&b, &r): (&u64, &u64)| {
            let (b, r) = (b as f64, r as f64);
            cell(b, n * (b + r) / total) + cell(r, m * (b + r) / total)
        };
        let statistic = self.baseline.iter().zip(self.run).map(column).sum();
        upper_tail(statistic, self.freedom(), 0.0)
    }

    /// The probability of an index at least as large where the true one is `band`. Around a true index of 0 the index, over
    /// 1/n + 1/m, is distributed as chi-squared (Yurdakul and Naranjo, Statistical properties of the population stability index, 2020);
    /// around another one as non-central chi-squared.
    pub(crate) fn p_within(self, band: f64) -> f64 {
        let (n, m) = self.totals();
        let scale = 1.0 / n + 1.0 / m;
        upper_tail(self.psi() / scale, self.freedom(), band / scale)
    }

    fn totals(self) -> (f64, f64) {
        (self.baseline.iter().sum::<u64>() as f64, self.run.iter().sum::<u64>() as f64)
    }

    fn shares(self) -> impl Iterator<Item = (f64, f64)> {
        let (n, m) = self.totals();
        self.baseline.iter().zip(self.run).map(move |(&b, &r)| (b as f64 / n, r as f64 / m))
    }

    fn freedom(self) -> f64 {
        self.baseline.len() as f64 - 1.0
    }
}

/// P(X ≥ `statistic`) for X of the non-central chi-squared distribution, by the central one of the same mean and variance (Patnaik 1949);
/// 1 without a degree of freedom.
fn upper_tail(statistic: f64, freedom: f64, noncentrality: f64) -> f64 {
    let scale = (freedom + 2.0 * noncentrality) / (freedom + noncentrality);
    let equivalent = (freedom + noncentrality).powi(2) / (freedom + 2.0 * noncentrality);
    ChiSquared::new(equivalent).map_or(1.0, |distribution| distribution.sf(statistic / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6 * expected.abs().max(1e-3), "{found} is not {expected}");
    }

    const SOME: Counts<'static> = Counts { baseline: &[500, 300, 150, 50], run: &[40, 30, 20, 10] };

    #[test]
    fn figures_are_those_of_evidently_and_scipy() {
        // evidently 0.7.23: psi and jensenshannon of 1,000 and 100 rows of categories with these counts; scipy.stats.chi2_contingency.
        close(SOME.psi(), 0.071_355_817_8);
        close(SOME.jensen_shannon(), 0.093_929_952_5);
        close(SOME.p_value(), 0.057_839_007_6);
        let missing = Counts { baseline: &[900, 100], run: &[100, 0] };
        close(missing.psi(), 0.700_620_804);
    }

    #[test]
    fn the_tail_is_the_non_central_distributions() {
        // scipy.stats.ncx2.sf; far out the approximation errs towards chance.
        for (statistic, expected, most) in [(40.0, 0.113_913, 1.01), (62.0, 0.002_247, 1.5)] {
            let ratio = upper_tail(statistic, 9.0, 19.0) / expected;
            assert!((0.99..most).contains(&ratio), "{ratio}");
        }
        close(upper_tail(16.918_977_604_620_45, 9.0, 0.0), 0.05);
        assert_eq!(upper_tail(3.0, 0.0, 0.0), 1.0);
    }

    #[test]
    fn few_rows_are_no_proof_and_many_are() {
        let times = |factor: u64| [40, 30, 20, 10].map(|count: u64| count * factor);
        let baseline = [500, 300, 150, 50].map(|count: u64| count * 100);
        let within = |run: &[u64]| Counts { baseline: &baseline, run }.p_within(0.05);
        assert!(
            within(&times(1)) > 0.05 && within(&times(1_000)) < 1e-9,
            "{} {}",
            within(&times(1)),
            within(&times(1_000))
        );
        let same = Counts { baseline: &baseline, run: &baseline };
        assert_eq!((same.psi(), same.jensen_shannon(), same.p_value()), (0.0, 0.0, 1.0));
    }
}
