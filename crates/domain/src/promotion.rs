//! `promotions/`: what was decided about a model version, and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::MetricSet;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The pointer was swapped to the challenger.
    Promoted,
    /// The champion stays.
    KeptChampion,
    /// There is no champion, and the challenger is not good enough to be the first.
    NoBaseline,
    /// A person swapped the pointer back to an earlier champion.
    RolledBack,
}

impl Decision {
    /// What it is called before people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::KeptChampion => "kept champion",
            Self::NoBaseline => "no baseline",
            Self::RolledBack => "rolled back to",
        }
    }

    /// Whether the pointer was swapped.
    pub fn swaps(self) -> bool {
        matches!(self, Self::Promoted | Self::RolledBack)
    }
}

/// One verdict, written create-only whether the challenger won or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided: a job or a person.
    pub by: String,
    /// The champion before, if there was one.
    pub from: Option<String>,
    /// The challenger, or the version that was rolled back to.
    pub to: String,
    /// The decision.
    pub decision: Decision,
    /// Why, as sentences.
    pub why: String,
    /// The challenger's figures.
    pub challenger: MetricSet,
    /// The champion's figures on the same rows, if there was one.
    pub champion: Option<MetricSet>,
    /// The rules that the challenger was held to, each with the numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleOutcome>,
}

/// What came of one rule of promotion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleOutcome {
    /// Name of the rule, such as `calibration`.
    pub rule: String,
    /// Whether the challenger keeps it.
    pub kept: bool,
    /// The numbers, as a sentence without its full stop.
    pub says: String,
}
