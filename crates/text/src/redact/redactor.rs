//! The search: addresses around each `@`, then numbers in what is left.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memchr_iter;
use tamiz_domain::PersonalData;

use crate::redact::number::Number;
use crate::redact::triggers::next_digit_or_colon;
use crate::redact::{card, email, iban, ip, masked, phone, url};

/// Masks the kinds of personal data that it was made for.
#[derive(Debug, Clone)]
pub struct Redactor {
    is_wanted: [bool; PersonalData::ALL.len()],
    any_long_number: bool,
}

/// Personal data in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: PersonalData,
    /// Its bytes.
    pub span: Range<usize>,
}

impl Redactor {
    /// Masks `kinds` and nothing else; without a kind, every text stays as it is.
    pub fn new(kinds: impl IntoIterator<Item = PersonalData>) -> Self {
        let mut is_wanted = [false; _];
        for kind in kinds {
            is_wanted[kind as usize] = true;
        }
        Self { is_wanted, any_long_number: false }
    }

    /// Takes every number of nine digits and more for a telephone number.
    pub(super) fn with_any_long_number(self) -> Self {
        Self { any_long_number: true, ..self }
    }

    /// `text` with what was found replaced by the mask of its kind (`[email]`, `[phone]`, …); borrowed when there is
    /// nothing to mask.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        masked(text, self.find(text).into_iter().map(|found| (found.span, found.kind.mask())))
    }

    /// [`redact`](Self::redact), adding how much of each kind was masked to `counts`.
    pub fn redact_counted<'t>(&self, text: &'t str, counts: &mut BTreeMap<PersonalData, u64>) -> Cow<'t, str> {
        let findings = self.find(text);
        for found in &findings {
            *counts.entry(found.kind).or_default() += 1;
        }
        masked(text, findings.into_iter().map(|found| (found.span, found.kind.mask())))
    }

    /// [`redact_counted`](Self::redact_counted) for the bytes of a record that may be no UTF-8. Every byte that is not
    /// masked stays as it is. Text in UTF-16 has to be decoded first.
    pub fn redact_bytes<'t>(&self, bytes: &'t [u8], counts: &mut BTreeMap<PersonalData, u64>) -> Cow<'t, [u8]> {
        if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
            return match self.redact_counted(text, counts) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            };
        }
        // Each byte as the character of its number: personal data is ASCII but for letters in e-mail addresses.
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        match self.redact_counted(&text, counts) {
            Cow::Borrowed(_) => Cow::Borrowed(bytes),
            Cow::Owned(text) => Cow::Owned(text.chars().map(|c| c as u8).collect()),
        }
    }

    /// What there is to mask in `text`, in order.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        self.find_addresses(text, &mut found);
        let addresses: Vec<_> = found.iter().map(|found| found.span.clone()).collect();
        let starts = std::iter::once(0).chain(addresses.iter().map(|span| span.end));
        let ends = addresses.iter().map(|span| span.start).chain([text.len()]);
        for (start, end) in starts.zip(ends) {
            self.find_numbers(text, start..end, &mut found);
        }
        found.sort_by_key(|found| found.span.start);
        found
    }

    fn wants(&self, kind: PersonalData) -> bool {
        self.is_wanted[kind as usize]
    }

    /// `found` as a finding, where its kind is wanted.
    fn seek(&self, kind: PersonalData, find: impl FnOnce() -> Option<Range<usize>>) -> Option<Finding> {
        self.wants(kind).then(find).flatten().map(|span| Finding { kind, span })
    }

    /// E-mail addresses, and URLs with credentials: whatever holds an `@`.
    fn find_addresses(&self, text: &str, found: &mut Vec<Finding>) {
        let mut from = 0;
        for at in memchr_iter(b'@', text.as_bytes()) {
            if at < from {
                continue;
            }
            let (segment, at) = (&text[from..], at - from);
            let address = self
                .seek(PersonalData::UrlCredentials, || url::find(segment, at))
                .or_else(|| self.seek(PersonalData::Email, || email::find(segment, at)));
            if let Some(Finding { kind, span }) = address {
                found.push(Finding { kind, span: from + span.start..from + span.end });
                from += span.end;
            }
        }
    }

    /// Whatever is made of digits, in one segment.
    fn find_numbers(&self, text: &str, segment: Range<usize>, found: &mut Vec<Finding>) {
        let Range { start: mut from, end } = segment;
        let mut at = from;
        while let Some(trigger) = next_digit_or_colon(&text.as_bytes()[..end], at) {
            match self.number_at(&text[from..end], trigger - from) {
                Some(Finding { kind, span }) => {
                    found.push(Finding { kind, span: from + span.start..from + span.end });
                    from += span.end;
                    at = from;
                }
                None => at = trigger + digits_length(&text[trigger..end]).max(1),
            }
        }
    }

    /// What begins at byte `at`, a colon or the first digit of a group.
    fn number_at(&self, segment: &str, at: usize) -> Option<Finding> {
        if segment.as_bytes()[at] == b':' {
            return self.seek(PersonalData::Ip, || ip::find_v6(segment, at));
        }
        if let Some(iban) = self.seek(PersonalData::Iban, || iban::find(segment, at)) {
            return Some(iban);
        }
        let number = Number::at(segment, at);
        None.or_else(|| self.seek(PersonalData::Ip, || ip::find_v4(segment, at)))
            .or_else(|| self.seek(PersonalData::Card, || card::find(segment, at, &number)))
            .or_else(|| self.seek(PersonalData::Phone, || self.find_phone(segment, at, &number)))
    }

    fn find_phone(&self, segment: &str, at: usize, number: &Number) -> Option<Range<usize>> {
        if self.any_long_number { phone::find_any(segment, at, number) } else { phone::find(segment, at, number) }
    }
}

fn digits_length(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
