//! `summary.json`: a run at a glance, and the commit object of its report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Counts, FileReport, Labelling, MetricSet, ModelReference, RejectReason, RunId};

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
///
/// Transparent, not flattened: serde reads a flattened map's keys as strings only, and these are class numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quality {
    /// The figures.
    pub metrics: MetricSet,
}

/// Why a new model is wanted, or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrainAdvice {
    /// Labelled rows in runs that the current model has not seen.
    pub new_labels: u64,
    /// Labelled rows from which on a new model is trained.
    pub threshold: u64,
    /// The advice as a sentence.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_class_survive_their_json() {
        let confusion = BTreeMap::from([(1, BTreeMap::from([(1, 8), (2, 2)]))]);
        let quality = Quality { metrics: MetricSet::of_confusion(confusion, None) };
        let json = serde_json::to_string(&quality).unwrap();
        assert!(json.contains("\"accuracy\":0.8"));
        assert_eq!(serde_json::from_str::<Quality>(&json).unwrap(), quality);
    }
}
