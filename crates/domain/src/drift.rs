//! How far a run is from what its model was measured on.

use serde::{Deserialize, Serialize};

use crate::{Feature, Value};

/// How far a run, or some together, are from the baseline of their model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The largest shift of a feature; none where nothing could be compared.
    pub shift: Option<Shift>,
    /// Why nothing could be compared, or not all, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Rows of the baseline.
    pub baseline_rows: u64,
    /// Rows that were compared with it.
    pub rows: u64,
    /// Runs that they are of: with few rows, those before are counted in.
    pub runs: u64,
    /// Each feature that both know something of.
    pub features: Vec<FeatureDrift>,
    /// Words that are used more often or more seldom, the farthest first; only where something drifted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<MovedWord>,
}

impl Drift {
    /// Nothing compared, for a reason.
    pub fn not_measured(why: &str) -> Self {
        Self { remark: Some(why.to_owned()), ..Self::default() }
    }

    /// Whether a feature is beyond its band.
    pub fn is_beyond_band(&self) -> bool {
        self.shift >= Some(Shift::Moderate)
    }

    /// The features that are beyond their band, the farthest first.
    pub fn findings(&self) -> Vec<&FeatureDrift> {
        let mut found: Vec<&FeatureDrift> =
            self.features.iter().filter(|feature| feature.shift >= Shift::Moderate).collect();
        found.sort_by(|one, other| other.psi.total_cmp(&one.psi));
        found
    }
}

/// How far a feature has moved, and how certain that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// Not farther than chance moves it.
    Stable,
    /// Farther than chance moves it, but not certainly beyond the band.
    Slight,
    /// Certainly beyond the band.
    Moderate,
    /// Certainly beyond the band of what changes everything.
    Strong,
}

impl Shift {
    /// What it is called before people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Slight => "slight",
            Self::Moderate => "moderate",
            Self::Strong => "strong",
        }
    }
}

/// How far a feature has moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureDrift {
    /// The feature.
    pub feature: Feature,
    /// The verdict.
    pub shift: Shift,
    /// Population stability index over the bins: the sum of (b - r) ln(b / r) of the shares in baseline and run, in nats. A share of
    /// nothing counts as 0.0001.
    pub psi: f64,
    /// Jensen-Shannon distance over the bins: the root of the divergence in nats, 0 to 0.83.
    pub jensen_shannon: f64,
    /// Probability of rows this different where nothing has moved: Pearson's chi-squared test of homogeneity over the bins.
    pub p_value: f64,
    /// Rows by value; rare ones and neighbours of few rows are put together.
    pub bins: Vec<DriftBin>,
}

/// Rows of a value in baseline and run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftBin {
    /// The value.
    pub value: Value,
    /// Rows of the baseline.
    pub baseline: u64,
    /// Rows of the run.
    pub run: u64,
}

/// A word that is used more often or more seldom than in the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MovedWord {
    /// The word, of letters only, in several reviews of each side that has it.
    pub word: String,
    /// Share of the baseline's reviews that hold it.
    pub baseline: f64,
    /// Share of the run's.
    pub run: f64,
}
