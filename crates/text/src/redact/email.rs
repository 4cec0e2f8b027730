//! E-mail addresses: `name@host.tld`, also `name @ gmail.com` where the host is a well-known provider.

use std::ops::Range;

/// Bytes of a local part at most (RFC 5321); more are left unmasked.
const MAX_LOCAL: usize = 64;

/// Bytes of a domain at most (RFC 5321).
const MAX_DOMAIN: usize = 253;

/// Where `name @ host` is an address and not `sold @ a shop`.
const PROVIDERS: &str = "\
    163 aol att bellsouth btinternet charter comcast cox earthlink excite gmail gmx googlemail hotmail icloud juno \
    libero live mac mail mindspring msn optonline outlook proton protonmail qq rediffmail rocketmail sbcglobal terra \
    verizon wanadoo yahoo yandex ymail zoho";

/// The address around the `@` at byte `at`.
pub(super) fn find(text: &str, at: usize) -> Option<Range<usize>> {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let name = before.strip_suffix(' ').unwrap_or(before);
    let host = after.strip_prefix(' ').unwrap_or(after);
    let is_spaced = name.len() + host.len() < before.len() + after.len();
    let length = domain_length(host).filter(|_| !is_spaced || is_provider(host))?;
    let start = name.len() - local_length(name)?;
    Some(start..text.len() - host.len() + length)
}

fn local_length(before: &str) -> Option<usize> {
    let is_local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(MAX_LOCAL))..];
    let start = near.char_indices().rev().take_while(|&(_, c)| is_local(c)).last()?.0;
    let local = &near[start..];
    // A line break written as two characters, as in JSON and in the polarity data: its letter is no part of the name.
    let is_escaped = near[..start].ends_with('\\') && local.starts_with(['n', 'r', 't']);
    let local = local[usize::from(is_escaped)..].trim_start_matches(['.', '-']);
    (!local.is_empty()).then_some(local.len())
}

/// Length of the longest domain that `text` begins with: labels up to one that begins with two letters.
fn domain_length(text: &str) -> Option<usize> {
    let near = &text[..text.floor_char_boundary(MAX_DOMAIN)];
    let host = &near[..near.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-')).unwrap_or(near.len())];
    let (mut length, mut end) = (None, 0);
    for label in host.split('.') {
        let top_level = label.find(|c: char| !c.is_alphabetic()).unwrap_or(label.len());
        if end > 0 && label[..top_level].chars().nth(1).is_some() {
            length = Some(end + top_level);
        }
        if label.is_empty() || label.starts_with('-') {
            break;
        }
        end += label.len() + 1;
    }
    length
}

fn is_provider(host: &str) -> bool {
    let name = host.split('.').next().unwrap_or_default();
    PROVIDERS.split(' ').any(|provider| name.eq_ignore_ascii_case(provider))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        find(text, text.find('@').unwrap()).map(|span| &text[span])
    }

    #[test]
    fn an_address_is_found_whatever_stands_around_it() {
        assert_eq!(found("to bob.smith+x@mail.example.com."), Some("bob.smith+x@mail.example.com"));
        assert_eq!(found("<josé@bücher.de>"), Some("josé@bücher.de"));
        assert_eq!(found("failed. ann@fw-pubs.com\"LAME"), Some("ann@fw-pubs.com"));
        assert_eq!(found("me@gmail.com...thanks"), Some("me@gmail.com"));
        assert_eq!(found("Historian\\nherbar@comcast.net"), Some("herbar@comcast.net"));
        assert_eq!(found("me@mail.com-thanks or me@gmail.com5"), Some("me@mail.com"));
    }

    #[test]
    fn a_spaced_at_sign_needs_a_provider() {
        assert_eq!(found("write evan.f @ gmail.com please"), Some("evan.f @ gmail.com"));
        assert_eq!(found("bought it @ amazon.com"), None);
    }

    #[test]
    fn an_at_sign_that_is_no_address_is_left_alone() {
        for text in
            ["tod@s", "cr@ppy", "bought@14k...fast", "@Amazon.com", "a@b", "x@1.5", "Rs@500.50", "a@.com", "S@#T"]
        {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
