//! Sample rows, with what the cleaning made of them.

use std::borrow::Cow;

use serde::Serialize;
use tamiz_text::redact::{redact, shorten};

/// Rows shown.
pub const SHOWN: usize = 6;
/// Characters of a text that are shown of each step at most.
const MAX_CHARS: usize = 400;
/// Characters of the texts that are liked best: long enough to show something, short enough to read.
const BEST_CHARS: usize = 200;
/// How many characters more or less a text may have for holding something that is cleaned away.
const BONUS_CHARS: usize = 120;

/// One row on its way through the cleaning.
#[derive(Debug, Clone, Serialize)]
pub struct Cleaned {
    /// The row.
    pub review_id: String,
    /// Its label.
    pub label: Option<i8>,
    /// Its language.
    pub language: String,
    /// As written, title and body joined.
    pub text: String,
    /// Without URLs, mentions, HTML and punctuation, in lower case.
    pub clean_text: String,
    /// Without stop-words.
    pub content_tokens: Vec<String>,
    /// Their stems.
    pub stems: Vec<String>,
    /// VADER's score; none where the language has no lexicon.
    pub compound: Option<f32>,
    /// Class of the score.
    pub sentiment: Option<String>,
}

/// Picks rows that are spread over the data: of each of [`SHOWN`] stretches of equal length the one that is nicest to
/// read. Rows with personal data are passed over, because the later steps would show it in a form that cannot be masked.
#[derive(Debug)]
pub struct Samples {
    num_rows: u64,
    seen: u64,
    best: Vec<Option<(usize, Cleaned)>>,
}

impl Samples {
    /// Samples of so many rows.
    pub fn new(num_rows: u64) -> Self {
        Self { num_rows, seen: 0, best: vec![None; SHOWN] }
    }

    /// Looks at the next row.
    pub fn offer(&mut self, text: &str, row: impl FnOnce() -> Cleaned) {
        let stretch = (self.seen * SHOWN as u64 / self.num_rows.max(1)) as usize;
        self.seen += 1;
        let Some(best) = self.best.get_mut(stretch) else { return };
        let distance = distance(text);
        if best.as_ref().is_none_or(|(found, _)| distance < *found)
            && let Some(masked) = harmless(text)
        {
            *best = Some((distance, Cleaned { text: masked.into_owned(), ..row() }.shortened()));
        }
    }

    /// The rows, in their order.
    pub fn into_rows(self) -> Vec<Cleaned> {
        self.best.into_iter().flatten().map(|(_, row)| row).collect()
    }
}

impl Cleaned {
    /// Cuts each step to what can be read; a step that ends before another was cut, not lost.
    fn shortened(mut self) -> Self {
        if self.text.chars().nth(MAX_CHARS).is_some() {
            let num_words = self.content_tokens.len() * MAX_CHARS / self.text.chars().count().max(1);
            self.text = shorten(&self.text, MAX_CHARS).into_owned();
            self.clean_text = shorten(&self.clean_text, MAX_CHARS).into_owned();
            for words in [&mut self.content_tokens, &mut self.stems] {
                words.truncate(num_words);
                words.push("…".to_owned());
            }
        }
        self
    }
}

/// The text with links and mentions masked, which the cleaning takes out; none if it holds more personal data than that.
fn harmless(text: &str) -> Option<Cow<'_, str>> {
    let masked = redact(text);
    let cleaned_away = masked.matches("[url]").count() + masked.matches("[mention]").count();
    (masked.matches('[').count() == text.matches('[').count() + cleaned_away).then_some(masked)
}

/// How far a text is from the nicest.
fn distance(text: &str) -> usize {
    let is_cleaned = text.contains(['<', '&', '#', '!', '"']) || text.contains("http");
    text.chars().count().abs_diff(BEST_CHARS) + if is_cleaned { 0 } else { BONUS_CHARS }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Cleaned {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Cleaned {
            review_id: text.chars().take(5).collect(),
            label: None,
            language: "en".to_owned(),
            text: text.to_owned(),
            clean_text: text.to_owned(),
            content_tokens: words.clone(),
            stems: words,
            compound: None,
            sentiment: None,
        }
    }

    fn sampled(texts: &[String]) -> Vec<Cleaned> {
        let mut samples = Samples::new(texts.len() as u64);
        texts.iter().for_each(|text| samples.offer(text, || row(text)));
        samples.into_rows()
    }

    #[test]
    fn rows_are_spread_over_the_data() {
        let texts: Vec<String> = (0..60).map(|number| format!("{number:05} good phone")).collect();
        let ids: Vec<String> = sampled(&texts).into_iter().map(|row| row.review_id).collect();
        assert_eq!(ids, ["00000", "00010", "00020", "00030", "00040", "00050"]);
        assert_eq!(sampled(&texts[..2]).len(), 2);
        assert!(sampled(&[]).is_empty());
    }

    #[test]
    fn personal_data_is_passed_over_and_markup_preferred() {
        let texts =
            ["write to jane@example.org <b>", "plain", "with <br /> markup, see https://a.b/c?q=1"].map(str::to_owned);
        let mut samples = Samples::new(18);
        texts.iter().for_each(|text| samples.offer(text, || row(text)));
        assert_eq!(samples.into_rows()[0].text, "with <br /> markup, see [url]");
    }

    #[test]
    fn long_texts_are_cut_at_every_step() {
        let found = &sampled(&["word ".repeat(1_000)])[0];
        assert!(found.text.chars().count() <= MAX_CHARS && found.clean_text.chars().count() <= MAX_CHARS);
        assert_eq!(found.stems.len(), found.content_tokens.len());
        assert_eq!((found.stems.len(), found.stems.last().unwrap().as_str()), (81, "…"));
    }
}
