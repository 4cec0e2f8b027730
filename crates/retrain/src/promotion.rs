//! Whether a challenger takes the champion's place. Pure: figures in, decision and reason out.

use tamiz_domain::{Decision, MetricSet};

/// Probability of promoting a challenger that is no better.
const SIGNIFICANCE: f64 = 0.05;
/// The same bound for the first model, in standard deviations of a normal distribution.
const SIGNIFICANCE_Z: f64 = 1.645;

/// Challenger and champion on the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paired {
    /// Rows that only the challenger got right.
    pub challenger_only: u64,
    /// Rows that only the champion got right.
    pub champion_only: u64,
}

impl Paired {
    /// Counts the rows on which the two disagree.
    pub fn of(challenger: &[bool], champion: &[bool]) -> Self {
        let count = |of: (bool, bool)| challenger.iter().zip(champion).filter(|&(&a, &b)| (a, b) == of).count() as u64;
        Self { challenger_only: count((true, false)), champion_only: count((false, true)) }
    }

    /// Exact one-sided McNemar test: the probability of at least this many wins if both were equally good.
    pub fn p_value(self) -> f64 {
        upper_tail(self.challenger_only, self.challenger_only + self.champion_only)
    }
}

/// Decides about the first model of a name: it must do clearly better than always answering the largest class.
///
/// Compared by mean recall, in which that answer scores one over the number of classes whatever their shares.
pub(crate) fn decide_first(challenger: &MetricSet) -> (Decision, String) {
    let classes = challenger.classes.len().max(1) as f64;
    let recall = challenger.classes.values().map(|class| class.recall).sum::<f64>() / classes;
    let variance = |recall: f64, support: f64| {
        // One hit and one miss more than seen: nothing is certain after a few rows.
        let recall = (recall * support + 1.0) / (support + 2.0);
        recall * (1.0 - recall) / (support + 2.0)
    };
    let sum: f64 = challenger.classes.values().map(|class| variance(class.recall, class.support as f64)).sum();
    let bound = recall - SIGNIFICANCE_Z * sum.sqrt() / classes;
    let chance = 1.0 / classes;
    let figures = format!("mean recall {}, at least {} with 95% confidence", percent(recall), percent(bound));
    if bound > chance {
        (
            Decision::Promoted,
            format!(
                "It is the first model of its name and clearly better than always answering the largest class ({figures}, against {}).",
                percent(chance)
            ),
        )
    } else {
        (
            Decision::Refused,
            format!(
                "There is no champion, but it is not clearly better than always answering the largest class ({figures}, against {}).",
                percent(chance)
            ),
        )
    }
}

/// Decides between challenger and champion.
pub(crate) fn decide(challenger: &MetricSet, champion: &MetricSet, paired: Paired) -> (Decision, String) {
    let p = paired.p_value();
    let figures = format!(
        "{} against {} on the same {} rows; {} rows only the challenger got right, {} only the champion, p = {}",
        percent(challenger.accuracy),
        percent(champion.accuracy),
        challenger.rows,
        paired.challenger_only,
        paired.champion_only,
        short(p),
    );
    if p < SIGNIFICANCE {
        (Decision::Promoted, format!("It is more accurate than the champion ({figures})."))
    } else {
        (Decision::Refused, format!("It is not clearly more accurate than the champion ({figures})."))
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

/// A share as people write it: `90.5%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn short(p: f64) -> String {
    if p < 0.001 { "under 0.001".into() } else { format!("{p:.3}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Two classes with these hits and rows.
    fn metrics(negative: (u64, u64), positive: (u64, u64)) -> MetricSet {
        let row =
            |right: i8, wrong: i8, (hits, rows): (u64, u64)| BTreeMap::from([(right, hits), (wrong, rows - hits)]);
        MetricSet::of_confusion(BTreeMap::from([(1, row(1, 2, negative)), (2, row(2, 1, positive))]), None)
    }

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
    fn a_challenger_must_win_clearly() {
        let (better, same) = (metrics((90, 100), (90, 100)), metrics((85, 100), (85, 100)));
        let table = [
            (20, 2, Decision::Promoted),
            (5, 0, Decision::Promoted),
            (4, 0, Decision::Refused),
            (0, 0, Decision::Refused),
            (12, 8, Decision::Refused),
            (1_000, 900, Decision::Promoted),
            (900, 1_000, Decision::Refused),
        ];
        for (challenger_only, champion_only, expected) in table {
            let (decision, why) = decide(&better, &same, Paired { challenger_only, champion_only });
            assert_eq!(decision, expected, "{challenger_only} to {champion_only}");
            assert!(why.contains("90.0% against 85.0%"), "{why}");
        }
    }

    #[test]
    fn the_first_model_must_beat_the_largest_class() {
        let table = [
            (metrics((90, 100), (90, 100)), Decision::Promoted),
            (metrics((0, 100), (900, 900)), Decision::Refused),
            (metrics((52, 100), (52, 100)), Decision::Refused),
            // Less accurate than the largest class, and still of use: it finds most of a rare one.
            (metrics((80, 100), (7_200, 9_000)), Decision::Promoted),
            (metrics((2, 2), (2, 2)), Decision::Promoted),
            (metrics((1, 1), (1, 2)), Decision::Refused),
        ];
        for (challenger, expected) in table {
            let (decision, why) = decide_first(&challenger);
            assert_eq!(decision, expected, "{:?}: {why}", challenger.confusion);
        }
    }

    #[test]
    fn only_rows_on_which_the_two_differ_count() {
        let paired = Paired::of(&[true, true, false, false], &[true, false, true, false]);
        assert_eq!(paired, Paired { challenger_only: 1, champion_only: 1 });
    }
}
