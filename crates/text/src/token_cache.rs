//! The tokens met last, each with all that the analysis wants to know of it in one line of the processor's cache.

use std::hint::black_box;

use memchr::memchr;

use crate::clean::{fold, has_markup};
use crate::segment::Segments;
use crate::token_key::TokenKey;
use crate::vader::{Vader, Word};
use crate::vocabulary::{Vocabulary, WordId};

/// Sets of two tokens. Of the tokens of English reviews 96 in 100 are found in so many, and more hardly pay: more than half
/// of what is not found was never met before.
const SETS: usize = 1 << 15;

/// Most clean words are no longer than this.
const HEAD: usize = 16;

/// What is known of a token, a run of anything but white space.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Token {
    /// [`TokenKey::bytes`]; zero for none.
    key: u128,
    /// The clean word's first bytes, or all of it and zeros.
    head: [u8; HEAD],
    /// Hash of the clean word.
    pub(crate) hash: u64,
    /// What is left of it once punctuation is gone and the case lowered; [`WordId::NONE`] if nothing is.
    pub(crate) clean: WordId,
    /// Bytes of the clean word.
    length: u32,
    /// What VADER's rules ask of it, in lower case.
    word: Word,
    pub(crate) is_english_stop_word: bool,
    pub(crate) looks_spanish: bool,
    /// Whether the tokenizer cuts the clean word, as it does `cannot`.
    pub(crate) is_contraction: bool,
    /// Whether it may hold a URL, a mention, a tag or an entity; the clean word is of no use then.
    pub(crate) has_markup: bool,
}

impl Token {
    const NONE: Self = Self {
        key: 0,
        head: [0; HEAD],
        hash: 0,
        clean: WordId::NONE,
        length: 0,
        word: Word::NONE,
        is_english_stop_word: false,
        looks_spanish: false,
        is_contraction: false,
        has_markup: false,
    };

    /// Appends the clean word.
    #[inline]
    pub(crate) fn push_onto(&self, vocabulary: &Vocabulary, out: &mut Vec<u8>) {
        let length = self.length as usize;
        if length <= HEAD {
            // A copy of fixed size, of which what is too much is overwritten.
            let end = out.len() + length;
            out.extend_from_slice(&self.head);
            out.truncate(end);
        } else {
            out.extend_from_slice(vocabulary.word(self.clean).as_bytes());
        }
    }
}

/// Remembers tokens of one [`Vocabulary`], which is to be the same from call to call, up to [`TokenCache::clear`].
pub(crate) struct TokenCache {
    /// Of each set the token met last comes first.
    sets: Box<[[Token; 2]]>,
    learner: Learner,
    /// Where the tokens of the text at hand are to be found; none for long ones.
    probes: Vec<Option<Probe>>,
}

/// Where a token is to be found.
#[derive(Clone, Copy)]
struct Probe {
    key: TokenKey,
    set: u32,
}

impl TokenCache {
    /// No tokens yet.
    pub(crate) fn new() -> Self {
        let sets = vec![[Token::NONE; 2]; SETS].into_boxed_slice();
        let learner = Learner { vader: Vader::new(), folded: Vec::new(), clean: String::new() };
        Self { sets, learner, probes: Vec::new() }
    }

    /// Forgets all tokens.
    pub(crate) fn clear(&mut self) {
        self.sets.fill([Token::NONE; 2]);
    }

    /// Calls `on_token` for each token of a text, in order, with what VADER asks of it.
    #[inline]
    pub(crate) fn look_up(
        &mut self,
        segments: &Segments,
        vocabulary: &Vocabulary,
        mut on_token: impl FnMut(&Token, Word),
    ) {
        self.probe(segments);
        let Self { sets, learner, probes } = self;
        for (probe, (start, end)) in probes.iter().zip(segments.words()) {
            let Some(Probe { key, set }) = *probe else {
                let token = learner.learn(&segments.padded()[start..end], vocabulary);
                on_token(&token, token.word);
                continue;
            };
            let set = &mut sets[set as usize];
            if set[0].key != key.bytes {
                set.swap(0, 1);
                if set[0].key != key.bytes {
                    let learnt = key.with_text(|token| match key.is_word {
                        true => learner.learn_word(token, vocabulary),
                        false => learner.learn(token, vocabulary),
                    });
                    set[0] = Token { key: key.bytes, ..learnt };
                }
            }
            on_token(&set[0], set[0].word.in_case(key.was_upper));
        }
    }

    fn probe(&mut self, segments: &Segments) {
        let Self { sets, probes, .. } = self;
        let text = segments.padded();
        // A zero inside a token would make it look like a shorter one.
        let has_zero = memchr(0, text).is_some();
        let probe_of = |(start, end)| {
            let key = if has_zero { None } else { TokenKey::of(text, start, end) };
            key.map(|key| Probe { key, set: set_of(key.bytes) })
        };
        probes.clear();
        probes.extend(segments.words().map(probe_of));
        // Nothing depends on what is read here, so the processor fetches many tokens at a time.
        let first_key = |probe: &Probe| sets[probe.set as usize][0].key as u64;
        black_box(probes.iter().flatten().map(first_key).fold(0, std::ops::BitXor::bitxor));
    }
}

/// Where a token is kept: the upper bits of two products, which all bits of the key have a part in.
fn set_of(key: u128) -> u32 {
    let low = (key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let high = ((key >> 64) as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    ((low ^ high) >> (u64::BITS - SETS.ilog2())) as u32
}

/// Finds out about tokens.
struct Learner {
    vader: Vader,
    /// Scratch space.
    folded: Vec<u8>,
    clean: String,
}

impl Learner {
    #[cold]
    fn learn(&mut self, token: &[u8], vocabulary: &Vocabulary) -> Token {
        // Tokens are cut out of text at ASCII bytes, so they are text.
        let token = &String::from_utf8_lossy(token);
        let Self { vader, folded, clean } = self;
        let has_markup = may_be_markup(token) && has_markup(token);
        clean.clear();
        fold::fold_onto(token, folded, clean);
        let token = Token { word: vader.word(token), has_markup, ..Token::NONE };
        if clean.is_empty() { token } else { token.with_clean(clean, vocabulary) }
    }

    /// The same for a word of lower-case letters, which are as clean as they can be.
    #[cold]
    fn learn_word(&self, word: &[u8], vocabulary: &Vocabulary) -> Token {
        let word = std::str::from_utf8(word).unwrap_or_default();
        Token { word: self.vader.known_word(word), ..Token::NONE }.with_clean(word, vocabulary)
    }
}

impl Token {
    /// The token with what is left of it once it is clean, which is not nothing.
    fn with_clean(self, clean: &str, vocabulary: &Vocabulary) -> Self {
        let id = vocabulary.intern(clean);
        let facts = vocabulary.facts(id);
        let mut head = [0; HEAD];
        let in_head = clean.len().min(HEAD);
        head[..in_head].copy_from_slice(&clean.as_bytes()[..in_head]);
        Self {
            head,
            hash: facts.hash,
            clean: id,
            length: clean.len() as u32,
            is_english_stop_word: facts.is_english_stop_word,
            looks_spanish: facts.looks_spanish,
            is_contraction: facts.is_contraction,
            ..self
        }
    }
}

/// Whether a token holds any of the signs without which there is no markup; nearly none does.
fn may_be_markup(token: &str) -> bool {
    token.bytes().any(|byte| matches!(byte, b'<' | b'@' | b'&' | b':' | b'.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn look_up(cache: &mut TokenCache, vocabulary: &Vocabulary, text: &str) -> Vec<String> {
        let (mut segments, mut words) = (Segments::default(), Vec::new());
        segments.cut(text);
        cache.look_up(&segments, vocabulary, |token, _| {
            let mut word = Vec::new();
            token.push_onto(vocabulary, &mut word);
            assert_eq!(token.clean == WordId::NONE, word.is_empty());
            words.push(String::from_utf8(word).unwrap());
        });
        words
    }

    #[test]
    fn a_token_fills_one_cache_line() {
        assert_eq!(size_of::<Token>(), 64);
    }

    #[test]
    fn tokens_of_any_length_come_back_clean_however_often_they_are_asked_for() {
        let (mut cache, vocabulary) = (TokenCache::new(), Vocabulary::new());
        let text = "Don't! -- Sixteen_letters_ incomprehensibilities Incomprehensible, İİİİİİİ nul\0led (Don't!)";
        let first = look_up(&mut cache, &vocabulary, text);
        let clean = ["dont", "", "sixteen_letters_", "incomprehensibilities", "incomprehensible"];
        assert_eq!(first[..5], clean);
        assert_eq!(first[6..], ["nulled", "dont"]);
        assert_eq!(look_up(&mut cache, &vocabulary, text), first);
    }

    proptest! {
        #[test]
        fn a_token_is_what_its_key_says(token in "[a-cA-C0-9ñÉ!-/_<>@&:]{1,9}|(www|good|NOT|don't)[!-/.]{0,3}|[eEwW]{2,6}[.]{0,3}") {
            let (mut cache, vocabulary) = (TokenCache::new(), Vocabulary::new());
            let mut segments = Segments::default();
            segments.cut(&token);
            let learnt = cache.learner.learn(token.as_bytes(), &vocabulary);
            cache.look_up(&segments, &vocabulary, |found, word| {
                let same = Token { key: 0, word, ..*found };
                assert_eq!(format!("{same:?}"), format!("{learnt:?}"));
            });
        }
    }

    #[test]
    fn tokens_that_drive_each_other_out_are_learnt_again() {
        let (mut cache, vocabulary) = (TokenCache::new(), Vocabulary::new());
        let text: Vec<String> = (0..3 * SETS).map(|number| format!("W{number}")).collect();
        let clean: Vec<String> = text.iter().map(|token| token.to_lowercase()).collect();
        for _ in 0..2 {
            assert_eq!(look_up(&mut cache, &vocabulary, &text.join(" ")), clean);
        }
    }
}
