//! Tokens of cleaned text, equal to those of NLTK's `NLTKWordTokenizer`.
//!
//! Cleaned text holds word characters and single spaces only, so of NLTK's fifty rules just the white-space split and
//! the contractions without an apostrophe are left: `cannot`, `gimme`, `gonna`, `gotta`, `lemme`, `wanna`.

/// Where a token lies in the text it was cut from, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
}

impl Span {
    /// The token itself; `text` is the text that the span was made from.
    pub fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

/// Replaces `spans` by the tokens of `clean`, a text that [`crate::clean`] made.
pub fn tokenize_into(clean: &str, spans: &mut Vec<Span>) {
    spans.clear();
    let mut start = 0;
    for end in memchr::memchr_iter(b' ', clean.as_bytes()).chain([clean.len()]) {
        if end > start {
            push_word(clean, Span { start, end }, spans);
        }
        start = end + 1;
    }
}

fn push_word(clean: &str, word: Span, spans: &mut Vec<Span>) {
    let Some(parts) = split_contraction(word.of(clean)) else {
        spans.push(word);
        return;
    };
    let [head, tail] = parts.map(|offset| word.start + offset);
    if head > word.start {
        spans.push(Span { start: word.start, end: head });
    }
    spans.push(Span { start: head, end: tail });
    spans.push(Span { start: tail, end: word.end });
}

/// Where a contraction at the end of `word` starts and where it is cut.
fn split_contraction(word: &str) -> Option<[usize; 2]> {
    if word.len() == 5 || word.len() == 6 && word.is_ascii() {
        return cut_of(word).map(|cut| [0, cut]);
    }
    if word.is_ascii() {
        return None;
    }
    // Lower-casing `İ` leaves a combining dot, which is no word character to NLTK: a word starts after it.
    const DOT: char = '\u{307}';
    let start = word.rfind(DOT).map_or(0, |at| at + DOT.len_utf8());
    cut_of(&word[start..]).map(|cut| [start, start + cut])
}

fn cut_of(word: &str) -> Option<usize> {
    match word {
        "cannot" | "gimme" | "gonna" | "gotta" | "lemme" | "wanna" => Some(3),
        // Python's IGNORECASE takes the dotless i for an i.
        "gımme" => Some(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(clean: &str) -> Vec<&str> {
        let mut spans = Vec::new();
        tokenize_into(clean, &mut spans);
        spans.into_iter().map(|span| span.of(clean)).collect()
    }

    #[test]
    fn contractions_without_apostrophe_are_split_in_two() {
        assert_eq!(tokens("i cannot gimme gonna"), ["i", "can", "not", "gim", "me", "gon", "na"]);
        assert_eq!(tokens("cannotx xcannot wanna"), ["cannotx", "xcannot", "wan", "na"]);
    }

    #[test]
    fn a_contraction_starts_anew_after_a_combining_dot() {
        assert_eq!(tokens("i\u{307}cannot gımme"), ["i\u{307}", "can", "not", "gım", "me"]);
    }

    #[test]
    fn no_text_has_no_tokens() {
        assert!(tokens("").is_empty());
        assert_eq!(tokens("good"), ["good"]);
    }
}
