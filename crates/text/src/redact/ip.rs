//! IPv4 and IPv6 addresses.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::redact::boundary::{Left, ends_freely, left};
use crate::redact::context::follows_version;

/// Bytes of `255.255.255.255`.
const MAX_IPV4: usize = 15;

/// Bytes of eight groups of four hexadecimal digits with colons between.
const MAX_IPV6: usize = 39;

/// Hexadecimal digits in a group of an IPv6 address at most.
const GROUP: usize = 4;

/// The IPv4 address that begins at byte `at`.
///
/// Four small numbers are a version (`4.4.2.1`), and so is what is named as one.
pub(super) fn find_v4(text: &str, at: usize) -> Option<Range<usize>> {
    let token = v4_at(&text[at..]);
    let address: Ipv4Addr = token.parse().ok()?;
    let end = at + token.len();
    let is_version = || address.octets().iter().all(|&octet| octet < 10) || follows_version(&text[..at]);
    (left(&text[..at]) == Left::Free && ends_freely(&text[end..]) && !is_version()).then_some(at..end)
}

/// The IPv6 address whose first colon is at byte `colon`.
///
/// The unspecified and the loopback address (`::`, `::1`) point to nobody, and a few letters around `::` are code.
pub(super) fn find_v6(text: &str, colon: usize) -> Option<Range<usize>> {
    let is_digit = |byte: &&u8| byte.is_ascii_hexdigit();
    let start = colon - text.as_bytes()[..colon].iter().rev().take(GROUP).take_while(is_digit).count();
    let plain = run(&text[start..], MAX_IPV6, |byte| byte.is_ascii_hexdigit() || byte == b':');
    let plain = if plain.ends_with("::") { plain } else { plain.trim_end_matches(':') };
    let length = embedding_v4(text, start, plain).or_else(|| is_v6(plain).then_some(plain.len()))?;
    let span = start..start + length;
    let num_digits = text.as_bytes()[span.clone()].iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    let is_free = left(&text[..start]) == Left::Free && !text[span.end..].starts_with(char::is_alphanumeric);
    (is_free && num_digits >= GROUP).then_some(span)
}

/// Length of the address at byte `start` when its last four bytes are written as an IPv4 address: `::ffff:192.168.1.1`.
fn embedding_v4(text: &str, start: usize, plain: &str) -> Option<usize> {
    let v4 = start + plain.rfind(':')? + 1;
    let end = v4 + v4_at(&text[v4..]).len();
    (text[v4..end].contains('.') && is_v6(&text[start..end])).then_some(end - start)
}

fn is_v6(text: &str) -> bool {
    text.parse().is_ok_and(|address: Ipv6Addr| !address.is_loopback())
}

/// The digits and single full stops that `text` begins with, without the one that ends a sentence.
fn v4_at(text: &str) -> &str {
    let token = run(text, MAX_IPV4, |byte| byte.is_ascii_digit() || byte == b'.');
    token.split("..").next().unwrap_or_default().trim_end_matches('.')
}

/// The bytes of `is_part` that `text` begins with, one more than `max` at most: for a full stop, or to see it is too long.
fn run(text: &str, max: usize, is_part: impl Fn(u8) -> bool) -> &str {
    &text[..text.bytes().take(max + 1).take_while(|&byte| is_part(byte)).count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Option<&str> {
        find_v4(text, text.find(|c: char| c.is_ascii_digit()).unwrap()).map(|span| &text[span])
    }

    fn v6(text: &str) -> Option<&str> {
        find_v6(text, text.find(':').unwrap()).map(|span| &text[span])
    }

    #[test]
    fn addresses_are_found() {
        assert_eq!(v4("type 192.168.1.240."), Some("192.168.1.240"));
        assert_eq!(v4("http://212.58.226.30/1/hi"), Some("212.58.226.30"));
        assert_eq!(v4("10.0.0.1:8080"), Some("10.0.0.1"));
        assert_eq!(v6("from 2001:db8::8a2e:370:7334, today"), Some("2001:db8::8a2e:370:7334"));
        assert_eq!(v6("2001:db8::8a2e:370:7334: it"), Some("2001:db8::8a2e:370:7334"));
        assert_eq!(v6("[fe80::1ff:fe23:4567:890a]"), Some("fe80::1ff:fe23:4567:890a"));
        assert_eq!(v6("::ffff:192.168.1.1."), Some("::ffff:192.168.1.1"));
    }

    #[test]
    fn versions_times_and_code_are_not() {
        for text in
            ["4.4.2.1", "firmware 1.0.14.2", "v10.0.0.1", "Android version: 10.1.2.3", "1.2.3.400", "10.0.0.1.5"]
        {
            assert_eq!(v4(text), None, "{text}");
        }
        for text in ["10:30:15", "std::vec", "a::b", "::1", "x :: y", "de:ad"] {
            assert_eq!(v6(text), None, "{text}");
        }
    }
}
