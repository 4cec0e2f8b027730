//! What the jobs of a run cost. Pure: what they used is asked elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Seconds of an hour, by which prices are quoted.
const HOUR: f64 = 3_600.0;

/// Prices in US dollars an hour, and what Spot saves. The defaults are about what AWS listed for us-east-1 in 2025.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prices {
    /// A processor on Fargate.
    pub fargate_vcpu: f64,
    /// A GiB of memory on Fargate.
    pub fargate_gib: f64,
    /// A processor of the machines that label and train, with its share of their memory and GPU: the machine's price over its processors.
    pub ec2_vcpu: f64,
    /// Share of that price that is paid for a Spot machine.
    pub spot_share: f64,
}

impl Default for Prices {
    fn default() -> Self {
        Self { fargate_vcpu: 0.040_48, fargate_gib: 0.004_445, ec2_vcpu: 0.251_5, spot_share: 0.4 }
    }
}

/// What a job used.
#[derive(Debug, Clone, PartialEq)]
pub struct JobUse {
    /// The first part of its name, such as `inference`.
    pub stage: String,
    /// Processors that it asked for.
    pub vcpus: f64,
    /// Memory that it asked for, in GiB.
    pub gib: f64,
    /// Whether it ran on Fargate and not on machines of the account.
    pub is_fargate: bool,
    /// Its attempts; the last one decides what became of it.
    pub attempts: Vec<Attempt>,
}

/// An attempt of a job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// From its start to its end.
    pub seconds: f64,
    /// Whether it ended well.
    pub succeeded: bool,
    /// Whether the machine was a Spot one; none on Fargate, or where it is not told.
    pub is_spot: Option<bool>,
}

/// What the jobs of a run cost, the report itself left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunCost {
    /// US dollars.
    pub usd: f64,
    /// US dollars for a thousand records of the input; none without a record.
    pub usd_per_thousand: Option<f64>,
    /// Seconds of all attempts.
    pub job_seconds: f64,
    /// Of these those of attempts that had to be repeated, and what they cost.
    pub wasted_seconds: f64,
    /// See [`Self::wasted_seconds`].
    pub wasted_usd: f64,
    /// Attempts that had to be repeated.
    pub wasted_attempts: u64,
    /// Share of the seconds on the account's machines that were Spot; none where nothing is told.
    pub spot_share: Option<f64>,
    /// US dollars by stage.
    pub by_stage: BTreeMap<String, f64>,
}

impl RunCost {
    /// Adds up what jobs cost that worked on so many records; none without an attempt.
    pub fn of(jobs: &[JobUse], prices: &Prices, records: u64) -> Option<Self> {
        let mut cost = Self::default();
        let (mut told, mut spot) = (0.0, 0.0);
        for (job, attempt) in jobs.iter().flat_map(|job| job.attempts.iter().map(move |attempt| (job, attempt))) {
            let usd = job.hourly(prices, attempt) * attempt.seconds / HOUR;
            cost.usd += usd;
            cost.job_seconds += attempt.seconds;
            *cost.by_stage.entry(job.stage.clone()).or_default() += usd;
            if !attempt.succeeded {
                cost.wasted_attempts += 1;
                cost.wasted_seconds += attempt.seconds;
                cost.wasted_usd += usd;
            }
            if let Some(is_spot) = attempt.is_spot {
                told += attempt.seconds;
                spot += if is_spot { attempt.seconds } else { 0.0 };
            }
        }
        cost.spot_share = (told > 0.0).then(|| spot / told);
        cost.usd_per_thousand = (records > 0).then(|| cost.usd / records as f64 * 1_000.0);
        (!cost.by_stage.is_empty()).then_some(cost)
    }
}

impl JobUse {
    fn hourly(&self, prices: &Prices, attempt: &Attempt) -> f64 {
        if self.is_fargate {
            return self.vcpus * prices.fargate_vcpu + self.gib * prices.fargate_gib;
        }
        let share = if attempt.is_spot == Some(true) { prices.spot_share } else { 1.0 };
        self.vcpus * prices.ec2_vcpu * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Prices = Prices { fargate_vcpu: 0.04, fargate_gib: 0.005, ec2_vcpu: 0.25, spot_share: 0.4 };

    fn job(stage: &str, is_fargate: bool, attempts: &[(f64, bool, Option<bool>)]) -> JobUse {
        let attempt = |&(seconds, succeeded, is_spot)| Attempt { seconds, succeeded, is_spot };
        JobUse {
            stage: stage.into(),
            vcpus: 4.0,
            gib: 8.0,
            is_fargate,
            attempts: attempts.iter().map(attempt).collect(),
        }
    }

    #[test]
    fn every_attempt_is_paid_for_and_those_that_failed_are_wasted() {
        let jobs = [
            job("etl", true, &[(1_800.0, true, None)]),
            job(
                "inference",
                false,
                &[(360.0, false, Some(true)), (720.0, true, Some(true)), (1_080.0, true, Some(false))],
            ),
        ];
        let cost = RunCost::of(&jobs, &PRICES, 10_000).unwrap();
        let (cleaning, wasted) = (0.5 * (4.0 * 0.04 + 8.0 * 0.005), 0.1 * 4.0 * 0.25 * 0.4);
        let labelling = wasted + 0.2 * 4.0 * 0.25 * 0.4 + 0.3 * 4.0 * 0.25;
        assert!((cost.usd - cleaning - labelling).abs() < 1e-12 && (cost.by_stage["etl"] - cleaning).abs() < 1e-12);
        assert_eq!((cost.job_seconds, cost.wasted_seconds, cost.wasted_attempts), (3_960.0, 360.0, 1));
        assert!((cost.wasted_usd - wasted).abs() < 1e-12);
        assert_eq!((cost.spot_share, cost.usd_per_thousand.map(|usd| usd * 10.0)), (Some(0.5), Some(cost.usd)));
    }

    #[test]
    fn what_did_not_run_costs_nothing_that_could_be_told() {
        assert_eq!(RunCost::of(&[job("etl", true, &[])], &PRICES, 10), None);
        let cost = RunCost::of(&[job("etl", true, &[(1.0, true, None)])], &PRICES, 0).unwrap();
        assert_eq!((cost.usd_per_thousand, cost.spot_share), (None, None));
    }
}
