//! Everything a clean shard needs to know of one review, in one pass over its text.

use crate::clean::Cleaner;
use crate::language::{Detector, Language};
use crate::sentiment::Sentiment;
use crate::stem::Stemmer;
use crate::stopwords::StopWords;
use crate::tokenize::{Span, tokenize_into};
use crate::vader::Vader;

/// Analyses reviews one after the other. Holds caches of bounded size and scratch space as large as the longest
/// review; make one a thread.
pub struct Analyzer {
    cleaner: Cleaner,
    detector: Detector,
    stop_words: StopWords,
    stemmer: Stemmer,
    vader: Vader,
    row: Row,
}

/// What was found in the current row; the buffers serve every row.
#[derive(Default)]
struct Row {
    clean: String,
    tokens: Vec<Span>,
    content: Vec<Span>,
    stem_text: String,
    stems: Vec<Span>,
}

impl Analyzer {
    /// Loads lexicons and stop-words (some milliseconds).
    pub fn new() -> Self {
        Self {
            cleaner: Cleaner::default(),
            detector: Detector::new(),
            stop_words: StopWords::new(),
            stemmer: Stemmer::new(),
            vader: Vader::new(),
            row: Row::default(),
        }
    }

    /// Analyses `text` (title and body joined) in the language it is found to be in. The view that is returned borrows
    /// scratch space until the next call.
    pub fn analyze(&mut self, text: &str) -> Analysis<'_> {
        self.clean_and_tokenize(text);
        let Row { clean, tokens, .. } = &self.row;
        let language = self.detector.detect(clean, tokens.iter().map(|span| span.of(clean)));
        self.finish(text, language)
    }

    /// Analyses `text` where its language is known.
    pub fn analyze_as(&mut self, text: &str, language: Language) -> Analysis<'_> {
        self.clean_and_tokenize(text);
        self.finish(text, language)
    }

    fn clean_and_tokenize(&mut self, text: &str) {
        self.cleaner.clean_into(text, &mut self.row.clean);
        tokenize_into(&self.row.clean, &mut self.row.tokens);
    }

    fn finish(&mut self, text: &str, language: Language) -> Analysis<'_> {
        self.reduce_to_stems(language);
        let compound = (language == Language::English).then(|| self.vader.compound(text));
        Analysis { row: &self.row, language, compound }
    }

    fn reduce_to_stems(&mut self, language: Language) {
        let Row { clean, tokens, content, stem_text, stems } = &mut self.row;
        content.clear();
        stem_text.clear();
        stems.clear();
        for &span in tokens.iter() {
            let token = span.of(clean);
            if self.stop_words.contains(language, token) {
                continue;
            }
            content.push(span);
            let start = stem_text.len();
            self.stemmer.stem_onto(language, token, stem_text);
            stems.push(Span { start, end: stem_text.len() });
        }
    }
}

impl Default for Analyzer {
    fn default() -> Self {
        Self::new()
    }
}

/// What one review's text says.
#[derive(Clone, Copy)]
pub struct Analysis<'a> {
    row: &'a Row,
    language: Language,
    compound: Option<f64>,
}

impl<'a> Analysis<'a> {
    /// The text without URLs, mentions, HTML and punctuation, in lower case.
    pub fn clean_text(&self) -> &'a str {
        &self.row.clean
    }

    /// The language that the text is in, or was declared to be in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Tokens of the clean text.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let row = self.row;
        row.tokens.iter().map(|span| span.of(&row.clean))
    }

    /// Tokens without the stop-words of the language; all of them where it has no list.
    pub fn content_tokens(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let row = self.row;
        row.content.iter().map(|span| span.of(&row.clean))
    }

    /// Snowball stem of each content token (English and Spanish; the token itself elsewhere).
    pub fn stems(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let row = self.row;
        row.stems.iter().map(|span| span.of(&row.stem_text))
    }

    /// VADER compound score in [-1, 1] of the text as written, to 4 decimals; `None` where the language has no lexicon.
    pub fn compound(&self) -> Option<f32> {
        self.compound.map(|score| score as f32)
    }

    /// Class of the compound score; `None` where the language has no lexicon.
    pub fn sentiment(&self) -> Option<Sentiment> {
        // On the f64, as the reference does: 0.05 as f32 is above 0.05, and -0.05 below -0.05.
        self.compound.map(Sentiment::from_compound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_english_review_gets_everything() {
        let mut analyzer = Analyzer::new();
        let analysis = analyzer.analyze("Great book!<br />I cannot stop reading it, see http://example.com/x now.");
        assert_eq!(analysis.clean_text(), "great booki cannot stop reading it see now");
        assert_eq!(analysis.language(), Language::English);
        assert_eq!(analysis.tokens().len(), 9);
        assert_eq!(analysis.content_tokens().collect::<Vec<_>>(), ["great", "booki", "stop", "reading", "see"]);
        assert_eq!(analysis.stems().collect::<Vec<_>>(), ["great", "booki", "stop", "read", "see"]);
        assert_eq!(analysis.sentiment(), Some(Sentiment::Positive));
    }

    #[test]
    fn a_spanish_review_has_stems_and_no_compound() {
        let mut analyzer = Analyzer::new();
        let analysis = analyzer.analyze("Las habitaciones son muy bonitas y el personal es excelente");
        assert_eq!(analysis.language(), Language::Spanish);
        assert_eq!(analysis.stems().collect::<Vec<_>>(), ["habit", "bonit", "personal", "excelent"]);
        assert_eq!((analysis.compound(), analysis.sentiment()), (None, None));
    }

    #[test]
    fn nothing_of_a_row_is_left_in_the_next() {
        let mut analyzer = Analyzer::new();
        analyzer.analyze("A terrible, terrible thing & a long text <b>with</b> tags");
        let analysis = analyzer.analyze("");
        assert_eq!((analysis.clean_text(), analysis.tokens().len(), analysis.stems().len()), ("", 0, 0));
        assert_eq!((analysis.compound(), analysis.sentiment()), (Some(0.0), Some(Sentiment::Neutral)));
    }
}
