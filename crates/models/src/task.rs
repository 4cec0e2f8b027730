//! What a model says of a text, and what follows from its scores.

use tamiz_domain::LabelMap;

use crate::entities::Entity;
use crate::scheme::Scheme;

/// What a model is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// One class of several; scores are probabilities that sum to 1.
    Classification(LabelMap),
    /// Any number of classes; each score is the probability of its class.
    MultiLabel(LabelMap),
    /// A number; the one score is it.
    Regression,
    /// Entities in the text; no scores.
    Extraction(Scheme),
}

/// What a model says of one text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prediction {
    /// Value of the likeliest class, or the number of a regression, rounded.
    pub label: Option<i8>,
    /// Probability of the likeliest class.
    pub confidence: Option<f32>,
    /// As the model's [`Task`] says, in the order of its label map.
    pub scores: Vec<f32>,
    /// In the order of the text.
    pub entities: Vec<Entity>,
    /// How the text was read.
    pub reading: Reading,
}

/// How a model read a text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reading {
    /// Tokens read: words of an n-gram model, wordpieces of an encoder without the special ones. What two windows share counts twice.
    pub num_tokens: u32,
    /// Share of the n-grams that the training never met, or of the wordpieces that stand for anything unknown; 0 of nothing.
    pub unknown_share: f32,
    /// Whether the text was longer than what the model reads.
    pub truncated: bool,
}

/// Why a text has no prediction, although the model works.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unlabelled {
    /// A score is NaN or infinite.
    #[error("the model's scores are no numbers")]
    NotANumber,
    /// The tokenizer refused the text.
    #[error("the tokenizer refused the text: {0}")]
    Tokenizer(String),
}

/// A prediction, or why there is none.
pub type Labelled = Result<Prediction, Unlabelled>;

/// Smallest probability of a class of which a text is said to be, where it may be of several.
const MULTI_LABEL_THRESHOLD: f32 = 0.5;

impl Task {
    /// The classes in score order; none for a number.
    pub fn labels(&self) -> LabelMap {
        match self {
            Self::Classification(labels) | Self::MultiLabel(labels) => labels.clone(),
            Self::Regression | Self::Extraction(_) => LabelMap(Vec::new()),
        }
    }

    /// The prediction that follows from scores: the likeliest class, the first one of equals; of any number of classes the
    /// likeliest if it is likely at all; a number rounded, where it fits.
    ///
    /// # Errors
    /// [`Unlabelled::NotANumber`] where a score is NaN or infinite.
    pub(crate) fn predict(&self, scores: Vec<f32>, reading: Reading) -> Labelled {
        if scores.is_empty() || scores.iter().any(|score| !score.is_finite()) {
            return Err(Unlabelled::NotANumber);
        }
        let best = |labels: &LabelMap| {
            let (index, score) = likeliest(&scores).unzip();
            (index.and_then(|index| labels.0.get(index)).map(|class| class.value), score)
        };
        let (label, confidence) = match self {
            Self::Classification(labels) => best(labels),
            Self::MultiLabel(labels) => {
                let (label, score) = best(labels);
                (label.filter(|_| score >= Some(MULTI_LABEL_THRESHOLD)), score)
            }
            Self::Regression => (nearest(scores[0]), None),
            Self::Extraction(_) => (None, None),
        };
        Ok(Prediction { label, confidence, scores, entities: Vec::new(), reading })
    }
}

/// Index and value of the largest score, the first one of equals.
pub(crate) fn likeliest(scores: &[f32]) -> Option<(usize, f32)> {
    let better = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
    scores.iter().copied().enumerate().reduce(better)
}

/// The number rounded; none where a label cannot hold it.
fn nearest(number: f32) -> Option<i8> {
    let number = number.round();
    (f32::from(i8::MIN)..=f32::from(i8::MAX)).contains(&number).then_some(number as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predict(task: &Task, scores: &[f32]) -> Option<(Option<i8>, Option<f32>)> {
        let predicted = task.predict(scores.to_vec(), Reading::default()).ok()?;
        Some((predicted.label, predicted.confidence))
    }

    #[test]
    fn the_best_class_is_the_first_of_equals() {
        let task = Task::Classification(LabelMap::of_values([1, 2, 3]));
        assert_eq!(predict(&task, &[0.2, 0.4, 0.4]), Some((Some(2), Some(0.4))));
        assert_eq!(predict(&task, &[f32::NAN, 1.0, 0.0]), None);
        assert_eq!(predict(&task, &[]), None);
    }

    #[test]
    fn of_any_number_of_classes_there_may_be_none() {
        let task = Task::MultiLabel(LabelMap::of_values([1, 2]));
        assert_eq!(predict(&task, &[0.9, 0.6]), Some((Some(1), Some(0.9))));
        assert_eq!(predict(&task, &[0.3, 0.4]), Some((None, Some(0.4))));
    }

    #[test]
    fn numbers_are_rounded_where_they_fit() {
        assert_eq!(predict(&Task::Regression, &[3.6]), Some((Some(4), None)));
        assert_eq!(predict(&Task::Regression, &[1e9]), Some((None, None)));
        assert_eq!(predict(&Task::Regression, &[f32::INFINITY]), None);
    }
}
