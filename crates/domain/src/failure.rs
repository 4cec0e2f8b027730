//! What a failing stage leaves behind for the failure mail.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Planning and starting.
    Dispatch,
    /// Raw objects to clean shards.
    Etl,
    /// Clean shards to predictions.
    Inference,
    /// Counts, report and mail.
    Monitor,
    /// A new model.
    Retrain,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dispatch => "dispatch",
            Self::Etl => "etl",
            Self::Inference => "inference",
            Self::Monitor => "monitor",
            Self::Retrain => "retrain",
        })
    }
}

/// Written by a job that fails for good, under `errors/` of its run; quoted by the failure mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureNote {
    /// The stage that failed.
    pub stage: Stage,
    /// Array index of the job; 0 for a plain job.
    pub index: usize,
    /// What went wrong: the error and its causes, outermost first.
    pub chain: Vec<String>,
    /// What was decided about it.
    pub disposition: String,
    /// What a person can do, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl FailureNote {
    /// File name below `errors/`.
    pub fn file_name(&self) -> String {
        format!("{}-{:05}.json", self.stage, self.index)
    }
}

/// What the state machine knows of a failure: `--failed-cause` of the monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCause {
    /// The stage as the state machine names it.
    pub stage: String,
    /// The error's name, such as `States.TaskFailed`.
    pub error: String,
    /// What AWS says of the cause, where it said something readable.
    #[serde(default)]
    pub cause: Option<serde_json::Value>,
}
