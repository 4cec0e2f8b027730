//! `summary.json`: a run at a glance, and the commit object of its report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Counts, Drift, FileReport, Labelling, MetricSet, ModelReference, RejectReason, RunCost, RunId, Slice};

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The run.
    pub run_id: RunId,
    /// Whether the run is a success.
    pub verdict: Verdict,
    /// Why it is none, or what deserves a look; one sentence each.
    pub findings: Vec<String>,
    /// Records by outcome over the whole run.
    pub counts: Counts,
    /// Each input file, with its problem where it was left out.
    pub files: Vec<FileReport>,
    /// Rejected records by reason.
    pub rejected_by_reason: BTreeMap<RejectReason, u64>,
    /// The model that labelled the run; none if it never got so far.
    pub model: Option<ModelReference>,
    /// Rows by predicted class.
    pub predicted: BTreeMap<i8, u64>,
    /// Names of the predicted classes.
    pub class_names: BTreeMap<i8, String>,
    /// Mean confidence of the predictions, if there are any.
    pub mean_confidence: Option<f64>,
    /// How long the labelling took, if it is known.
    #[serde(default)]
    pub labelling: Option<Labelling>,
    /// Figures against the labels that came with the data, if any did.
    pub quality: Option<Quality>,
    /// What they are estimated to be, whether labels came or not; none of a model whose scores are no probabilities of classes.
    #[serde(default)]
    pub estimated: Option<EstimatedQuality>,
    /// How far the run is from what its model was measured on.
    #[serde(default)]
    pub drift: Drift,
    /// What its jobs cost; none where nobody can say, as on a folder.
    #[serde(default)]
    pub cost: Option<RunCost>,
    /// Whether a new model is wanted.
    pub retrain: bool,
    /// Why, or why not.
    pub retrain_advice: RetrainAdvice,
}

/// Whether a run is a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every record is accounted for and inside the budget.
    Ok,
    /// Anything else.
    Failed,
}

/// Figures against the labels that came with the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// The figures.
    pub metrics: MetricSet,
    /// The same of parts of the rows.
    #[serde(default)]
    pub slices: Vec<Slice>,
}

/// Figures as they would be if the model's scores are right about themselves: confidence-based performance estimation (CBPE, as
/// NannyML does it). It sees no change in what texts mean, only in how sure the model is of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EstimatedQuality {
    /// Rows that it is made of.
    pub rows: u64,
    /// Expected share of predictions that are right.
    pub accuracy: f64,
    /// Where it lies: 95% of chance, and the calibration error of the model's hold-out on either side.
    pub low: f64,
    /// See [`Self::low`].
    pub high: f64,
    /// Expected unweighted mean of the classes' F1.
    pub macro_f1: f64,
}

/// Why a new model is wanted, or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrainAdvice {
    /// Labelled rows in runs that the current model has not seen.
    pub new_labels: u64,
    /// Labelled rows from which on a new model is trained.
    pub threshold: u64,
    /// Whether the model does worse than it should, or is asked about other things than it knows.
    #[serde(default)]
    pub in_need: bool,
    /// The advice as a sentence.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_class_survive_their_json() {
        let confusion = BTreeMap::from([(1, BTreeMap::from([(1, 8), (2, 2)]))]);
        let quality = Quality { metrics: MetricSet::of_confusion(confusion, None), slices: Vec::new() };
        let json = serde_json::to_string(&quality).unwrap();
        assert!(json.contains("\"accuracy\":0.8"));
        assert_eq!(serde_json::from_str::<Quality>(&json).unwrap(), quality);
    }
}
