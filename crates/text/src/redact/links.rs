//! Every URL and every @mention, credentials or not: only examples that people see are so strict.

use std::borrow::Cow;
use std::ops::Range;

use crate::redact::{masked, url};
use crate::unicode::is_word;

/// `text` with every URL replaced by `[url]`.
pub(super) fn mask_urls(text: &str) -> Cow<'_, str> {
    masked(
        text,
        spans(text, |c| matches!(c.to_ascii_lowercase(), 'h' | 'f' | 'w'), url_length).map(|span| (span, "[url]")),
    )
}

/// `text` with every @mention replaced by `[mention]`.
pub(super) fn mask_mentions(text: &str) -> Cow<'_, str> {
    masked(text, spans(text, |c| c == '@', |text, at| mention_length(&text[at..])).map(|span| (span, "[mention]")))
}

/// The spans that begin with a character of `is_first`, as long as `length` says.
fn spans<'t>(
    text: &'t str,
    is_first: impl Fn(char) -> bool + 't,
    length: impl Fn(&str, usize) -> Option<usize> + 't,
) -> impl Iterator<Item = Range<usize>> + 't {
    let mut end = 0;
    text.char_indices().filter_map(move |(at, c)| {
        if at < end || !is_first(c) {
            return None;
        }
        end = at + length(text, at)?;
        Some(at..end)
    })
}

fn url_length(text: &str, at: usize) -> Option<usize> {
    let (before, text) = text.split_at(at);
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let prefix = ["http://", "https://", "ftp://", "www."].into_iter().find(|prefix| starts(prefix))?;
    let is_sigh = prefix == "www." && before.ends_with(char::is_alphabetic); // awww.
    let length = url::length(text);
    (length > prefix.len() && !is_sigh).then_some(length)
}

fn mention_length(text: &str) -> Option<usize> {
    let name = text.strip_prefix('@')?;
    let length = name.find(|c| !is_word(c)).unwrap_or(name.len());
    (length > 0).then_some(1 + length)
}
