//! Everything a clean shard needs to know of one review, with one look-up for each of its words.
//!
//! Cleaning, tokens, stop-words, stems and sentiment of a word depend on the word alone, nearly always: they are worked out
//! once a distinct word ([`crate::token_cache`], [`crate::vocabulary`]), and a review is a list of numbers from then on.
//! What depends on more than one word (markup, emoji, VADER's rules, the language) is found a review at a time. The single
//! steps are public in the modules beside this one; tests hold the two roads together.

use std::sync::Arc;

use crate::clean::strip_markup;
use crate::language::{Evidence, Language, detect};
use crate::segment::Segments;
use crate::sentiment::Sentiment;
use crate::token_cache::{Token, TokenCache};
use crate::tokenize::parts;
use crate::vader::{Vader, Word};
use crate::vocabulary::{SharedVocabulary, Vocabulary, WordId};

/// Analyses reviews one after the other. Holds the tokens it met last (4 MiB) and scratch space as large as the longest
/// review; make one a thread.
pub struct Analyzer {
    shared: SharedVocabulary,
    vocabulary: Arc<Vocabulary>,
    tokens: TokenCache,
    vader: Vader,
    segments: Segments,
    row: Row,
}

/// What was found in the current row; the buffers serve every row.
#[derive(Default)]
struct Row {
    /// As VADER sees them.
    spoken: Vec<Word>,
    /// The clean text, and a space.
    clean_bytes: Vec<u8>,
    clean: String,
    tokens: Vec<WordId>,
    hashes: Vec<u64>,
    /// Of each token whether it is no stop-word.
    is_content: Vec<bool>,
    stems: Vec<WordId>,
}

impl Analyzer {
    /// With a vocabulary of its own. Loads lexicons and stop-words where it is the first (some milliseconds).
    pub fn new() -> Self {
        Self::sharing(SharedVocabulary::new())
    }

    /// With a vocabulary that other analyzers, of other threads, add words to as well.
    pub fn sharing(shared: SharedVocabulary) -> Self {
        Self {
            vocabulary: shared.current(),
            shared,
            tokens: TokenCache::new(),
            vader: Vader::new(),
            segments: Segments::default(),
            row: Row::default(),
        }
    }

    /// Starts a batch of texts: the memory that words take is bounded by letting go of them here once there are too many.
    /// [`WordId`]s of earlier batches mean nothing any more.
    pub fn begin_batch(&mut self) {
        let current = self.shared.current();
        if !Arc::ptr_eq(&current, &self.vocabulary) {
            self.vocabulary = current;
            self.tokens.clear();
        }
    }

    /// The words of this batch, by their ids.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Analyses `text` (title and body joined) in the language it is found to be in. The view that is returned borrows
    /// scratch space until the next call.
    pub fn analyze(&mut self, text: &str) -> Analysis<'_> {
        let evidence = self.clean_and_tokenize(text);
        let language = detect(&self.row.clean, evidence);
        self.finish(text, language)
    }

    /// Analyses `text` where its language is known.
    pub fn analyze_as(&mut self, text: &str, language: Language) -> Analysis<'_> {
        self.clean_and_tokenize(text);
        self.finish(text, language)
    }

    /// Clean text and tokens, and what the words say of the language.
    fn clean_and_tokenize(&mut self, text: &str) -> Evidence {
        let Self { vocabulary, tokens, segments, row, .. } = self;
        let mut evidence = Evidence::default();
        let mut has_markup = false;
        row.clear();
        segments.cut(text);
        tokens.look_up(segments, vocabulary, |token, word| {
            row.spoken.push(word);
            has_markup |= token.has_markup;
            row.push_clean(token, vocabulary, &mut evidence);
        });
        if has_markup {
            evidence = Evidence::default();
            row.clear_clean();
            segments.cut(&strip_markup(text));
            tokens.look_up(segments, vocabulary, |token, _| row.push_clean(token, vocabulary, &mut evidence));
        }
        row.finish_clean();
        evidence
    }

    fn finish(&mut self, text: &str, language: Language) -> Analysis<'_> {
        let Row { tokens, is_content, stems, .. } = &mut self.row;
        self.vocabulary.reduce(language, tokens, is_content, stems);
        let compound = (language == Language::English).then(|| self.compound(text));
        Analysis { row: &self.row, vocabulary: &self.vocabulary, language, compound }
    }

    fn compound(&mut self, text: &str) -> f64 {
        let Self { vocabulary, tokens, vader, segments, row, .. } = self;
        let Some(described) = vader.describe_emoji(text) else {
            return vader.score(&row.spoken, text);
        };
        row.spoken.clear();
        segments.cut(&described);
        tokens.look_up(segments, vocabulary, |_, word| row.spoken.push(word));
        vader.score(&row.spoken, &described)
    }
}

impl Default for Analyzer {
    fn default() -> Self {
        Self::new()
    }
}

impl Row {
    fn clear(&mut self) {
        self.spoken.clear();
        self.clear_clean();
    }

    fn clear_clean(&mut self) {
        self.clean_bytes.clear();
        self.tokens.clear();
        self.hashes.clear();
    }

    /// Appends what is left of a token once it is clean.
    #[inline]
    fn push_clean(&mut self, token: &Token, vocabulary: &Vocabulary, evidence: &mut Evidence) {
        if token.clean == WordId::NONE {
            return;
        }
        token.push_onto(vocabulary, &mut self.clean_bytes);
        self.clean_bytes.push(b' ');
        evidence.add(token.is_english_stop_word, token.looks_spanish);
        if token.is_contraction {
            self.push_parts(token.clean, vocabulary);
        } else {
            self.tokens.push(token.clean);
            self.hashes.push(token.hash);
        }
    }

    #[cold]
    fn push_parts(&mut self, contraction: WordId, vocabulary: &Vocabulary) {
        for part in parts(vocabulary.word(contraction)).into_iter().filter(|part| !part.is_empty()) {
            let id = vocabulary.intern(part);
            self.tokens.push(id);
            self.hashes.push(vocabulary.hash(id));
        }
    }

    fn finish_clean(&mut self) {
        let Self { clean_bytes, clean, .. } = self;
        clean_bytes.pop();
        clean.clear();
        // Words are text, so the check (10 GB/s) never fails; it buys the absence of unsafe code.
        clean.push_str(simdutf8::basic::from_utf8(clean_bytes).unwrap_or_default());
    }
}

/// What one review's text says.
#[derive(Clone, Copy)]
pub struct Analysis<'a> {
    row: &'a Row,
    vocabulary: &'a Vocabulary,
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

    /// The words that the ids stand for.
    pub fn vocabulary(&self) -> &'a Vocabulary {
        self.vocabulary
    }

    /// Tokens of the clean text.
    pub fn token_ids(&self) -> &'a [WordId] {
        &self.row.tokens
    }

    /// [`Vocabulary::hash`] of each token.
    pub fn token_hashes(&self) -> &'a [u64] {
        &self.row.hashes
    }

    /// Of each token whether it is a content token, no stop-word of the language; all are where it has no list.
    pub fn is_content(&self) -> &'a [bool] {
        &self.row.is_content
    }

    /// Snowball stem of each content token (English and Spanish; the token itself elsewhere).
    pub fn stem_ids(&self) -> &'a [WordId] {
        &self.row.stems
    }

    /// [`Self::token_ids`], spelled out.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.spell(self.token_ids())
    }

    /// Tokens without the stop-words of the language, spelled out.
    pub fn content_tokens(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.tokens().zip(self.is_content()).filter_map(|(token, is_content)| is_content.then_some(token))
    }

    /// [`Self::stem_ids`], spelled out.
    pub fn stems(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.spell(self.stem_ids())
    }

    fn spell(&self, ids: &'a [WordId]) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let vocabulary = self.vocabulary;
        ids.iter().map(|&id| vocabulary.word(id))
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
