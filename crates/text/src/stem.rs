//! Snowball stems, English and Spanish.

use std::borrow::Cow;

use rust_stemmers::Algorithm;

use crate::Language;

/// The stemmer rewrites its buffer once for each `y`: a "word" of megabytes would take hours, and has no stem anyway.
const MAX_WORD_BYTES: usize = 512;

/// Stems words.
pub struct Stemmer {
    english: rust_stemmers::Stemmer,
    spanish: rust_stemmers::Stemmer,
}

impl Stemmer {
    /// A stemmer for every language.
    pub fn new() -> Self {
        let [english, spanish] = [Algorithm::English, Algorithm::Spanish].map(rust_stemmers::Stemmer::create);
        Self { english, spanish }
    }

    /// The stem of `word`, in lower case. In languages without a stemmer a word is its own stem, and so is a word of more
    /// than 512 bytes.
    pub fn stem<'a>(&self, language: Language, word: &'a str) -> Cow<'a, str> {
        match language {
            _ if word.len() > MAX_WORD_BYTES => word.into(),
            Language::English => self.english.stem(word),
            Language::Spanish => self.spanish.stem(&spell_accent(word)).into_owned().into(),
            Language::Other(_) => word.into(),
        }
    }
}

impl Default for Stemmer {
    fn default() -> Self {
        Self::new()
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
        Stemmer::new().stem(language, word).into_owned()
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
