//! What a token is remembered by: the tokens of a text that mean the same have one key.
//!
//! Four in ten of the distinct tokens of real reviews are a word in another case or with a comma behind it. Letters are
//! lowered in all bytes of a token at once.

use crate::segment::PADDING;

/// Bytes of a key; longer tokens have none.
const BYTES: usize = PADDING;

const LANES: u128 = u128::from_le_bytes([0x01; BYTES]);
const HIGH_BITS: u128 = 0x80 * LANES;

/// All bits of the first bytes, by the number of these.
const MASKS: [u128; BYTES + 1] = masks();

const fn masks() -> [u128; BYTES + 1] {
    let (mut masks, mut length) = ([0; BYTES + 1], 1);
    while length <= BYTES {
        masks[length] = masks[length - 1] << 8 | 0xff;
        length += 1;
    }
    masks
}

/// VADER leaves punctuation at words shorter than this: they may be emoticons.
const MIN_LETTERS: u32 = 3;

/// Punctuation that both cleaning and VADER take off the ends of a word, and that is no sign of markup.
const STRIPPED: &[u8] = b"!\"#$%'()*+,-./;=>?[\\]^`{|}~";
/// A bit for each byte of [`STRIPPED`].
const STRIPPED_BITS: u128 = bits_of(STRIPPED);

/// `www..` is a URL to the cleaning, wherever it stands in a token.
const URL_START: u128 = u32::from_le_bytes(*b"www\0") as u128;

const fn bits_of(bytes: &[u8]) -> u128 {
    let (mut bits, mut at) = (0, 0);
    while at < bytes.len() {
        bits |= 1 << bytes[at];
        at += 1;
    }
    bits
}

/// The bytes of a word of ASCII in lower case, or those of any other token as they are; zeros behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenKey {
    pub(crate) bytes: u128,
    /// Whether letters were lowered, and all of them.
    pub(crate) was_upper: bool,
    /// Whether it is a word, in nothing but letters.
    pub(crate) is_word: bool,
}

impl TokenKey {
    /// Key of the token at `start..end` of a text that goes on for [`PADDING`] bytes behind its start; none for long tokens.
    /// The token holds no zero.
    #[inline]
    pub(crate) fn of(text: &[u8], start: usize, end: usize) -> Option<Self> {
        let mask = MASKS.get(end - start)?;
        let bytes = u128::from_le_bytes(*text[start..].first_chunk::<BYTES>()?);
        Some(Self::of_bytes(bytes & mask, mask & HIGH_BITS))
    }

    /// Key of a token of these bytes, `all` of which have their high bit set there.
    #[inline]
    fn of_bytes(bytes: u128, all: u128) -> Self {
        let lower_case = (bytes & !HIGH_BITS) | (0x20 * LANES);
        // A byte below 0x80 plus 0x80 - n has its high bit set if it is n or more, and never carries into the next byte.
        let at_least = |n: u8| lower_case + (0x80 - u128::from(n)) * LANES;
        let letters = at_least(b'a') & !at_least(b'z' + 1) & !bytes & HIGH_BITS;
        let capitals = letters & !(bytes << 2);
        let lowered = bytes | capitals >> 2;
        let was_upper = capitals != 0 && capitals == letters;
        if letters == all {
            return Self { bytes: lowered, was_upper, is_word: true };
        }
        match word_within(bytes, letters, lowered, all.count_ones()) {
            Some(word) => Self { bytes: word, was_upper, is_word: true },
            None => Self { bytes, was_upper: false, is_word: false },
        }
    }

    /// The word or token.
    pub(crate) fn with_text<R>(self, work: impl FnOnce(&[u8]) -> R) -> R {
        let bytes = self.bytes.to_le_bytes();
        work(&bytes[..BYTES - self.bytes.leading_zeros() as usize / 8])
    }
}

/// The word of a token that consists of one, `lowered`, and punctuation that does not matter around it.
fn word_within(bytes: u128, letters: u128, lowered: u128, length: u32) -> Option<u128> {
    let num_letters = letters.count_ones();
    let start = letters.trailing_zeros() & !7;
    let end = u128::BITS - letters.leading_zeros();
    if num_letters < MIN_LETTERS || end - start != 8 * num_letters {
        return None;
    }
    let is_in_word = |at: u32| start <= 8 * at && 8 * at < end;
    let mut around = (0..length).zip(bytes.to_le_bytes()).filter(|(at, _)| !is_in_word(*at));
    let word = lowered >> start & u128::MAX >> (u128::BITS - 8 * num_letters);
    let is_url_start = word >> (8 * (num_letters - MIN_LETTERS)) == URL_START;
    (around.all(|(_, byte)| is_stripped(byte)) && !is_url_start).then_some(word)
}

fn is_stripped(byte: u8) -> bool {
    byte.is_ascii() && STRIPPED_BITS >> byte & 1 == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(token: &str) -> (String, bool) {
        let mut text = token.as_bytes().to_vec();
        text.resize(token.len() + PADDING, b' ');
        let key = TokenKey::of(&text, 0, token.len()).unwrap();
        (key.with_text(|text| String::from_utf8(text.to_vec()).unwrap()), key.was_upper)
    }

    #[test]
    fn words_lose_case_and_punctuation_around_them() {
        for (token, word, was_upper) in [
            ("book", "book", false),
            ("Book,", "book", false),
            ("(GREAT!!!)", "great", true),
            ("I", "i", true),
            ("abcdefghijklmno.", "abcdefghijklmno", false),
            ("ABCDEFGHIJKLMNOP", "abcdefghijklmnop", true),
        ] {
            assert_eq!(key(token), (word.to_owned(), was_upper), "{token}");
        }
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        let others =
            [":)", "it.", "Don't", "e-mail", "_so_", "Café", "“no”", "a&amp;b", "@you", "<br", "big:", "Ewww.."];
        for token in others.into_iter().chain(["...", "\u{1}word", "word\u{7f}", "Good&", "MP3", "2009."]) {
            assert_eq!(key(token), (token.to_owned(), false), "{token}");
        }
        assert_eq!(TokenKey::of(&[b'x'; 40], 0, 17), None);
    }

    proptest! {
        #[test]
        fn a_key_is_the_word_inside_or_the_token(token in "[a-zA-Z]{1,12}[.,!]{0,4}|[a-zA-Z0-9ñ!-~]{1,16}") {
            prop_assume!(token.len() <= BYTES);
            let word = token.trim_matches(|c: char| STRIPPED.contains(&(c as u8)) && c.is_ascii());
            let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic());
            let is_stripped_word = word.len() >= 3 && !word.to_lowercase().ends_with("www");
            let is_kept = is_word && (word.len() == token.len() || is_stripped_word);
            let is_upper = is_kept && word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase);
            let expected = if is_kept { word.to_lowercase() } else { token.clone() };
            prop_assert_eq!(key(&token), (expected, is_upper));
        }
    }
}
