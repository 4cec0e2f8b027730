//! The distinct words of many texts, and what is known of each; shared by all threads.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;
use hashbrown::HashTable;
use twox_hash::XxHash3_64;

use crate::Language;
use crate::language::has_spanish_letter;
use crate::stem::Stemmer;
use crate::stopwords::{StopWords, stop_words};
use crate::tokenize::split_contraction;

/// A word of a [`Vocabulary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WordId(u32);

impl WordId {
    /// Stands where there is no word.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// Number of the word: small for words met early, the same for all threads, another one in the next run.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Distinct words from which on a new batch starts with an empty vocabulary. Real reviews hold some hundred thousand, most
/// of them once; beyond that the text is noise, and memory must not follow.
const MAX_WORDS: usize = 1 << 18;

/// The same for the bytes of all words.
const MAX_BYTES: usize = 8 << 20;

/// Parts of the index, so that threads that add words hardly ever wait for each other.
const SHARDS: usize = 64;

/// What is known of a word in lower case.
#[derive(Debug)]
pub(crate) struct Facts {
    text: CompactString,
    /// Of the word, the same over platforms and versions.
    pub(crate) hash: u64,
    pub(crate) is_english_stop_word: bool,
    /// Whether it is a stop-word of Spanish, or has a letter of Spanish.
    pub(crate) looks_spanish: bool,
    /// Whether it is `cannot`, `gonna` or the like, which the tokenizer cuts.
    pub(crate) is_contraction: bool,
}

/// Words by id. Words are only added; ids are dense, from 0 on.
pub struct Vocabulary {
    words: boxcar::Vec<Facts>,
    by_text: Box<[Mutex<HashTable<WordId>>]>,
    /// Of all words.
    num_bytes: AtomicUsize,
    english_stems: Stems,
    spanish_stems: Stems,
    stemmer: Stemmer,
    stop_words: &'static StopWords,
}

impl Vocabulary {
    /// No words yet.
    pub(crate) fn new() -> Self {
        Self {
            words: boxcar::Vec::new(),
            by_text: (0..SHARDS).map(|_| Mutex::new(HashTable::with_capacity(MAX_WORDS / SHARDS))).collect(),
            num_bytes: AtomicUsize::new(0),
            english_stems: Stems::new(),
            spanish_stems: Stems::new(),
            stemmer: Stemmer::new(),
            stop_words: stop_words(),
        }
    }

    /// The word itself.
    pub fn word(&self, id: WordId) -> &str {
        &self.facts(id).text
    }

    /// Has the processor fetch these words, many at a time, for whoever goes through them next.
    pub fn prefetch(&self, ids: &[WordId]) {
        black_box(ids.iter().fold(0, |seen, &id| seen ^ self.facts(id).hash));
    }

    /// XXH3 of the word: 64 well-mixed bits, the same over platforms and versions.
    pub fn hash(&self, id: WordId) -> u64 {
        self.facts(id).hash
    }

    #[inline]
    pub(crate) fn facts(&self, id: WordId) -> &Facts {
        &self.words[id.index()]
    }

    /// Whether so many words were met that it is time to begin again.
    fn is_full(&self) -> bool {
        self.words.count() > MAX_WORDS || self.num_bytes.load(Ordering::Relaxed) > MAX_BYTES
    }

    /// Id of `word`, in lower case, which is added if it is new.
    pub(crate) fn intern(&self, word: &str) -> WordId {
        let hash = XxHash3_64::oneshot(word.as_bytes());
        let shard = &self.by_text[(hash >> 32) as usize % SHARDS];
        let mut by_text = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = by_text.find(hash, |&id| self.word(id) == word) {
            return known;
        }
        let looks_spanish = self.stop_words.contains(Language::Spanish, word) || has_spanish_letter(word);
        let id = WordId(self.words.push(Facts {
            text: word.into(),
            hash,
            is_english_stop_word: self.stop_words.contains(Language::English, word),
            looks_spanish,
            is_contraction: split_contraction(word).is_some(),
        }) as u32);
        by_text.insert_unique(hash, id, |&id| self.facts(id).hash);
        self.num_bytes.fetch_add(word.len(), Ordering::Relaxed);
        id
    }

    /// Fills `is_content` with which of the words are no stop-words, and `stems` with the stems of those, which are worked
    /// out once a word and language. In languages without stemmer and stop-words all words are kept, and are their own
    /// stems.
    pub(crate) fn reduce(
        &self,
        language: Language,
        words: &[WordId],
        is_content: &mut Vec<bool>,
        stems: &mut Vec<WordId>,
    ) {
        is_content.clear();
        stems.clear();
        let known = match language {
            Language::English => &self.english_stems,
            Language::Spanish => &self.spanish_stems,
            Language::Other(_) => {
                is_content.resize(words.len(), true);
                stems.extend_from_slice(words);
                return;
            }
        };
        stems.resize(words.len(), WordId::NONE);
        let mut num_kept = 0;
        is_content.extend(words.iter().map(|&id| {
            let stem = known.get(id).unwrap_or_else(|| {
                let stem = self.work_out_stem(language, id);
                known.set(id, stem);
                stem
            });
            // Every stem is stored and only then kept or overwritten: which words are stop-words is hard to predict.
            stems[num_kept] = stem;
            num_kept += usize::from(stem != WordId::NONE);
            stem != WordId::NONE
        }));
        stems.truncate(num_kept);
    }

    /// [`WordId::NONE`] for a stop-word.
    #[cold]
    fn work_out_stem(&self, language: Language, id: WordId) -> WordId {
        let word = self.word(id);
        match self.stop_words.contains(language, word) {
            true => WordId::NONE,
            false => self.intern(&self.stemmer.stem(language, word)),
        }
    }
}

/// The stems of one language's words: four bytes a word, so that those of the frequent words stay in the cache.
struct Stems(Box<[AtomicU32]>);

impl Stems {
    /// Stems are stored with this added, so that a fresh table is all zeros.
    const FIRST: u32 = 2;
    const UNKNOWN: u32 = 0;

    fn new() -> Self {
        Self((0..MAX_WORDS).map(|_| AtomicU32::new(Self::UNKNOWN)).collect())
    }

    /// None where it is not known yet, [`WordId::NONE`] for a stop-word.
    #[inline]
    fn get(&self, id: WordId) -> Option<WordId> {
        // Whoever sees a stem's id is to see the stem.
        let stored = self.0.get(id.index())?.load(Ordering::Acquire);
        (stored != Self::UNKNOWN).then(|| WordId(stored.wrapping_sub(Self::FIRST)))
    }

    /// Remembers a stem, except of words that came once the vocabulary was full.
    fn set(&self, id: WordId, stem: WordId) {
        if let Some(known) = self.0.get(id.index()) {
            known.store(stem.0.wrapping_add(Self::FIRST), Ordering::Release);
        }
    }
}

/// The vocabulary that several analyzers share: what one learns of a word, no other has to. Clones share it too.
#[derive(Clone)]
pub struct SharedVocabulary(Arc<Mutex<Arc<Vocabulary>>>);

impl SharedVocabulary {
    /// No words yet.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Arc::new(Vocabulary::new()))))
    }

    /// The vocabulary to use from now on; a new one once there are too many words in the last one, which ends with those
    /// who still use it.
    pub(crate) fn current(&self) -> Arc<Vocabulary> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_full() {
            *current = Arc::new(Vocabulary::new());
        }
        current.clone()
    }
}

impl Default for SharedVocabulary {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a word, and its stem.
    fn reduced(words: &Vocabulary, language: Language, id: WordId) -> Vec<(&str, &str)> {
        let (mut is_content, mut stems) = (Vec::new(), Vec::new());
        words.reduce(language, &[id], &mut is_content, &mut stems);
        assert_eq!(is_content, [!stems.is_empty()]);
        stems.iter().map(|&stem| (words.word(id), words.word(stem))).collect()
    }

    #[test]
    fn a_word_has_one_id_and_stems_are_words() {
        let words = Vocabulary::new();
        let running = words.intern("running");
        assert_eq!(words.intern("running"), running);
        for _ in 0..2 {
            assert_eq!(reduced(&words, Language::English, running), [("running", "run")]);
            assert_eq!(reduced(&words, Language::Spanish, running), [("running", "running")]);
            assert_eq!(reduced(&words, Language::Other("de"), running), [("running", "running")]);
        }
        assert_eq!(words.words.count(), 2);
    }

    #[test]
    fn stop_words_have_no_stem_in_their_language() {
        let words = Vocabulary::new();
        let id = words.intern("también");
        for _ in 0..2 {
            assert_eq!(reduced(&words, Language::Spanish, id), []);
            assert_eq!(reduced(&words, Language::English, id), [("también", "también")]);
        }
        let facts = words.facts(id);
        assert!(facts.looks_spanish && !facts.is_english_stop_word && !facts.is_contraction);
    }

    #[test]
    fn threads_that_meet_the_same_words_number_them_alike() {
        let words = Vocabulary::new();
        let meet = || (0..5_000).map(|number| words.intern(&format!("w{number}"))).collect::<Vec<_>>();
        let ids: Vec<Vec<WordId>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(meet)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|other| *other == ids[0]));
        assert!(ids[0].iter().enumerate().all(|(number, &id)| words.word(id) == format!("w{number}")));
    }

    #[test]
    fn a_full_vocabulary_still_takes_words_and_is_followed_by_an_empty_one() {
        let shared = SharedVocabulary::new();
        let full = shared.current();
        for number in 0..=MAX_WORDS {
            full.intern(&number.to_string());
        }
        let late = full.intern("houses");
        assert_eq!(reduced(&full, Language::English, late), [("houses", "hous")]);
        let next = shared.clone().current();
        assert!(!Arc::ptr_eq(&full, &next) && Arc::ptr_eq(&next, &shared.current()));
        assert_eq!((next.words.count(), full.word(late)), (0, "houses"));
    }
}
