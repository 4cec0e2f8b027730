//! What the data of a run is like, against the runs before it. Pure.

use std::collections::BTreeMap;

use tamiz_domain::{EtlReport, RunRecord, Verdict};

use crate::figures::share;
use crate::language::{Language, say, sayable};

/// Runs before that are compared with.
const MOST_RUNS: usize = 20;
/// Successful runs before from which on it is known what is usual.
const LEAST_RUNS: usize = 5;
/// How far a share must be outside of what was seen before it is worth a word.
const LEAST_DIFFERENCE: f64 = 0.005;
/// And how many standard errors of its own rows.
const STANDARD_ERRORS: f64 = 3.0;

/// How the names of shares begin that are one of a kind; they are kept in the records of runs.
const REJECTED_AS: &str = "rejected as ";
const WITHOUT: &str = "without ";
const REPAIRED_FROM: &str = "repaired from ";

/// A share of the run beside those of the runs before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Usual {
    /// What it is a share of, such as `rejected`.
    pub(crate) name: String,
    /// The run's.
    pub(crate) share: f64,
    /// Median, smallest and largest of the runs before; none where it is not known what is usual.
    pub(crate) before: Option<Before>,
}

/// Shares of the runs before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Before {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Whether the run's share is certainly outside of them.
    pub(crate) is_left: bool,
}

/// The shares that tell what the data of a run is like, by name. Those of nothing are left out.
pub(crate) fn data_shares(etl: &EtlReport) -> BTreeMap<String, f64> {
    let (quality, input) = (&etl.quality, etl.counts.input);
    let of_rows = |rows: u64| share(rows, quality.rows);
    let mut shares = BTreeMap::from([(sayable!("rejected").to_owned(), etl.counts.rejected_share())]);
    shares.extend(
        etl.rejected_by_reason
            .iter()
            .map(|(reason, &rows)| (format!("{REJECTED_AS}{}", reason.code()), share(rows, input))),
    );
    shares.extend(quality.null_shares.iter().map(|(column, &share)| (format!("{WITHOUT}{column}"), share)));
    shares
        .extend(quality.encoding_repairs.iter().map(|(name, &rows)| (format!("{REPAIRED_FROM}{name}"), of_rows(rows))));
    let counts = sayable!([
        ("repeated exactly", quality.duplicates.exact),
        ("repeated nearly", quality.duplicates.near),
        ("empty after cleaning", quality.empty_texts),
        ("with HTML", quality.html_texts),
    ]);
    shares.extend(counts.map(|(name, rows)| (name.to_owned(), of_rows(rows))));
    shares.retain(|_, share| *share > 0.0);
    shares
}

impl Usual {
    /// What it is a share of, as people say it.
    pub(crate) fn name_in(&self, lang: Language) -> String {
        let name = self.name.as_str();
        if let Some(reason) = name.strip_prefix(REJECTED_AS) {
            say!(lang, "rejected as {reason}", reason)
        } else if let Some(column) = name.strip_prefix(WITHOUT) {
            say!(lang, "without {column}", column)
        } else if let Some(encoding) = name.strip_prefix(REPAIRED_FROM) {
            say!(lang, "repaired from {encoding}", encoding)
        } else {
            lang.word(name).to_owned()
        }
    }
}

/// The shares of a run of so many rows beside those of the latest successful ones; a share that one of them lacks is 0 there.
pub(crate) fn usual(shares: &BTreeMap<String, f64>, rows: u64, before: &[RunRecord]) -> Vec<Usual> {
    let runs: Vec<&RunRecord> = before.iter().filter(|record| record.verdict == Verdict::Ok).take(MOST_RUNS).collect();
    let mut names: Vec<&String> = shares.keys().chain(runs.iter().flat_map(|record| record.shares.keys())).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &String| {
        let own = shares.get(name).copied().unwrap_or(0.0);
        let others: Vec<f64> = runs.iter().map(|record| record.shares.get(name).copied().unwrap_or(0.0)).collect();
        Usual {
            name: name.clone(),
            share: own,
            before: (others.len() >= LEAST_RUNS).then(|| compared(own, rows, others)),
        }
    };
    names.into_iter().map(of).collect()
}

fn compared(own: f64, rows: u64, mut others: Vec<f64>) -> Before {
    others.sort_by(f64::total_cmp);
    let (low, high) = (others.first().copied().unwrap_or(0.0), others.last().copied().unwrap_or(0.0));
    let outside = (own - high).max(low - own);
    // The larger of the two has the larger error: that of 0, which either may be, would be none.
    let bound = if own > high { own } else { low };
    let error = (bound * (1.0 - bound) / rows.max(1) as f64).sqrt();
    let is_left = outside > LEAST_DIFFERENCE.max(STANDARD_ERRORS * error);
    Before { median: others[others.len() / 2], low, high, is_left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{folder_manifest, record};

    fn before(shares: &[f64]) -> Vec<RunRecord> {
        let of = |(at, &share): (usize, &f64)| RunRecord {
            shares: [("rejected".to_owned(), share)].into(),
            ..record(folder_manifest(&[&at.to_string()]).run_id, jiff::Timestamp::UNIX_EPOCH)
        };
        shares.iter().enumerate().map(of).collect()
    }

    fn rejected(share: f64, rows: u64, shares: &[f64]) -> Option<Before> {
        let own = [("rejected".to_owned(), share)].into();
        usual(&own, rows, &before(shares)).remove(0).before
    }

    const USUAL: [f64; 6] = [0.01, 0.02, 0.015, 0.01, 0.03, 0.012];

    #[test]
    fn what_is_outside_of_the_runs_before_stands_out() {
        let found = rejected(0.1, 10_000, &USUAL).unwrap();
        assert_eq!(found, Before { median: 0.015, low: 0.01, high: 0.03, is_left: true });
        let is_left = |share, rows| rejected(share, rows, &USUAL).unwrap().is_left;
        assert_eq!([is_left(0.02, 10_000), is_left(0.034, 10_000), is_left(0.1, 40)], [false; 3]);
        assert_eq!([is_left(0.0, 10_000), is_left(0.0, 100)], [true, false]);
    }

    #[test]
    fn four_runs_do_not_tell_what_is_usual() {
        assert_eq!(rejected(0.9, 10_000, &USUAL[..4]), None);
        let mut failed = before(&USUAL);
        failed.iter_mut().for_each(|record| record.verdict = Verdict::Failed);
        assert_eq!(usual(&BTreeMap::new(), 10, &failed), []);
    }
}
