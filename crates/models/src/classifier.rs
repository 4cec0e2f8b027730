//! What inference needs of a model, whatever its architecture.

use tamiz_domain::LabelMap;

use crate::artifact::Artifact;
use crate::{Device, ModelError, Precision, ngram};

/// A loaded model that puts texts into classes. Belongs to one thread at a time.
pub trait Classifier: Send {
    /// The classes, in score order.
    fn labels(&self) -> &LabelMap;

    /// Scores of each text, in order. The same texts give the same scores, in whatever batches they come.
    ///
    /// # Errors
    /// [`ModelError::Libtorch`].
    fn classify(&mut self, texts: &[&str]) -> Result<Vec<Scores>, ModelError>;
}

/// What a model says of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Probability of each class, in the order of the label map; they sum to 1.
    pub probabilities: Vec<f32>,
    /// Whether the text was longer than what the model reads.
    pub truncated: bool,
}

impl Scores {
    /// Index and probability of the likeliest class, the first one of equals; none if a probability is no number.
    pub fn best(&self) -> Option<(usize, f32)> {
        if self.probabilities.iter().any(|p| !p.is_finite()) {
            return None;
        }
        let better = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
        self.probabilities.iter().copied().enumerate().reduce(better)
    }
}

/// Makes a classifier of a verified model folder, by the architecture that its `config.json` names.
///
/// # Errors
/// [`ModelError::Unusable`] naming the file, for an unknown architecture, a label map or tensor that does not fit.
pub fn load(artifact: &Artifact, device: Device, precision: Precision) -> Result<Box<dyn Classifier>, ModelError> {
    match artifact.architecture()?.as_str() {
        ngram::ARCHITECTURE => Ok(Box::new(ngram::Ngram::load(artifact, device, precision)?)),
        other => Err(artifact.unusable(crate::CONFIG, crate::Problem::Architecture { found: other.to_owned() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_class_is_the_first_of_equals_and_none_without_numbers() {
        let scores = |p: &[f32]| Scores { probabilities: p.to_vec(), truncated: false };
        assert_eq!(scores(&[0.2, 0.4, 0.4]).best(), Some((1, 0.4)));
        assert_eq!(scores(&[f32::NAN, 1.0]).best(), None);
    }
}
