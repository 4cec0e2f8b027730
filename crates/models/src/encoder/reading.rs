//! From a text to the windows of tokens that the network reads. Runs on any thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tamiz_domain::LongTexts;
use tokenizers::{Encoding, Tokenizer, TruncationDirection};

use super::config::Head;
use crate::Problem;
use crate::task::{Reading, Unlabelled};

/// Tokens that two windows of a text share, so that each has words around it.
const OVERLAP: usize = 64;
/// Bytes of a text that are read for a window, to begin with: hardly any text has so many a token.
const BYTES_PER_TOKEN: usize = 16;

/// What that token is called: by BERT and DistilBERT, by RoBERTa and XLM-RoBERTa.
const UNKNOWN: [&str; 2] = ["[UNK]", "<unk>"];

/// A text as the network reads it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReadText {
    /// Token ids of each window, special tokens included; at least one window of at least one token.
    pub windows: Vec<Vec<u32>>,
    /// How it was read.
    pub reading: Reading,
    /// For extraction only.
    pub words: Option<Words>,
}

/// The words of a text, which entities are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub text: String,
    pub places: Vec<WordPlace>,
}

/// Where a word stands, in the text and in its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WordPlace {
    /// First character and the one behind the last, in code points.
    pub span: (u32, u32),
    /// The window that knows most of what is around the word.
    pub window: usize,
    /// Index of the word's first token in the window.
    pub token: usize,
}

/// Cuts texts into windows with the model's own tokenizer.
pub(super) struct TextReader {
    tokenizer: Tokenizer,
    /// Tokens of a window, special ones included.
    window: usize,
    num_special: usize,
    /// The token that stands for anything that the vocabulary lacks; none of a tokenizer that takes such things apart into bytes.
    unknown: Option<u32>,
    overlap: usize,
    head: Head,
    long_texts: LongTexts,
}

impl TextReader {
    /// Makes a reader of the content of `tokenizer.json`, for a network that reads `window` tokens at once and knows
    /// `vocabulary` of them.
    pub fn new(
        json: &[u8],
        window: usize,
        vocabulary: i64,
        head: Head,
        long_texts: LongTexts,
    ) -> Result<Self, Problem> {
        let malformed = |error: tokenizers::Error| Problem::Malformed(format!("it is no tokenizer: {error}"));
        let mut tokenizer = contained(|| Tokenizer::from_bytes(json)).map_err(malformed)?;
        // A folder may carry the cutting and padding of whoever trained it last.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(malformed)?;
        let special = contained(|| tokenizer.encode_fast("", true)).map_err(malformed)?;
        let tokens = tokenizer.get_vocab(true).into_values().chain(special.get_ids().iter().copied());
        let largest = tokens.max().map_or(-1, i64::from);
        if largest >= vocabulary {
            let why = format!("it has token {largest}, but config.json says vocab_size {vocabulary}");
            return Err(Problem::Malformed(why));
        }
        let num_special = special.len();
        if num_special == 0 || window <= num_special {
            let why = format!("its {num_special} special tokens around a text do not fit windows of {window} tokens");
            return Err(Problem::Malformed(why));
        }
        let overlap = OVERLAP.min((window - num_special) / 2);
        let unknown = UNKNOWN.iter().find_map(|name| tokenizer.token_to_id(name));
        Ok(Self { tokenizer, window, num_special, unknown, overlap, head, long_texts })
    }

    /// Reads a text.
    pub fn read(&self, text: &str) -> Result<ReadText, Unlabelled> {
        contained(|| self.windows_of(text)).map_err(|error| Unlabelled::Tokenizer(error.to_string()))
    }

    fn windows_of(&self, text: &str) -> tokenizers::Result<ReadText> {
        match (self.head, self.long_texts) {
            (Head::Tokens, _) => {
                let encodings = self.windows(self.tokenizer.encode_char_offsets(text, false)?)?;
                let words = Words { text: text.to_owned(), places: self.words(text, &encodings) };
                Ok(ReadText { words: Some(words), ..self.text(&encodings, false) })
            }
            (Head::Sequence, LongTexts::Average) => {
                Ok(self.text(&self.windows(self.tokenizer.encode_fast(text, false)?)?, false))
            }
            (Head::Sequence, LongTexts::Truncate) => self.first_window(text),
        }
    }

    /// The first window of a text, of which no more is read than that takes: the next million characters cost nothing.
    fn first_window(&self, text: &str) -> tokenizers::Result<ReadText> {
        let mut limit = BYTES_PER_TOKEN * self.window;
        loop {
            let head = until_space(text, text.floor_char_boundary(limit));
            let encodings = self.windows(self.tokenizer.encode_fast(head, false)?)?;
            // The cut stands between two words, so it changes no token before it.
            if head.len() == text.len() || encodings.len() > 1 {
                return Ok(self.text(&encodings[..1], encodings.len() > 1));
            }
            limit = 2 * head.len().max(limit);
        }
    }

    /// All tokens of a text, in windows with special tokens around each. (The tokenizer's own truncation stops reading at the
    /// first window, whatever it is told of an overlap.)
    fn windows(&self, mut all: Encoding) -> tokenizers::Result<Vec<Encoding>> {
        all.truncate(self.window - self.num_special, self.overlap, TruncationDirection::Right);
        let mut first = self.tokenizer.post_process(all, None, true)?;
        let rest = first.take_overflowing();
        Ok([first].into_iter().chain(rest).collect())
    }

    fn text(&self, encodings: &[Encoding], truncated: bool) -> ReadText {
        let windows: Vec<Vec<u32>> = encodings.iter().map(|encoding| encoding.get_ids().to_vec()).collect();
        let num_tokens = windows.iter().map(|window| window.len().saturating_sub(self.num_special)).sum::<usize>();
        let num_unknown = windows.iter().flatten().filter(|&&id| Some(id) == self.unknown).count();
        let unknown_share = num_unknown as f32 / num_tokens.max(1) as f32;
        let num_tokens = u32::try_from(num_tokens).unwrap_or(u32::MAX);
        ReadText { windows, reading: Reading { num_tokens, unknown_share, truncated }, words: None }
    }

    /// Words with the first of their tokens, each in the window where it is farthest from the edge: two windows share what they
    /// overlap in half.
    fn words(&self, text: &str, encodings: &[Encoding]) -> Vec<WordPlace> {
        let characters: Vec<char> = text.chars().collect();
        let mut places: Vec<WordPlace> = Vec::new();
        let mut last_word = None;
        for (window, encoding) in encodings.iter().enumerate() {
            let first = if window == 0 { 0 } else { self.overlap / 2 };
            let end = match window + 1 == encodings.len() {
                true => encoding.len(),
                false => self.window - self.num_special - (self.overlap - self.overlap / 2),
            };
            let is_content = |&token: &usize| encoding.get_special_tokens_mask()[token] == 0;
            for token in (0..encoding.len()).filter(is_content).skip(first).take(end - first) {
                let word = encoding.get_word_ids()[token];
                let (start, end) = encoding.get_offsets()[token];
                match places.last_mut() {
                    Some(place) if word.is_some() && word == last_word => place.span.1 = end as u32,
                    _ => places.push(WordPlace { span: (start as u32, end as u32), window, token }),
                }
                last_word = word;
            }
        }
        places.iter_mut().for_each(|place| place.span = trimmed(&characters, place.span));
        places
    }
}

/// The crate of the tokenizers panics on some files, and may on some texts: to whoever asks, that is a refusal like any other. Nobody
/// sees what a panic has left half done, since a tokenizer does not change while it reads.
fn contained<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("it fails without a reason".into()))
}

/// The text up to the first white space from `limit` on.
fn until_space(text: &str, limit: usize) -> &str {
    let end = text[limit..].find(char::is_whitespace).map_or(text.len(), |at| limit + at);
    &text[..end]
}

/// A word's span without white space around it, nor punctuation that shares it: some tokenizers cut at spaces only, and
/// `London,` names a place without the comma.
fn trimmed(characters: &[char], (start, end): (u32, u32)) -> (u32, u32) {
    let word = characters.get(start as usize..end as usize).unwrap_or_default();
    let is_dotted = word.iter().filter(|&&c| c == '.').count() > 1;
    let has_letters = word.iter().any(|c| c.is_alphanumeric());
    let is_around = |c: &char| {
        c.is_whitespace() || has_letters && (",;:!?\"'()[]“”‘’«»¡¿…".contains(*c) || *c == '.' && !is_dotted)
    };
    let before = word.iter().take_while(|c| is_around(c)).count();
    let behind = word[before..].iter().rev().take_while(|c| is_around(c)).count();
    (start + before as u32, end - behind as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENIZER: &[u8] = include_bytes!("../../tests/golden/bert-stars/tokenizer.json");

    fn reader(window: usize, head: Head, long_texts: LongTexts) -> TextReader {
        TextReader::new(TOKENIZER, window, 260, head, long_texts).unwrap()
    }

    #[test]
    fn the_first_window_is_the_same_however_much_follows() {
        let reader = reader(12, Head::Sequence, LongTexts::Truncate);
        let words = "great book about life ".repeat(10_000);
        let few = reader.read(&words[..60]).unwrap();
        let many = reader.read(&words).unwrap();
        assert_eq!(few, many);
        assert!(many.reading.truncated && many.windows.len() == 1 && many.windows[0].len() == 12);
        // Nothing but white space, or one word without end.
        assert!(!reader.read(&" ".repeat(100_000)).unwrap().reading.truncated);
        let endless = reader.read(&"x".repeat(100_000)).unwrap().reading;
        assert_eq!(endless, Reading { num_tokens: 1, unknown_share: 1.0, truncated: false }, "one unknown token");
    }

    #[test]
    fn windows_overlap_and_cover_the_text() {
        let reader = reader(12, Head::Sequence, LongTexts::Average);
        let read = reader.read(&"a great book about life, ".repeat(5)).unwrap();
        assert!(read.windows.len() > 2 && !read.reading.truncated, "{:?}", read.windows);
        for pair in read.windows.windows(2) {
            assert_eq!(pair[0][11 - reader.overlap..11], pair[1][1..1 + reader.overlap]);
        }
    }

    #[test]
    fn every_word_of_a_long_text_has_one_place() {
        let text = "Anna   saw\tLondon, twice.  Zoë didn't ".repeat(9);
        for window in [5, 8, 13, 40, 400] {
            let words = reader(window, Head::Tokens, LongTexts::Truncate).read(&text).unwrap().words.unwrap();
            let characters: Vec<char> = text.chars().collect();
            let spelled = |place: &WordPlace| -> String {
                characters[place.span.0 as usize..place.span.1 as usize].iter().collect()
            };
            let found: Vec<String> = words.places.iter().map(spelled).collect();
            let expected = ["Anna", "saw", "London", ",", "twice", ".", "Zoë", "didn", "'", "t"].repeat(9);
            assert_eq!(found, expected, "windows of {window}");
        }
    }

    #[test]
    fn punctuation_that_shares_a_word_is_trimmed() {
        let spelled = |word: &str| {
            let characters: Vec<char> = word.chars().collect();
            let (start, end) = trimmed(&characters, (0, characters.len() as u32));
            characters[start as usize..end as usize].iter().collect::<String>()
        };
        let trimmed = [" London,", "(Paris).", "U.S.", "...", "“Zoë”", "AT&T", " ", ""].map(spelled);
        assert_eq!(trimmed, ["London", "Paris", "U.S.", "...", "Zoë", "AT&T", "", ""]);
    }

    #[test]
    fn a_tokenizer_that_does_not_fit_is_refused() {
        let new = |json: &[u8], window, vocabulary| {
            TextReader::new(json, window, vocabulary, Head::Sequence, LongTexts::Truncate)
                .err()
                .map(|why| why.to_string())
        };
        assert!(new(b"{}", 40, 260).unwrap().contains("no tokenizer"));
        assert!(new(TOKENIZER, 40, 259).unwrap().contains("vocab_size 259"));
        assert!(new(TOKENIZER, 2, 260).unwrap().contains("special tokens"));
    }

    /// Found by fuzzing: the crate of the tokenizers expects a decoder to be JSON.
    #[test]
    fn a_tokenizer_over_which_its_crate_panics_is_refused() {
        let json = br#"{"version": "1.0", "added_tokens": [], "decoder": {"type": [}, "model": {}}"#;
        let refused = TextReader::new(json, 40, 260, Head::Sequence, LongTexts::Truncate).err().unwrap();
        assert_eq!(refused.to_string(), "it is no tokenizer: it fails without a reason");
    }
}
