//! Whether a text was written for a browser.

use memchr::{memchr_iter, memchr2_iter};

/// Longest name of an entity that is looked at; HTML's longest has 31 letters, and those in use a few.
const MAX_ENTITY_BYTES: usize = 32;

/// Whether `text` holds an HTML tag (`<br />`, `</p>`, `<!-- -->`) or a closed entity (`&quot;`, `&#39;`). A lone `<3`
/// or `AT&T` is neither.
pub(crate) fn has_html(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Without any `>` there is no tag; looking for it once keeps this linear.
    let last_close = memchr::memrchr(b'>', bytes);
    memchr2_iter(b'<', b'&', bytes).any(|at| match bytes[at] {
        b'<' => last_close.is_some_and(|close| close > at) && is_tag(&bytes[at + 1..]),
        _ => is_entity(&bytes[at + 1..]),
    })
}

fn is_tag(rest: &[u8]) -> bool {
    let name = rest.strip_prefix(b"/").unwrap_or(rest);
    match name.first() {
        Some(b'!') => true,
        Some(first) => first.is_ascii_alphabetic(),
        None => false,
    }
}

fn is_entity(rest: &[u8]) -> bool {
    let near = &rest[..rest.len().min(MAX_ENTITY_BYTES)];
    let Some(end) = memchr_iter(b';', near).next() else { return false };
    match &near[..end] {
        [b'#', b'x' | b'X', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit),
        [b'#', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        [first, name @ ..] => first.is_ascii_alphabetic() && name.iter().all(u8::is_ascii_alphanumeric),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_entities_are_html() {
        for html in ["a<br />b", "</p>", "x<!-- y -->", "R&amp;D", "it&#39;s", "&#x27;", "3 < 4 and <b>bold</b>"] {
            assert!(has_html(html), "{html}");
        }
    }

    #[test]
    fn hearts_comparisons_and_company_names_are_not() {
        for plain in ["", "I <3 it", "AT&T", "a < b > c", "x <br", "Q&A; B", "&;", "&#;", "rock & roll;", "<"] {
            let wanted = plain == "Q&A; B";
            assert_eq!(has_html(plain), wanted, "{plain}");
        }
    }
}
