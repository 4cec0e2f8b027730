//! Stop-words: NLTK's lists for English (198 words) and Spanish (313).

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::Language;

static STOP_WORDS: LazyLock<StopWords> = LazyLock::new(StopWords::new);

/// The stop-words, loaded once.
pub(crate) fn stop_words() -> &'static StopWords {
    &STOP_WORDS
}

/// The stop-words of the languages that have a list.
pub struct StopWords {
    english: FxHashSet<&'static str>,
    spanish: FxHashSet<&'static str>,
}

impl StopWords {
    /// Loads both lists.
    pub fn new() -> Self {
        Self { english: list("en"), spanish: list("es") }
    }

    /// Whether `token`, in lower case, is a stop-word of `language`. Languages without a list have none.
    pub fn contains(&self, language: Language, token: &str) -> bool {
        match language {
            Language::English => self.english.contains(token),
            Language::Spanish => self.spanish.contains(token),
            Language::Other(_) => false,
        }
    }
}

impl Default for StopWords {
    fn default() -> Self {
        Self::new()
    }
}

fn list(code: &str) -> FxHashSet<&'static str> {
    stop_words::lookup(code).unwrap_or_default().iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_those_of_nltk() {
        let words = StopWords::new();
        assert_eq!((words.english.len(), words.spanish.len()), (198, 313));
    }

    #[test]
    fn a_word_is_a_stop_word_in_its_own_language_only() {
        let words = StopWords::new();
        assert!(words.contains(Language::English, "the") && !words.contains(Language::Spanish, "the"));
        assert!(words.contains(Language::Spanish, "también") && !words.contains(Language::English, "también"));
        assert!(!words.contains(Language::Other("de"), "the"));
    }
}
