//! Masking for the few example texts that are shown to people.
//!
//! Leans towards masking too much: an order number of ten digits is taken for a telephone number.

use std::borrow::Cow;

use crate::unicode::{is_space, is_word};

/// Telephone numbers have this many digits (ITU-T E.164 allows 15; shorter ones are years, sizes and prices).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

/// A local number such as `555-0123` has seven digits, and a separator after the third.
const LOCAL_PHONE_DIGITS: usize = 7;

/// No e-mail address is longer (RFC 5321), and no telephone number; looking further would take quadratic time.
const MAX_BYTES: usize = 254;

/// `text` with e-mail addresses, telephone numbers, URLs and @mentions replaced by `[email]`, `[phone]`, `[url]` and
/// `[mention]`; borrowed when there is none.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        if let Some((length, mask)) = sensitive_at(text, at) {
            out.push_str(&text[kept..at]);
            out.push_str(mask);
            (kept, at) = (at + length, at + length);
        } else if is_word(c) {
            at += text[at..].find(|c| !is_word(c)).unwrap_or(text.len() - at);
        } else {
            at += c.len_utf8();
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// `text` cut to at most `max_chars` characters, at a space where one is near, with `…` as its last character if cut.
pub fn shorten(text: &str, max_chars: usize) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(max_chars) else { return Cow::Borrowed(text) };
    let Some((last, _)) = text[..end].char_indices().next_back() else { return Cow::Borrowed("") };
    let head = &text[..last];
    let at_word = head.rfind(is_space).filter(|&space| space >= head.len() / 2).unwrap_or(head.len());
    Cow::Owned(format!("{}…", head[..at_word].trim_end()))
}

/// Length and mask of what has to be hidden at byte `at`, where a word or a sign begins.
fn sensitive_at(text: &str, at: usize) -> Option<(usize, &'static str)> {
    let rest = &text[at..];
    let near = &rest[..rest.floor_char_boundary(MAX_BYTES)];
    None.or_else(|| Some((url_length(rest)?, "[url]")))
        .or_else(|| Some((email_length(near)?, "[email]")))
        .or_else(|| Some((mention_length(rest)?, "[mention]")))
        .or_else(|| Some((phone_length(near)?, "[phone]")))
}

fn url_length(text: &str) -> Option<usize> {
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let prefix = ["http://", "https://", "ftp://", "www."].into_iter().find(|prefix| starts(prefix))?;
    let end = text.find(|c| is_space(c) || matches!(c, '<' | '>' | '"')).unwrap_or(text.len());
    let url = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
    (url.len() > prefix.len()).then_some(url.len())
}

fn email_length(text: &str) -> Option<usize> {
    let is_local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let name = text.find(|c| !is_local(c)).filter(|&end| end > 0)?;
    let domain = text[name..].strip_prefix('@')?;
    let is_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let end = domain.find(|c| !is_host(c)).unwrap_or(domain.len());
    let domain = domain[..end].trim_end_matches(['.', '-']);
    domain.contains('.').then_some(name + 1 + domain.len())
}

fn mention_length(text: &str) -> Option<usize> {
    let name = text.strip_prefix('@')?;
    let length = name.find(|c| !is_word(c)).unwrap_or(name.len());
    (length > 0).then_some(1 + length)
}

fn phone_length(text: &str) -> Option<usize> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '(')) {
        return None;
    }
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | '/' | ' ' | '\u{a0}');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let number = text[..end].trim_end_matches(|c: char| !c.is_ascii_digit());
    let num_digits = number.bytes().filter(u8::is_ascii_digit).count();
    let is_local = || num_digits == LOCAL_PHONE_DIGITS && matches!(number.as_bytes()[3], b'-' | b'.' | b' ');
    (PHONE_DIGITS.contains(&num_digits) || is_local()).then_some(number.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_to_a_person_is_masked() {
        assert_eq!(redact("Mail bob.smith+x@mail.example.com."), "Mail [email].");
        assert_eq!(redact("(see https://x.y/z?q=1), or WWW.a.b!"), "(see [url]), or [url]!");
        assert_eq!(
            redact("thanks @bob_1, call +34 612 345 678 or (555) 123-4567"),
            "thanks [mention], call [phone] or [phone]"
        );
        assert_eq!(redact("ring 555-0123 now"), "ring [phone] now");
    }

    #[test]
    fn ordinary_text_is_borrowed() {
        for text in ["", "5 stars, 10/10, 1999 to 2003!", "a @ b", "12.99 or 1,299.00", "ñandú 😁"] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn shortening_keeps_whole_words_and_the_limit() {
        assert_eq!(shorten("a short text", 12), "a short text");
        assert_eq!(shorten("a somewhat longer text", 14), "a somewhat…");
        assert_eq!(shorten("ññññññññ", 4), "ñññ…");
        assert_eq!(shorten("abc", 0), "");
    }
}
