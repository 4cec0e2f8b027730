//! Snowball stems, English and Spanish.

use std::borrow::Cow;

use rust_stemmers::Algorithm;

use crate::Language;
use crate::cache::TokenCache;

/// The stemmer rewrites its buffer once for each `y`: a "word" of megabytes would take hours, and has no stem anyway.
const MAX_WORD_BYTES: usize = 512;

/// Stems words and remembers the stems of frequent ones.
pub struct Stemmer {
    english: CachedAlgorithm,
    spanish: CachedAlgorithm,
}

impl Stemmer {
    /// A stemmer with empty caches.
    pub fn new() -> Self {
        Self {
            english: CachedAlgorithm::new(Algorithm::English, |word| Cow::Borrowed(word)),
            spanish: CachedAlgorithm::new(Algorithm::Spanish, spell_accent),
        }
    }

    /// Appends the stem of `word`, in lower case, to `out`. In languages without a stemmer a word is its own stem, and so
    /// is a word of more than 512 bytes.
    pub fn stem_onto(&mut self, language: Language, word: &str, out: &mut String) {
        match language {
            _ if word.len() > MAX_WORD_BYTES => out.push_str(word),
            Language::English => self.english.stem_onto(word, out),
            Language::Spanish => self.spanish.stem_onto(word, out),
            Language::Other(_) => out.push_str(word),
        }
    }
}

impl Default for Stemmer {
    fn default() -> Self {
        Self::new()
    }
}

struct CachedAlgorithm {
    stemmer: rust_stemmers::Stemmer,
    spell: fn(&str) -> Cow<'_, str>,
    cache: TokenCache<Box<str>>,
}

impl CachedAlgorithm {
    fn new(algorithm: Algorithm, spell: fn(&str) -> Cow<'_, str>) -> Self {
        Self { stemmer: rust_stemmers::Stemmer::create(algorithm), spell, cache: TokenCache::new() }
    }

    fn stem_onto(&mut self, word: &str, out: &mut String) {
        if let Some(stem) = self.cache.get(word) {
            out.push_str(stem);
            return;
        }
        let spelled = (self.spell)(word);
        let stem = self.stemmer.stem(&spelled);
        out.push_str(&stem);
        self.cache.keep(word, stem.into());
    }
}

/// Newer Snowball rules take `-acion` and `-ucion`, as people type them, for `-ación` and `-ución`; this stemmer's do not yet.
fn spell_accent(word: &str) -> Cow<'_, str> {
    match word.strip_suffix("cion") {
        Some(head) if head.ends_with(['a', 'u']) => Cow::Owned(format!("{head}ción")),
        _ => Cow::Borrowed(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(language: Language, word: &str) -> String {
        let mut out = String::new();
        let mut stemmer = Stemmer::new();
        stemmer.stem_onto(language, word, &mut out);
        let first = std::mem::take(&mut out);
        stemmer.stem_onto(language, word, &mut out);
        assert_eq!(first, out, "the cache changed the stem");
        out
    }

    #[test]
    fn words_are_stemmed_by_the_rules_of_their_language() {
        assert_eq!(stem(Language::English, "running"), "run");
        assert_eq!(stem(Language::English, "generously"), "generous");
        assert_eq!(stem(Language::Spanish, "habitaciones"), "habit");
        assert_eq!(stem(Language::Other("de"), "running"), "running");
    }

    #[test]
    fn spanish_nouns_without_their_accent_have_the_same_stem() {
        assert_eq!(stem(Language::Spanish, "decoracion"), stem(Language::Spanish, "decoración"));
        assert_eq!(stem(Language::Spanish, "nacion"), "nacion");
    }

    #[test]
    fn a_word_of_a_megabyte_is_its_own_stem_at_once() {
        let word = "ya".repeat(1 << 19);
        assert_eq!(stem(Language::English, &word), word);
    }
}
