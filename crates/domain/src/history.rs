//! `history/`: one small object a reported run, ordered by time, so that a run can be seen beside the ones before it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Counts, ModelReference, Profile, RunId, Shift, Verdict};

/// What is kept in mind of a run. Written before `summary.json`, so a run that was reported twice may have two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// When it was reported.
    pub at: Timestamp,
    /// The run.
    pub run_id: RunId,
    /// Whether it was a success.
    pub verdict: Verdict,
    /// Records by outcome.
    pub counts: Counts,
    /// The model that labelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelReference>,
    /// What its rows and the answers about them were like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// How far that was from the model's baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<Shift>,
    /// Mean confidence of the predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_confidence: Option<f64>,
    /// Share of the labelled rows that were predicted as they are labelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Shares that tell what its data was like, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<String, f64>,
    /// US dollars that its jobs cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// Whether it asked for a new model.
    #[serde(default)]
    pub retrain: bool,
}

impl RunRecord {
    /// Folder of all records, beside the folder of runs.
    pub const FOLDER: &str = "history";

    /// End of the names of runs that asked for a new model, so that the last one is found among thousands without reading them.
    pub const ASKED: &str = "-asked.json";

    /// Name of the record in that folder: a folder a day, and in it by time.
    pub fn name(&self) -> String {
        let (day, time) = (self.at.strftime("%Y-%m-%d"), self.at.strftime("%H%M%SZ"));
        let end = if self.retrain { Self::ASKED } else { ".json" };
        format!("{day}/{time}-{}{end}", self.run_id)
    }
}
