//! Every distinct token with all that the analysis wants to know of it, behind one look-up.

use std::collections::HashMap;

use memchr::memchr;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::clean::{fold, has_markup};
use crate::segment::{PADDING, Segments};
use crate::vader::{Vader, Word};
use crate::vocabulary::{Vocabulary, WordId};

/// Distinct tokens from which on a new batch starts with an empty dictionary. Real reviews hold some hundred thousand, most
/// of them once; beyond that the text is noise, and memory must not follow.
const MAX_TOKENS: usize = 1 << 18;

/// The same for the bytes of all words.
const MAX_WORD_BYTES: usize = 8 << 20;

/// What is known of a token, a run of anything but white space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// What is left of it once punctuation is gone and the case lowered; [`WordId::NONE`] if nothing is.
    pub(crate) clean: WordId,
    /// What VADER's rules ask of it.
    pub(crate) word: Word,
    /// Whether it may hold a URL, a mention, a tag or an entity; `clean` is of no use then.
    pub(crate) has_markup: bool,
}

/// The tokens met so far.
pub(crate) struct Dictionary {
    /// Tokens of up to [`PADDING`] bytes, which is nearly all: the bytes are the key, filled up with zeros.
    short: HashMap<u128, Token, FxBuildHasher>,
    long: FxHashMap<Box<[u8]>, Token>,
    vocabulary: Vocabulary,
    vader: Vader,
    /// Scratch space.
    folded: Vec<u8>,
    clean: String,
}

impl Dictionary {
    /// No tokens yet; loads lexicons (some milliseconds).
    pub(crate) fn new() -> Self {
        Self {
            short: HashMap::default(),
            long: FxHashMap::default(),
            vocabulary: Vocabulary::new(),
            vader: Vader::new(),
            folded: Vec::new(),
            clean: String::new(),
        }
    }

    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    pub(crate) fn vocabulary_mut(&mut self) -> &mut Vocabulary {
        &mut self.vocabulary
    }

    pub(crate) fn vader(&mut self) -> &mut Vader {
        &mut self.vader
    }

    /// Starts again if too many tokens were met. Word ids given out before may mean nothing any more.
    pub(crate) fn trim(&mut self) {
        if self.short.len() + self.long.len() > MAX_TOKENS || self.vocabulary.num_bytes() > MAX_WORD_BYTES {
            self.short.clear();
            self.long.clear();
            self.vocabulary.clear();
        }
    }

    /// Calls `on_token` for each token of a text, in order.
    pub(crate) fn look_up(&mut self, segments: &Segments, mut on_token: impl FnMut(Token)) {
        let text = segments.padded();
        // A zero inside a token would make it look like a shorter one.
        let has_zero = memchr(0, text).is_some();
        for (start, end) in segments.words() {
            let key = if has_zero { None } else { short_key(text, start, end) };
            on_token(match key {
                Some(key) => self.short_token(key, &text[start..end]),
                None => self.long_token(&text[start..end]),
            });
        }
    }

    fn short_token(&mut self, key: u128, token: &[u8]) -> Token {
        match self.short.get(&key) {
            Some(known) => *known,
            None => {
                let new = self.learn(token);
                self.short.insert(key, new);
                new
            }
        }
    }

    fn long_token(&mut self, token: &[u8]) -> Token {
        match self.long.get(token) {
            Some(known) => *known,
            None => {
                let new = self.learn(token);
                self.long.insert(token.into(), new);
                new
            }
        }
    }

    #[cold]
    fn learn(&mut self, token: &[u8]) -> Token {
        // Tokens are cut out of text at ASCII bytes, so they are text.
        let token = String::from_utf8_lossy(token);
        let Self { clean, folded, vocabulary, .. } = self;
        clean.clear();
        fold::fold_onto(&token, folded, clean);
        let clean = if clean.is_empty() { WordId::NONE } else { vocabulary.intern(clean) };
        Token { clean, word: self.vader.word(&token), has_markup: may_be_markup(&token) && has_markup(&token) }
    }
}

/// The bytes of a token of at most [`PADDING`] bytes, as a number; the text goes on for as many behind its start.
fn short_key(text: &[u8], start: usize, end: usize) -> Option<u128> {
    let unused = PADDING.checked_sub(end - start)?;
    let bytes = text[start..].first_chunk::<PADDING>()?;
    Some(u128::from_le_bytes(*bytes) << (8 * unused) >> (8 * unused))
}

/// Whether a token holds any of the signs without which there is no markup; nearly none does.
fn may_be_markup(token: &str) -> bool {
    token.bytes().any(|byte| matches!(byte, b'<' | b'@' | b'&' | b':' | b'.'))
}
