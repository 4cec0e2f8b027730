//! What reviews and the answers about them are like, as counts: of a run, and in `baseline.json` of the rows that a model was
//! measured on when it was trained. Drift is the difference of two profiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Histogram, WordCounts};

/// Intervals of the confidence, between 0 and 1.
const CONFIDENCE_STEPS: u32 = 20;

/// What a profile tells of each review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Length of the text in characters.
    Characters,
    /// Length of the text in tokens of the model.
    Tokens,
    /// Share of the text that the model knows nothing of.
    UnknownShare,
    /// Language.
    Language,
    /// Predicted class.
    Predicted,
    /// Confidence of the prediction.
    Confidence,
    /// Label that came with the data.
    Label,
}

impl Feature {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::Characters,
        Self::Tokens,
        Self::UnknownShare,
        Self::Language,
        Self::Predicted,
        Self::Confidence,
        Self::Label,
    ];

    /// What it is called before people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Characters => "text length",
            Self::Tokens => "tokens",
            Self::UnknownShare => "unknown words",
            Self::Language => "language",
            Self::Predicted => "predicted class",
            Self::Confidence => "confidence",
            Self::Label => "label",
        }
    }

    /// Whether it is a number, so that its intervals have neighbours.
    pub fn is_ordered(self) -> bool {
        !matches!(self, Self::Language | Self::Predicted | Self::Label)
    }
}

/// A review as a profile counts it; what is not known of it is none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ProfiledRow<'a> {
    /// Unicode scalar values of the text.
    pub characters: Option<u32>,
    /// Tokens that the model read of it.
    pub tokens: Option<u32>,
    /// Share of its n-grams or wordpieces that the model knows nothing of, 0 to 1.
    pub unknown_share: Option<f32>,
    /// ISO 639-1.
    pub language: Option<&'a str>,
    /// Value of the predicted class.
    pub predicted: Option<i8>,
    /// Probability of the predicted class, 0 to 1.
    pub confidence: Option<f32>,
    /// Value of the label.
    pub label: Option<i8>,
}

/// Reviews and the answers about them, counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Reviews.
    pub rows: u64,
    /// By length of the text in characters.
    pub characters: Histogram,
    /// By length of the text in tokens of the model.
    pub tokens: Histogram,
    /// By share of n-grams or wordpieces that the model knows nothing of.
    pub unknown_share: Histogram,
    /// By confidence of the prediction.
    pub confidence: Histogram,
    /// By language (ISO 639-1).
    pub languages: BTreeMap<String, u64>,
    /// By predicted class.
    pub predicted: BTreeMap<i8, u64>,
    /// By label, those that have one.
    pub labels: BTreeMap<i8, u64>,
}

impl Default for Profile {
    fn default() -> Self {
        // Two steps to a doubling: reviews run from a word to some pages.
        let lengths =
            || [0.0].into_iter().chain((4..=30).map(|half| 2_f64.powf(f64::from(half) / 2.0).round())).collect();
        let shares = [0.0, 0.001, 0.01, 0.02].into_iter().chain((1..20).map(|step| f64::from(step) / 20.0));
        let confidence = (0..CONFIDENCE_STEPS).map(|step| f64::from(step) / f64::from(CONFIDENCE_STEPS));
        Self {
            rows: 0,
            characters: Histogram::new(lengths()),
            tokens: Histogram::new(lengths()),
            unknown_share: Histogram::new(shares.collect()),
            confidence: Histogram::new(confidence.collect()),
            languages: BTreeMap::new(),
            predicted: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }
}

impl Profile {
    /// Counts a review.
    pub fn add(&mut self, row: &ProfiledRow<'_>) {
        self.rows += 1;
        row.characters.iter().for_each(|&number| self.characters.add(number.into()));
        row.tokens.iter().for_each(|&number| self.tokens.add(number.into()));
        row.unknown_share.iter().for_each(|&share| self.unknown_share.add(share.into()));
        row.confidence.iter().for_each(|&confidence| self.confidence.add(confidence.into()));
        row.predicted.iter().for_each(|&class| *self.predicted.entry(class).or_default() += 1);
        row.label.iter().for_each(|&class| *self.labels.entry(class).or_default() += 1);
        if let Some(language) = row.language {
            // No copy of a name that is there.
            match self.languages.get_mut(language) {
                Some(count) => *count += 1,
                None => drop(self.languages.insert(language.to_owned(), 1)),
            }
        }
    }

    /// Adds the counts of another profile. Histograms over other edges, of another version of Tamiz, are left out.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.characters.merge(&other.characters);
        self.tokens.merge(&other.tokens);
        self.unknown_share.merge(&other.unknown_share);
        self.confidence.merge(&other.confidence);
        other.languages.iter().for_each(|(name, count)| *self.languages.entry(name.clone()).or_default() += count);
        other.predicted.iter().for_each(|(&class, count)| *self.predicted.entry(class).or_default() += count);
        other.labels.iter().for_each(|(&class, count)| *self.labels.entry(class).or_default() += count);
    }

    /// Reviews by the values of a feature, in their order; reviews of which it is not known are left out.
    pub fn values(&self, feature: Feature) -> Vec<(Value, u64)> {
        let histogram = |of: &Histogram| -> Vec<(Value, u64)> {
            let ends = of.edges.iter().skip(1).copied().map(Some).chain([None]);
            let intervals = of.edges.iter().zip(ends).map(|(&from, to)| Value::Interval { from, to });
            intervals.zip(of.counts.iter().copied()).collect()
        };
        let classes = |of: &BTreeMap<i8, u64>| of.iter().map(|(&class, &count)| (Value::Class(class), count)).collect();
        match feature {
            Feature::Characters => histogram(&self.characters),
            Feature::Tokens => histogram(&self.tokens),
            Feature::UnknownShare => histogram(&self.unknown_share),
            Feature::Confidence => histogram(&self.confidence),
            Feature::Language => {
                self.languages.iter().map(|(name, &count)| (Value::Name(name.clone()), count)).collect()
            }
            Feature::Predicted => classes(&self.predicted),
            Feature::Label => classes(&self.labels),
        }
    }
}

/// A value of a feature, or an interval of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// From a number up to another, without it; or up to the largest there is.
    Interval {
        /// The smallest.
        from: f64,
        /// The smallest behind it.
        to: Option<f64>,
    },
    /// A class.
    Class(i8),
    /// A name.
    Name(String),
    /// All values that are too rare to stand for themselves.
    Others,
}

/// `baseline.json` of a model version: what its hold-out was like, for drift to be measured against. The hold-out and not the rows that
/// it was trained on, of which a model is surer than of anything new.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// The rows and the model's answers.
    pub profile: Profile,
    /// Words that they use.
    pub words: WordCounts,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(characters: u32, language: &str) -> ProfiledRow<'_> {
        ProfiledRow {
            characters: Some(characters),
            language: Some(language),
            confidence: Some(0.93),
            ..Default::default()
        }
    }

    #[test]
    fn rows_are_counted_by_what_is_known_of_them() {
        let mut profile = Profile::default();
        profile.add(&row(100, "en"));
        profile.add(&ProfiledRow { label: Some(2), predicted: Some(1), ..row(5, "es") });
        assert_eq!((profile.rows, profile.characters.total(), profile.tokens.total()), (2, 2, 0));
        assert_eq!(profile.values(Feature::Label), [(Value::Class(2), 1)]);
        assert_eq!(
            profile.values(Feature::Language),
            [("en", 1), ("es", 1)].map(|(name, n)| (Value::Name(name.into()), n))
        );
        let interval = Value::Interval { from: 0.9, to: Some(0.95) };
        assert!(profile.values(Feature::Confidence).contains(&(interval, 2)));
        let long = profile.values(Feature::Characters).into_iter().find(|(_, count)| *count > 0).unwrap().0;
        assert_eq!(long, Value::Interval { from: 4.0, to: Some(6.0) });
    }

    #[test]
    fn two_profiles_add_up_to_that_of_all_their_rows() {
        let (mut one, mut other, mut both) = (Profile::default(), Profile::default(), Profile::default());
        for (number, language) in [(3, "en"), (900, "es"), (90_000, "en")] {
            one.add(&row(number, language));
            other.add(&ProfiledRow { tokens: Some(number), ..row(number + 1, "de") });
            both.add(&row(number, language));
            both.add(&ProfiledRow { tokens: Some(number), ..row(number + 1, "de") });
        }
        one.merge(&other);
        assert_eq!(one, both);
    }

    #[test]
    fn edges_ascend() {
        let profile = Profile::default();
        for histogram in [&profile.characters, &profile.tokens, &profile.unknown_share, &profile.confidence] {
            assert!(histogram.edges.is_sorted_by(|a, b| a < b), "{:?}", histogram.edges);
        }
    }
}
