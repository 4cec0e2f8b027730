//! What every training has to do with, whatever the architecture: labelled texts, their order, and classes of unequal size. Pure.

use std::ops::ControlFlow;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tamiz_domain::LabelMap;

/// One labelled text.
#[derive(Debug, Clone, Copy)]
pub struct Example<'a> {
    /// The text.
    pub text: &'a str,
    /// Index of its class in the label map.
    pub class: usize,
}

impl AsRef<str> for Example<'_> {
    fn as_ref(&self) -> &str {
        self.text
    }
}

/// A text with the entities in it.
#[derive(Debug, Clone)]
pub struct Marked<'a> {
    /// The text.
    pub text: &'a str,
    /// What is named in it, in the order of the text; none lies over another.
    pub marks: Vec<Mark>,
}

/// An entity in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Index of its kind in the label map.
    pub kind: usize,
    /// First character, counted in Unicode code points from 0.
    pub start: u32,
    /// Behind the last character.
    pub end: u32,
}

/// Labelled texts to train with.
#[derive(Debug, Clone, Copy)]
pub struct Corpus<'a, E = Example<'a>> {
    /// Texts that steps are taken on.
    pub training: &'a [E],
    /// Texts that decide when to stop.
    pub validation: &'a [E],
    /// The classes, or the kinds of entities.
    pub labels: &'a LabelMap,
}

/// What a model is to learn.
#[derive(Debug, Clone)]
pub enum Lesson<'a> {
    /// To tell classes of texts.
    Classes(Corpus<'a>),
    /// To find entities.
    Entities(Corpus<'a, Marked<'a>>),
}

impl Lesson<'_> {
    /// The classes, or the kinds of entities.
    pub fn labels(&self) -> &LabelMap {
        match self {
            Self::Classes(corpus) => corpus.labels,
            Self::Entities(corpus) => corpus.labels,
        }
    }
}

/// What is labelled with one or several indices of the label map.
pub(crate) trait Indexed {
    /// Every index that it is labelled with.
    fn indices(&self) -> impl Iterator<Item = usize>;
}

impl Indexed for Example<'_> {
    fn indices(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.class)
    }
}

impl Indexed for Marked<'_> {
    fn indices(&self) -> impl Iterator<Item = usize> {
        self.marks.iter().map(|mark| mark.kind)
    }
}

/// Why a corpus cannot be trained on, passed over so often at such a step size in steps of so many rows.
pub(crate) fn problem<E: Indexed>(
    corpus: &Corpus<'_, E>,
    epochs: usize,
    step_rows: usize,
    learning_rate: f64,
) -> Option<&'static str> {
    let mut indices = corpus.training.iter().chain(corpus.validation).flat_map(Indexed::indices);
    if corpus.training.is_empty() || corpus.validation.is_empty() {
        Some("there are no rows to train or to validate with")
    } else if indices.any(|index| index >= corpus.labels.len()) {
        Some("a row's class is not in the label map")
    } else if epochs == 0 || step_rows == 0 {
        Some("epochs and rows of a step must be at least 1")
    } else if !(learning_rate > 0.0 && learning_rate.is_finite()) {
        Some("the learning rate must be above 0")
    } else {
        None
    }
}

/// What a training tells of itself while it goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// A step was taken on so many rows.
    Step {
        /// Rows of the step.
        rows: usize,
    },
    /// An epoch is done.
    Epoch(&'a Epoch),
}

/// Whoever is told, and may end the training, as being asked to stop does.
pub type Watch<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

/// One pass over the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Number, from 1.
    pub number: usize,
    /// Mean loss over the epoch's steps, in nats, under the balance of the classes.
    pub training_loss: f64,
    /// Loss on the validation rows after the epoch, under the same balance.
    pub validation_loss: f64,
    /// Share of validation rows classified as labelled; of words, where entities are learnt.
    pub validation_accuracy: f64,
}

/// What is done about classes of unequal size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Balance {
    /// Each row weighs in inverse proportion to its class's share.
    #[default]
    Weights,
    /// Every epoch draws as many rows of each class as the smallest one has.
    Undersample,
    /// Nothing.
    None,
}

/// The rows of an epoch in random order, `balance` applied; the same seed and epoch give the same order.
pub(crate) fn epoch_rows(
    classes: &[usize],
    num_classes: usize,
    balance: Balance,
    seed: u64,
    epoch: usize,
) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64);
    let mut rows: Vec<usize> = (0..classes.len()).collect();
    rows.shuffle(&mut rng);
    if balance == Balance::Undersample {
        let smallest = counts(classes, num_classes).into_iter().filter(|&count| count > 0).min().unwrap_or(0);
        let mut left = vec![smallest; num_classes];
        rows.retain(|&row| {
            let left = &mut left[classes[row]];
            let kept = *left > 0;
            *left = left.saturating_sub(1);
            kept
        });
        // The quota of a large class is used up early; without another shuffle the epoch would end on small ones.
        rows.shuffle(&mut rng);
    }
    rows
}

/// Weight of each class in the loss; their mean over the rows is 1.
pub(crate) fn class_weights(classes: &[usize], num_classes: usize, balance: Balance) -> Vec<f32> {
    let counts = counts(classes, num_classes);
    let weight = |count: usize| match balance {
        Balance::Weights if count > 0 => classes.len() as f32 / (num_classes * count) as f32,
        _ => 1.0,
    };
    counts.into_iter().map(weight).collect()
}

/// Rows of each class.
pub(crate) fn counts(classes: &[usize], num_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; num_classes];
    classes.iter().for_each(|&class| counts[class] += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_has_every_row_once_in_an_order_of_its_own() {
        let classes = [0, 1].repeat(50);
        let first = epoch_rows(&classes, 2, Balance::Weights, 1, 1);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(first, epoch_rows(&classes, 2, Balance::Weights, 1, 1));
        assert_ne!(first, epoch_rows(&classes, 2, Balance::Weights, 1, 2));
        assert_ne!(first, epoch_rows(&classes, 2, Balance::Weights, 2, 1));
    }

    #[test]
    fn undersampling_draws_the_classes_evenly() {
        let classes: Vec<usize> = (0..100).map(|n| usize::from(n % 5 != 0)).collect();
        let rows = epoch_rows(&classes, 2, Balance::Undersample, 1, 1);
        let small = |rows: &[usize]| rows.iter().filter(|&&row| classes[row] == 0).count();
        assert_eq!((rows.len(), small(&rows)), (40, 20));
        assert!((5..=15).contains(&small(&rows[20..])), "both halves hold both classes");
    }

    #[test]
    fn weights_make_the_classes_even_and_average_to_one() {
        let classes = [0, 0, 0, 1];
        let weights = class_weights(&classes, 2, Balance::Weights);
        assert!((3.0 * weights[0] - weights[1]).abs() < 1e-6);
        assert!((3.0 * weights[0] + weights[1] - 4.0).abs() < 1e-6);
        assert_eq!(class_weights(&classes, 2, Balance::None), [1.0, 1.0]);
    }
}
