//! The distinct words of many texts, and what is known of each.

use std::ops::Range;

use hashbrown::HashTable;
use twox_hash::XxHash3_64;

use crate::Language;
use crate::language::has_spanish_letter;
use crate::stem::Stemmer;
use crate::stopwords::StopWords;
use crate::tokenize::split_contraction;

/// A word of a [`Vocabulary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WordId(u32);

impl WordId {
    /// Stands where there is no word, or where it is not known yet.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// Number of the word, in the order in which words were met.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Most words are shorter than this.
const CHUNK: usize = 16;

/// What is known of a word in lower case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// The word's first bytes, or all of it and zeros: most words are copied from here, beside what else is asked of them.
    head: [u8; CHUNK],
    /// Of the word, the same over platforms and versions.
    hash: u64,
    /// Where the word stands among all of them.
    start: u32,
    length: u32,
    pub(crate) is_english_stop_word: bool,
    pub(crate) is_spanish_stop_word: bool,
    pub(crate) has_spanish_letter: bool,
    /// Whether it is `cannot`, `gonna` or the like, which the tokenizer cuts.
    pub(crate) is_contraction: bool,
    english_stem: WordId,
    spanish_stem: WordId,
}

impl Facts {
    #[inline]
    pub(crate) fn is_stop_word(&self, language: Language) -> bool {
        match language {
            Language::English => self.is_english_stop_word,
            Language::Spanish => self.is_spanish_stop_word,
            Language::Other(_) => false,
        }
    }

    fn range(&self) -> Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }
}

/// Words by id. Ids are dense, from 0 on, and hold until they are forgotten
/// ([`Analyzer::begin_batch`](crate::Analyzer::begin_batch)).
pub struct Vocabulary {
    /// All words, one after the other.
    text: String,
    facts: Vec<Facts>,
    by_text: HashTable<WordId>,
    stop_words: StopWords,
    stemmer: Stemmer,
}

impl Vocabulary {
    /// No words yet.
    pub(crate) fn new() -> Self {
        Self {
            text: String::new(),
            facts: Vec::new(),
            by_text: HashTable::new(),
            stop_words: StopWords::new(),
            stemmer: Stemmer::new(),
        }
    }

    /// Forgets every word; ids given out before mean nothing any more.
    pub(crate) fn clear(&mut self) {
        let Self { text, facts, by_text, .. } = self;
        text.clear();
        facts.clear();
        by_text.clear();
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether no word was met yet.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Bytes of all words together.
    pub fn num_bytes(&self) -> usize {
        self.text.len()
    }

    /// The word itself.
    pub fn word(&self, id: WordId) -> &str {
        &self.text[self.facts[id.index()].range()]
    }

    /// Bytes of the word.
    #[inline]
    pub fn word_len(&self, id: WordId) -> usize {
        self.facts[id.index()].length as usize
    }

    /// XXH3 of the word: 64 well-mixed bits, the same over platforms and versions.
    #[inline]
    pub fn hash(&self, id: WordId) -> u64 {
        self.facts[id.index()].hash
    }

    /// Appends the word. Faster than [`Self::word`]: most words lie beside what else is known of them.
    #[inline]
    pub fn push_onto(&self, id: WordId, out: &mut Vec<u8>) {
        self.push_bytes(&self.facts[id.index()], out);
    }

    #[inline]
    pub(crate) fn facts(&self, id: WordId) -> &Facts {
        &self.facts[id.index()]
    }

    /// Appends a word of these facts, and a space.
    #[inline]
    pub(crate) fn push_word(&self, facts: &Facts, out: &mut Vec<u8>) {
        self.push_bytes(facts, out);
        out.push(b' ');
    }

    #[inline]
    fn push_bytes(&self, facts: &Facts, out: &mut Vec<u8>) {
        let length = facts.length as usize;
        if length < CHUNK {
            // A copy of fixed size, of which what is too much is overwritten.
            let end = out.len() + length;
            out.extend_from_slice(&facts.head);
            out.truncate(end);
        } else {
            out.extend_from_slice(&self.text.as_bytes()[facts.range()]);
        }
    }

    /// Id of `word`, in lower case, which is added if it is new.
    pub(crate) fn intern(&mut self, word: &str) -> WordId {
        let Self { text, facts, by_text, .. } = self;
        let spell = |id: WordId| &text[facts[id.index()].range()];
        let hash = XxHash3_64::oneshot(word.as_bytes());
        if let Some(&known) = by_text.find(hash, |&id| spell(id) == word) {
            return known;
        }
        let id = WordId(facts.len() as u32);
        by_text.insert_unique(hash, id, |&id| facts[id.index()].hash);
        let start = text.len() as u32;
        let mut head = [0; CHUNK];
        let length = word.len().min(CHUNK);
        head[..length].copy_from_slice(&word.as_bytes()[..length]);
        self.text.push_str(word);
        self.facts.push(Facts {
            head,
            hash,
            start,
            length: word.len() as u32,
            is_english_stop_word: self.stop_words.contains(Language::English, word),
            is_spanish_stop_word: self.stop_words.contains(Language::Spanish, word),
            has_spanish_letter: has_spanish_letter(word),
            is_contraction: split_contraction(word).is_some(),
            english_stem: WordId::NONE,
            spanish_stem: WordId::NONE,
        });
        id
    }

    /// Stem of a word: worked out once a word and language.
    #[inline]
    pub(crate) fn stem(&mut self, language: Language, id: WordId) -> WordId {
        let facts = &self.facts[id.index()];
        let known = match language {
            Language::English => facts.english_stem,
            Language::Spanish => facts.spanish_stem,
            Language::Other(_) => id,
        };
        if known == WordId::NONE { self.work_out_stem(language, id) } else { known }
    }

    #[cold]
    fn work_out_stem(&mut self, language: Language, id: WordId) -> WordId {
        let stem = self.stemmer.stem(language, self.word(id)).into_owned();
        let stem = self.intern(&stem);
        let facts = &mut self.facts[id.index()];
        match language {
            Language::English => facts.english_stem = stem,
            Language::Spanish => facts.spanish_stem = stem,
            Language::Other(_) => {}
        }
        stem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_id_and_stems_are_words() {
        let mut words = Vocabulary::new();
        let running = words.intern("running");
        assert_eq!(words.intern("running"), running);
        let run = words.stem(Language::English, running);
        assert_eq!(words.stem(Language::English, running), run);
        assert_eq!(words.word(run), "run");
        assert_eq!(words.stem(Language::Other("de"), running), running);
        let spanish = words.stem(Language::Spanish, running);
        assert_eq!(words.word(spanish), "running");
        assert_eq!((words.len(), words.num_bytes()), (2, 10));
    }

    #[test]
    fn a_cleared_vocabulary_starts_again() {
        let mut words = Vocabulary::new();
        words.intern("the");
        words.clear();
        assert!(words.is_empty());
        let id = words.intern("también");
        assert_eq!((id.index(), words.word(id)), (0, "también"));
        let facts = words.facts(id);
        assert!(facts.is_spanish_stop_word && facts.has_spanish_letter && !facts.is_english_stop_word);
    }
}
