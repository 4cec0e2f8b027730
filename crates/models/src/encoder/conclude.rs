//! From logits to what is said of a text.

use super::config::EncoderConfig;
use super::reading::{ReadText, WordPlace, Words};
use crate::entities::{Word, entities};
use crate::scheme::Scheme;
use crate::task::{Labelled, Prediction, Reading, Task, Unlabelled, likeliest};

impl EncoderConfig {
    /// What becomes of a text whose windows have these logits.
    pub fn conclude(&self, text: &ReadText, logits: &[Vec<f32>]) -> Labelled {
        if let (Task::Extraction(scheme), Some(words)) = (&self.task, &text.words) {
            return extract(scheme, words, logits, text.reading);
        }
        let num_tokens = |window: &Vec<u32>| window.len() as f32;
        let total: f32 = text.windows.iter().map(num_tokens).sum();
        let mut scores = vec![0.0; self.num_logits(1)];
        for (window, logits) in text.windows.iter().zip(logits) {
            let share = num_tokens(window) / total;
            for (sum, score) in scores.iter_mut().zip(activated(&self.task, logits)) {
                *sum += share * score;
            }
        }
        self.task.predict(scores, text.reading)
    }
}

/// Scores of logits.
fn activated(task: &Task, logits: &[f32]) -> Vec<f32> {
    match task {
        Task::Classification(_) | Task::Extraction(_) => softmax(logits),
        Task::MultiLabel(_) => logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect(),
        Task::Regression => logits.to_vec(),
    }
}

/// Probabilities of logits.
pub(super) fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn extract(scheme: &Scheme, words: &Words, logits: &[Vec<f32>], reading: Reading) -> Labelled {
    let classified = |place: &WordPlace| {
        let window = logits.get(place.window)?;
        let probabilities = softmax(window.get(place.token * scheme.len()..(place.token + 1) * scheme.len())?);
        let (class, score) = likeliest(&probabilities)?;
        score.is_finite().then_some(Word { span: place.span, class, score })
    };
    let words_found: Option<Vec<Word>> = words.places.iter().map(classified).collect();
    let found = entities(&words.text, &words_found.ok_or(Unlabelled::NotANumber)?, scheme);
    Ok(Prediction { entities: found, reading, ..Prediction::default() })
}
