//! The paired test of two models on the same rows. Pure.

/// Probability of calling one model better where it is not.
pub(super) const SIGNIFICANCE: f64 = 0.05;

/// Two models on the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paired {
    /// Rows that only the challenger got right.
    pub challenger_only: u64,
    /// Rows that only the champion got right.
    pub champion_only: u64,
}

impl Paired {
    /// Counts the rows on which the two disagree.
    pub fn of(hits: impl Iterator<Item = (bool, bool)>) -> Self {
        let add = |sum: Self, (challenger, champion): (bool, bool)| Self {
            challenger_only: sum.challenger_only + u64::from(challenger && !champion),
            champion_only: sum.champion_only + u64::from(champion && !challenger),
        };
        hits.fold(Self { challenger_only: 0, champion_only: 0 }, add)
    }

    /// Exact one-sided McNemar test: the probability of at least this many wins of the challenger if both were equally good.
    pub fn p_value(self) -> f64 {
        upper_tail(self.challenger_only, self.challenger_only + self.champion_only)
    }

    /// The same the other way round: small where the challenger is worse.
    pub fn p_worse(self) -> f64 {
        upper_tail(self.champion_only, self.challenger_only + self.champion_only)
    }
}

/// P(X ≥ `wins`) for X of `trials` fair coins, exactly; 1 for no trial.
fn upper_tail(wins: u64, trials: u64) -> f64 {
    let ln_half = 0.5_f64.ln() * trials as f64;
    // ln C(trials, k), from k = 0 upwards.
    let (mut ln_choose, mut sum) = (0.0_f64, 0.0);
    for k in 0..=trials {
        if k >= wins {
            sum += (ln_choose + ln_half).exp();
        }
        ln_choose += ((trials - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_binomial_distributions() {
        for (wins, trials, expected) in
            [(0, 0, 1.0), (0, 5, 1.0), (5, 5, 1.0 / 32.0), (3, 5, 0.5), (8, 10, 56.0 / 1024.0)]
        {
            assert!((upper_tail(wins, trials) - expected).abs() < 1e-12, "{wins} of {trials}");
        }
        // Of a million coins, 500,823 heads or more: 1.645 standard deviations.
        assert!((upper_tail(500_823, 1_000_000) - 0.05).abs() < 0.001);
    }

    #[test]
    fn only_rows_on_which_the_two_differ_count() {
        let paired = Paired::of([true, true, false, false].into_iter().zip([true, false, true, false]));
        assert_eq!(paired, Paired { challenger_only: 1, champion_only: 1 });
        assert_eq!((paired.p_value(), paired.p_worse()), (0.75, 0.75));
    }
}
