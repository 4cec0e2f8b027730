//! Words and the punctuation that carries sentiment, as hashes: no token is ever copied.

/// Rules of version `words-1`, which `config.json` names. Another rule is another version: weights only fit
/// the tokens that they were trained on.
///
/// - A word is a run of letters, digits and combining marks, in lower case; an apostrophe between two of them
///   belongs to it (`don't`, `l'hôtel`), and the typographic one counts as the plain one.
/// - `n't` at the end of a word is a token of its own, as corpora with separated tokens have it: the negation
///   of every verb is one feature.
/// - `!` and `?` are tokens; a run of one of them is one more token, whatever its length.
/// - `:)`, `:-(`, `;)`, `:D` and their like are tokens: glad or sad.
/// - A symbol outside ASCII (emoji, stars) is a token each.
/// - Everything else separates.
pub(crate) const RULES: &str = "words-1";

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// Calls `sink` with the FNV-1a hash (64 bits) of every token, in order, until it answers false.
pub(crate) fn each_token(text: &str, mut sink: impl FnMut(u64) -> bool) {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let keep_on = match c {
            _ if is_word(c) => word(c, &mut rest, &mut sink),
            '!' | '?' => emphasis(c, &mut rest, &mut sink),
            ':' | ';' => emoticon(&mut rest).is_none_or(|mood| sink(hash(&[b':', mood]))),
            _ if c.is_ascii() || c.is_whitespace() || is_punctuation(c) => true,
            symbol => sink(hash(symbol.encode_utf8(&mut [0; 4]).as_bytes())),
        };
        if !keep_on {
            return;
        }
    }
}

/// FNV-1a over bytes: stable over platforms and releases, which `std`'s hashers do not promise.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(FNV_OFFSET, |hash, &byte| step(hash, byte))
}

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
}

fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c) }
}

/// General punctuation, Spanish and French marks: they separate like their ASCII kin.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{fe00}'..='\u{fe0f}' | '\u{fffd}')
}

/// A word hash under construction that remembers the state before a final `n't`.
struct Word {
    hash: u64,
    /// The last three bytes, to recognise `n't`.
    tail: [u8; 3],
    /// Hash as it was before each of the last three bytes.
    before: [u64; 3],
    length: usize,
}

impl Word {
    fn new() -> Self {
        Self { hash: FNV_OFFSET, tail: [0; 3], before: [FNV_OFFSET; 3], length: 0 }
    }

    fn push(&mut self, c: char) {
        if c.is_ascii() {
            self.push_byte(c.to_ascii_lowercase() as u8);
        } else {
            for lower in c.to_lowercase() {
                lower.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| self.push_byte(byte));
            }
        }
    }

    fn push_byte(&mut self, byte: u8) {
        self.tail = [self.tail[1], self.tail[2], byte];
        self.before = [self.before[1], self.before[2], self.hash];
        self.hash = step(self.hash, byte);
        self.length += 1;
    }

    fn finish(self, sink: &mut impl FnMut(u64) -> bool) -> bool {
        match &self.tail {
            b"n't" if self.length > 3 => sink(self.before[0]) && sink(hash(b"n't")),
            _ => sink(self.hash),
        }
    }
}

fn word(first: char, rest: &mut std::str::Chars<'_>, sink: &mut impl FnMut(u64) -> bool) -> bool {
    let mut word = Word::new();
    word.push(first);
    loop {
        let mut ahead = rest.clone();
        match ahead.next() {
            Some(c) if is_word(c) => word.push(c),
            Some('\'' | '’') => match ahead.next() {
                Some(c) if is_word(c) => {
                    word.push('\'');
                    word.push(c);
                }
                _ => return word.finish(sink),
            },
            _ => return word.finish(sink),
        }
        *rest = ahead;
    }
}

fn emphasis(mark: char, rest: &mut std::str::Chars<'_>, sink: &mut impl FnMut(u64) -> bool) -> bool {
    let before = rest.as_str().len();
    *rest = rest.as_str().trim_start_matches(mark).chars();
    let repeated = rest.as_str().len() < before;
    sink(hash(&[mark as u8])) && (!repeated || sink(hash(&[mark as u8, mark as u8])))
}

/// The rest of an emoticon after its eyes: `)` for a glad one, `(` for a sad one.
fn emoticon(rest: &mut std::str::Chars<'_>) -> Option<u8> {
    let text = rest.as_str();
    let mouth = text.strip_prefix('-').unwrap_or(text);
    let mood = match mouth.bytes().next()? {
        b')' | b'D' | b']' => b')',
        b'(' | b'[' => b'(',
        _ => return None,
    };
    let after = &mouth[1..];
    // `:D` only where the word ends there, as in `size:Double` it does not.
    if mouth.starts_with('D') && after.chars().next().is_some_and(is_word) {
        return None;
    }
    *rest = after.chars();
    Some(mood)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<u64> {
        let mut found = Vec::new();
        each_token(text, |token| {
            found.push(token);
            true
        });
        found
    }

    fn words(list: &[&str]) -> Vec<u64> {
        list.iter().map(|word| hash(word.as_bytes())).collect()
    }

    #[test]
    fn words_are_lower_cased_and_punctuation_separates() {
        assert_eq!(
            tokens("Great CD, my favourite. <br />ÑANDÚ"),
            words(&["great", "cd", "my", "favourite", "br", "ñandú"])
        );
    }

    #[test]
    fn contractions_are_kept_and_negations_split_off() {
        assert_eq!(tokens("It's what I didn’t want"), words(&["it's", "what", "i", "did", "n't", "want"]));
        assert_eq!(tokens("do n't 'quoted' n't"), words(&["do", "n't", "quoted", "n't"]));
    }

    #[test]
    fn emphasis_emoticons_and_emoji_carry_sentiment() {
        assert_eq!(tokens("wow!!! Why? :-) :( 😀👍"), words(&["wow", "!", "!!", "why", "?", ":)", ":(", "😀", "👍"]));
        assert_eq!(tokens("size:Double; note:(see)"), words(&["size", "double", "note", ":(", "see"]));
    }

    #[test]
    fn the_hash_is_the_published_fnv_1a() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
