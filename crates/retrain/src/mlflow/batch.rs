//! Params, metrics and tags of a run, in batches that the server takes.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::client::Client;
use super::error::Error;
use super::limits;
use super::pair::Pair;
use super::retry::Again;
use super::run::Run;

/// A number at a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    key: String,
    value: f64,
    timestamp: i64,
    step: u64,
}

impl Metric {
    /// Numbers of one step at one time (milliseconds since 1970). What is not finite is left out: MLflow writes an
    /// infinity down as the largest number, and its charts show neither.
    pub fn of_step(step: u64, timestamp: i64, values: &[(&str, f64)]) -> Vec<Self> {
        let finite = values.iter().filter(|(_, value)| value.is_finite());
        finite.map(|(key, value)| Self { key: limits::key(key), value: *value, timestamp, step }).collect()
    }
}

impl Client {
    /// Adds params to a run. Of two of one name the first counts: MLflow allows no change of a param.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn log_params(&self, run: &Run, params: &[(&str, &str)]) -> Result<(), Error> {
        let mut known = HashSet::new();
        let params = params.iter().map(|(key, value)| Pair::param(key, value));
        let params: Vec<Pair> = params.filter(|param| known.insert(param.key().to_owned())).collect();
        for params in params.chunks(limits::PARAMS) {
            self.log_batch("log params", &json!({ "run_id": run.id, "params": params })).await?;
        }
        Ok(())
    }

    /// Adds metrics to a run.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn log_metrics(&self, run: &Run, metrics: &[Metric]) -> Result<(), Error> {
        for metrics in metrics.chunks(limits::METRICS) {
            self.log_batch("log metrics", &json!({ "run_id": run.id, "metrics": metrics })).await?;
        }
        Ok(())
    }

    /// Adds tags to a run; of two of one name the last counts.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn log_tags(&self, run: &Run, tags: &[(&str, &str)]) -> Result<(), Error> {
        let tags: Vec<Pair> = tags.iter().map(|(key, value)| Pair::tag(key, value)).collect();
        for tags in tags.chunks(limits::TAGS) {
            self.log_batch("log tags", &json!({ "run_id": run.id, "tags": tags })).await?;
        }
        Ok(())
    }

    /// Logging the same again changes nothing, not even the history of a metric.
    async fn log_batch(&self, operation: &'static str, batch: &Value) -> Result<(), Error> {
        self.post::<Value>(operation, Again::Always, "runs/log-batch", batch).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_left_out() {
        let values = [("a", 0.5), ("b", f64::NAN), ("c", f64::INFINITY), ("d", f64::NEG_INFINITY)];
        let metrics = Metric::of_step(3, 7, &values);
        assert_eq!(metrics, [Metric { key: "a".into(), value: 0.5, timestamp: 7, step: 3 }]);
    }
}
