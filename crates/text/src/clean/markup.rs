//! URLs, mentions, tags and entities: the four steps that need to see more than one character.
//!
//! Each step appends what is left of `text` to `out`, in time linear in the text, whatever it holds.

use memchr::{memchr, memchr2};

use crate::unicode::{is_space, is_word};

/// `https?://\S+|www\.\S+`
pub(super) fn remove_urls(text: &str, out: &mut String) {
    let (mut kept, mut at) = (0, 0);
    while let Some(offset) = memchr2(b'h', b'w', &text.as_bytes()[at..]) {
        let start = at + offset;
        at = start + 1;
        if let Some(length) = url_length(&text[start..]) {
            out.push_str(&text[kept..start]);
            (kept, at) = (start + length, start + length);
        }
    }
    out.push_str(&text[kept..]);
}

fn url_length(text: &str) -> Option<usize> {
    let prefix = ["http://", "https://", "www."].into_iter().find(|prefix| text.starts_with(prefix))?;
    let rest = &text[prefix.len()..];
    let length = rest.find(is_space).unwrap_or(rest.len());
    (length > 0).then_some(prefix.len() + length)
}

/// `@\w+`
pub(super) fn remove_mentions(text: &str, out: &mut String) {
    let (mut kept, mut at) = (0, 0);
    while let Some(offset) = memchr(b'@', &text.as_bytes()[at..]) {
        let start = at + offset;
        let name = &text[start + 1..];
        let length = name.find(|c| !is_word(c)).unwrap_or(name.len());
        at = start + 1 + length;
        if length > 0 {
            out.push_str(&text[kept..start]);
            kept = at;
        }
    }
    out.push_str(&text[kept..]);
}

/// `<.*?>`, where the dot stands for anything but a line feed.
pub(super) fn remove_tags(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let (mut kept, mut at) = (0, 0);
    while let Some(offset) = memchr(b'<', &bytes[at..]) {
        let start = at + offset;
        // No `>` ahead: no later `<` is closed either, and looking on for each would take quadratic time.
        let Some(length) = memchr2(b'>', b'\n', &bytes[start..]) else { break };
        at = start + length + 1;
        if bytes[start + length] == b'>' {
            out.push_str(&text[kept..start]);
            kept = at;
        }
    }
    out.push_str(&text[kept..]);
}

/// Python's `html.unescape`.
pub(super) fn unescape(text: &str, out: &mut String) {
    let mut kept = 0;
    while let Some(offset) = memchr(b'&', &text.as_bytes()[kept..]) {
        let start = kept + offset;
        out.push_str(&text[kept..start]);
        let reference = reference_at(&text[start..]);
        if !is_dropped(reference) {
            out.push_str(&htmlize::unescape(reference));
        }
        kept = start + reference.len();
    }
    out.push_str(&text[kept..]);
}

/// The character reference that `text` starts with, as Python delimits it; at least the ampersand.
fn reference_at(text: &str) -> &str {
    let after = &text[1..];
    let body = if let Some(hex) = after.strip_prefix("#x").or_else(|| after.strip_prefix("#X")) {
        2 + hex.bytes().take_while(u8::is_ascii_hexdigit).count()
    } else if let Some(decimal) = after.strip_prefix('#') {
        1 + decimal.bytes().take_while(u8::is_ascii_digit).count()
    } else {
        let ends = |c: char| matches!(c, '\t' | '\n' | '\x0c' | ' ' | '<' | '&' | '#' | ';');
        after.chars().take(32).take_while(|&c| !ends(c)).map(char::len_utf8).sum()
    };
    let end = 1 + body;
    &text[..end + usize::from(text[end..].starts_with(';'))]
}

/// Whether Python turns a numeric reference into nothing where HTML keeps a control character that counts as space.
fn is_dropped(reference: &str) -> bool {
    let digits = reference.trim_end_matches(';');
    let number = if let Some(hex) = digits.strip_prefix("&#x").or_else(|| digits.strip_prefix("&#X")) {
        u32::from_str_radix(hex, 16)
    } else if let Some(decimal) = digits.strip_prefix("&#") {
        decimal.parse()
    } else {
        return false;
    };
    matches!(number, Ok(0x0b | 0x1c..=0x1f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(step: fn(&str, &mut String), text: &str) -> String {
        let mut out = String::new();
        step(text, &mut out);
        out
    }

    #[test]
    fn urls_reach_to_the_next_space() {
        assert_eq!(apply(remove_urls, "see http://a.b/c, or https://d www.e.f\u{a0}end"), "see  or  \u{a0}end");
        assert_eq!(apply(remove_urls, "http:// www. xwww.y HTTP://z"), "http:// www. x HTTP://z");
        assert_eq!(apply(remove_urls, "hhttp://x"), "h");
    }

    #[test]
    fn mentions_are_word_characters_after_an_at_sign() {
        assert_eq!(apply(remove_mentions, "@bob_1: a@b.c @ @@ñu!"), ": a.c @ @!");
    }

    #[test]
    fn tags_close_on_their_line() {
        assert_eq!(apply(remove_tags, "a<br />b<>c < d\n> <i\r>e"), "abc < d\n> e");
    }

    #[test]
    fn a_megabyte_of_open_tags_takes_no_time() {
        let text = "<".repeat(1 << 20);
        assert_eq!(apply(remove_tags, &text), text);
        let lines = "<\n".repeat(1 << 19);
        assert_eq!(apply(remove_tags, &lines), lines);
    }

    #[test]
    fn entities_are_decoded_as_python_does() {
        assert_eq!(
            apply(unescape, "a &amp; b &eacute; &#233; &#xe9 &notit; &bogus; & &"),
            "a & b é é é ¬it; &bogus; & &"
        );
        assert_eq!(apply(unescape, "&#150;&#x1f;&#11;x&#;&#x;"), "–x&#;&#x;");
        assert_eq!(apply(unescape, "&amp;lt;"), "&lt;");
    }
}
