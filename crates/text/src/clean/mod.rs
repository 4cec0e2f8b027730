//! Cleaning: no URLs, mentions, HTML and punctuation; single spaces; lower case.
//!
//! Equals, character for character, the Python reference under Python 3.11:
//!
//! ```python
//! text = html.unescape(re.sub(r"<.*?>", "", re.sub(r"@\w+", "", re.sub(r"https?://\S+|www\.\S+", "", text))))
//! re.sub(r"\s+", " ", re.sub(r"[^\w\s]", "", text)).strip().lower()
//! ```

pub(crate) mod fold;
mod markup;

use memchr::{memchr, memchr3, memmem};

/// Replaces `out` by the cleaned `text`.
///
/// [`Analyzer`](crate::Analyzer) finds the same text faster: it remembers words from text to text.
pub fn clean_into(text: &str, out: &mut String) {
    out.clear();
    let mut folded = Vec::new();
    match has_markup(text) {
        true => fold::fold_onto(&strip_markup(text), &mut folded, out),
        false => fold::fold_onto(text, &mut folded, out),
    }
}

/// `text` without URLs, mentions, tags and entities. The order is part of the contract: taking one kind out can make
/// another.
pub(crate) fn strip_markup(text: &str) -> String {
    let steps = [markup::remove_urls, markup::remove_mentions, markup::remove_tags, markup::unescape];
    steps.into_iter().fold(text.to_owned(), |before, step| {
        let mut after = String::with_capacity(before.len());
        step(&before, &mut after);
        after
    })
}

/// Whether [`strip_markup`] may find something. What it looks for lies in one word or begins in one, so that a text has
/// markup if one of its words has.
pub(crate) fn has_markup(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr3(b'<', b'@', b'&', bytes).is_some()
        || memchr(b':', bytes).is_some() && memmem::find(bytes, b"://").is_some()
        || memmem::find(bytes, b"www.").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        let mut out = String::from("left over");
        clean_into(text, &mut out);
        out
    }

    #[test]
    fn everything_but_words_goes() {
        assert_eq!(clean("  <b>Great</b>, @bob! See https://x.y/z?a=1 &amp; WWW\u{a0}end  "), "great see www end");
    }

    #[test]
    fn what_one_step_leaves_the_next_one_sees() {
        assert_eq!(clean("&lt;b&gt;"), "b", "entities are decoded after tags are taken out");
        assert_eq!(clean("<www.a.b >x"), "x", "a URL inside a tag goes first");
        assert_eq!(clean("ab<i>c</i>d"), "abcd", "tags leave no space");
    }
}
