//! URLs that carry credentials: `https://user:password@host/path`.

use std::net::Ipv6Addr;
use std::ops::Range;

use crate::unicode::is_space;

/// No user name and password is longer; looking further back would take quadratic time.
const MAX_USERINFO: usize = 256;

/// Bytes of an IPv6 address.
const MAX_IPV6: usize = 45;

/// No scheme is longer.
const MAX_SCHEME: usize = 16;

/// The URL whose user name or password ends at the `@` at byte `at`, or at a later one: a password may hold the sign.
pub(super) fn find(text: &str, at: usize) -> Option<Range<usize>> {
    let before = text[..at].chars().rev().take(MAX_USERINFO).take_while(|&c| is_authority(c) && c != '@');
    let authority = at - before.map(char::len_utf8).sum::<usize>();
    let scheme = text[..authority].strip_suffix("://").map(scheme_length).filter(|&length| length > 0)?;
    let (rest, path) = text[at..].split_at(text[at..].find(|c| !is_authority(c)).unwrap_or(text.len() - at));
    let has_host = rest.split('@').skip(1).any(|host| host.starts_with(char::is_alphanumeric))
        || (rest.ends_with('@') && begins_with_ipv6(path));
    (authority < at && has_host).then(|| authority - "://".len() - scheme..at + length(&text[at..]))
}

/// Length of the URL that `text` begins with: up to a space or a quote, without the punctuation of the sentence.
pub(super) fn length(text: &str) -> usize {
    let end = text.find(|c| is_space(c) || matches!(c, '<' | '>' | '"')).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']).len()
}

/// Brackets, which only an IPv6 host may hold, are left out: a mask ends here.
fn is_authority(c: char) -> bool {
    !is_space(c) && !matches!(c, '/' | '?' | '#' | '<' | '>' | '"' | '[' | ']')
}

/// Whether `text` begins with an IPv6 address in brackets.
fn begins_with_ipv6(text: &str) -> bool {
    let near = &text[..text.floor_char_boundary(MAX_IPV6 + "[]".len())];
    let address = near.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    address.is_some_and(|(address, _)| address.parse::<Ipv6Addr>().is_ok())
}

fn scheme_length(before: &str) -> usize {
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-');
    before.bytes().rev().take(MAX_SCHEME).take_while(is_scheme).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        find(text, text.find('@').unwrap()).map(|span| &text[span])
    }

    #[test]
    fn a_url_with_a_user_is_found_whole() {
        assert_eq!(found("see https://bob:s3cret@host.com/a?b=c."), Some("https://bob:s3cret@host.com/a?b=c"));
        assert_eq!(found("(ftp://bob@10.0.0.1)"), Some("ftp://bob@10.0.0.1"));
        assert_eq!(found("fast.http://u:p@h/"), Some("http://u:p@h/"));
        assert_eq!(found("postgres://u:p@ss@db:5432/x y"), Some("postgres://u:p@ss@db:5432/x"));
        assert_eq!(found("http://u:p@[2001:db8::1]/"), Some("http://u:p@[2001:db8::1]/"));
    }

    #[test]
    fn other_urls_are_not() {
        for text in
            ["https://medium.com/@bob/post", "http://x.com?mail=a@b.com", "http://@x", "http://bob:pw@", "a:b@c"]
        {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
