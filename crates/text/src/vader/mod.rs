//! VADER sentiment, equal to Python's vaderSentiment 3.3.2 to its 4 decimals.
//!
//! Hutto, C.J. and Gilbert, E.E. (2014). VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
//! Text. The lexicons in `data/` are theirs (MIT). What the rules ask of a word is worked out from the word alone
//! ([`word`]); a text is then scored over a list of small values ([`rules`]) without looking at letters again. The
//! reference's quirks are kept, as the scores are to be equal.

mod contrast;
mod lexicon;
mod phrases;
mod rules;
mod word;

use crate::unicode::is_space;

use lexicon::{Lexicon, lexicon};
pub(crate) use word::Word;

/// Scores texts. Holds scratch space as large as the longest text.
pub struct Vader {
    lexicon: &'static Lexicon,
    valences: Vec<(usize, f64)>,
}

impl Vader {
    /// Parses the lexicons (some milliseconds) where it is the first.
    pub fn new() -> Self {
        Self { lexicon: lexicon(), valences: Vec::new() }
    }

    /// Compound score of an English text as written (not cleaned), in [-1, 1], rounded to 4 decimals; 0 for no text.
    ///
    /// [`Analyzer`](crate::Analyzer) finds the same score faster: it remembers words from text to text.
    pub fn compound(&mut self, text: &str) -> f64 {
        let spoken = self.describe_emoji(text);
        let text = spoken.as_deref().unwrap_or(text);
        let tokens = text.split(is_space).filter(|token| !token.is_empty());
        let words: Vec<Word> = tokens.map(|token| self.word(token)).collect();
        self.score(&words, text)
    }

    /// What the rules ask of a token that was split off at white space.
    pub(crate) fn word(&self, token: &str) -> Word {
        Word::new(token, self.lexicon)
    }

    /// The same for a word of lower-case letters.
    pub(crate) fn known_word(&self, word: &str) -> Word {
        self.lexicon.word(word)
    }

    /// The text with its emoji spelled out; none where there are none.
    pub(crate) fn describe_emoji(&self, text: &str) -> Option<String> {
        self.lexicon.has_emoji(text).then(|| self.lexicon.describe_emoji(text))
    }

    /// Compound score of a text whose words are known.
    pub(crate) fn score(&mut self, words: &[Word], text: &str) -> f64 {
        let sum = rules::sum_of_valences(words, &mut self.valences);
        round_to_4_decimals(normalize(emphasize(sum, text)))
    }
}

impl Default for Vader {
    fn default() -> Self {
        Self::new()
    }
}

/// Moves the sum away from zero for exclamation marks (up to 4 count) and question marks (from 2 on).
fn emphasize(sum: f64, text: &str) -> f64 {
    let exclamations = memchr::memchr_iter(b'!', text.as_bytes()).count().min(4);
    let questions = match memchr::memchr_iter(b'?', text.as_bytes()).count() {
        0 | 1 => 0.0,
        count @ (2 | 3) => count as f64 * 0.18,
        _ => 0.96,
    };
    let amplifier = exclamations as f64 * 0.292 + questions;
    if sum > 0.0 {
        sum + amplifier
    } else if sum < 0.0 {
        sum - amplifier
    } else {
        sum
    }
}

fn normalize(sum: f64) -> f64 {
    (sum / (sum * sum + 15.0).sqrt()).clamp(-1.0, 1.0)
}

/// Python's `round(score, 4)`, which rounds the exact decimal value and not a product.
fn round_to_4_decimals(score: f64) -> f64 {
    let scaled = score * 1e4;
    let distance_to_tie = ((scaled - scaled.trunc()).abs() - 0.5).abs();
    if distance_to_tie > 1e-6 {
        return scaled.round() / 1e4;
    }
    // So close to a tie that the product's own rounding could decide; formatting is exact.
    format!("{score:.4}").parse().unwrap_or(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_authors_score_as_published() {
        let mut vader = Vader::new();
        for (text, compound) in [
            ("VADER is smart, handsome, and funny.", 0.8316),
            ("VADER is VERY SMART, handsome, and FUNNY!!!", 0.9342),
            ("VADER is not smart, handsome, nor funny.", -0.7424),
            ("At least it isn't a horrible book.", 0.431),
            ("The book was only kind of good.", 0.3832),
            ("Today only kinda sux! But I'll get by, lol", 0.5249),
            ("Make sure you :) or :D today!", 0.8633),
            ("Catch utf-8 emoji such as 💘 and 💋 and 😁", 0.875),
            ("", 0.0),
        ] {
            assert_eq!(vader.compound(text), compound, "{text}");
        }
    }

    #[test]
    fn rounding_is_that_of_exact_decimals() {
        for score in [0.00005, 0.00015, 0.12345, -0.99995, 0.5, 1.0, -0.43125, 0.10005] {
            assert_eq!(round_to_4_decimals(score), format!("{score:.4}").parse::<f64>().unwrap());
        }
    }
}
