//! Cutting long examples.

use std::borrow::Cow;

use crate::unicode::is_space;

/// `text` cut to at most `max_chars` characters, at a space where one is near, with `…` as its last character if cut.
pub fn shorten(text: &str, max_chars: usize) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(max_chars) else { return Cow::Borrowed(text) };
    let Some((last, _)) = text[..end].char_indices().next_back() else { return Cow::Borrowed("") };
    let head = &text[..last];
    let at_word = head.rfind(is_space).filter(|&space| space >= head.len() / 2).unwrap_or(head.len());
    Cow::Owned(format!("{}…", head[..at_word].trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortening_keeps_whole_words_and_the_limit() {
        assert_eq!(shorten("a short text", 12), "a short text");
        assert_eq!(shorten("a somewhat longer text", 14), "a somewhat…");
        assert_eq!(shorten("ññññññññ", 4), "ñññ…");
        assert_eq!(shorten("abc", 0), "");
    }
}
