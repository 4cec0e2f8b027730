//! What VADER knows: words and emoticons with all that the rules say of them, and descriptions of emoji.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::word::{DAMPENERS, INTENSIFIERS, Keyword, NEGATIONS, Word};

static WORDS: &str = include_str!("../../data/vader_lexicon.txt");
static EMOJI: &str = include_str!("../../data/emoji_utf8_lexicon.txt");

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::new);

/// The lexicon, parsed once.
pub(super) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

pub(super) struct Lexicon {
    words: FxHashMap<&'static str, Word>,
    emoji: FxHashMap<char, &'static str>,
}

impl Lexicon {
    pub(super) fn new() -> Self {
        // The reference looks characters up one by one, so emoji of several characters never match.
        let emoji = rows(EMOJI).filter_map(|(emoji, meaning)| Some((only_char(emoji)?, meaning))).collect();
        Self { words: known_words(), emoji }
    }

    /// What is known of a word in lower case, by the word alone.
    pub(super) fn word(&self, word: &str) -> Word {
        self.words.get(word).copied().unwrap_or_default()
    }

    pub(super) fn has_emoji(&self, text: &str) -> bool {
        !text.is_ascii() && text.chars().any(|c| self.meaning(c).is_some())
    }

    /// `text` with each emoji spelled out, set off by a space on its left only, as in the reference.
    pub(super) fn describe_emoji(&self, text: &str) -> String {
        let mut out = String::with_capacity(2 * text.len());
        let mut after_space = true;
        for c in text.chars() {
            if let Some(meaning) = self.meaning(c) {
                if !after_space {
                    out.push(' ');
                }
                out.push_str(meaning);
                after_space = false;
            } else {
                out.push(c);
                after_space = c == ' ';
            }
        }
        out
    }

    fn meaning(&self, c: char) -> Option<&'static str> {
        if c.is_ascii() { None } else { self.emoji.get(&c).copied() }
    }
}

/// All lists in one map, so that a word is looked up once.
fn known_words() -> FxHashMap<&'static str, Word> {
    let mut words: FxHashMap<&'static str, Word> = FxHashMap::default();
    for (word, mean) in rows(WORDS) {
        // Words that stand in the file twice have the last value, as in the reference.
        if let Ok(mean) = mean.parse() {
            words.entry(word).or_default().set_valence(mean);
        }
    }
    for word in INTENSIFIERS {
        words.entry(word).or_default().strengthens();
    }
    for word in DAMPENERS {
        words.entry(word).or_default().weakens();
    }
    for word in NEGATIONS {
        words.entry(word).or_default().negates = true;
    }
    for &(word, keyword) in Keyword::ALL {
        words.entry(word).or_default().keyword = Some(keyword);
    }
    words
}

/// The first two columns of a tab-separated file.
fn rows(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines().filter_map(|line| {
        let mut columns = line.trim().split('\t');
        Some((columns.next()?, columns.next()?))
    })
}

fn only_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let first = chars.next();
    first.filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_lexicons_is_lost() {
        let lexicon = Lexicon::new();
        let num_valences = lexicon.words.values().filter(|word| word.valence().is_some()).count();
        assert_eq!((num_valences, lexicon.emoji.len()), (7_506, 1_212));
        assert_eq!(lexicon.word("lol").valence(), Some(1.8), "the second of two lines counts");
    }

    #[test]
    fn emoji_are_set_off_on_their_left() {
        let lexicon = Lexicon::new();
        let described = lexicon.describe_emoji("so😁x 😁");
        assert_eq!(described, "so beaming face with smiling eyesx beaming face with smiling eyes");
        assert!(!lexicon.has_emoji("naïve"));
    }

    #[test]
    fn every_mean_is_kept_to_its_last_digit() {
        let lexicon = Lexicon::new();
        let means: FxHashMap<_, _> = rows(WORDS).map(|(word, mean)| (word, mean.parse().unwrap())).collect();
        for (word, mean) in means {
            assert_eq!(lexicon.word(word).valence(), Some(mean), "{word}");
        }
    }
}
