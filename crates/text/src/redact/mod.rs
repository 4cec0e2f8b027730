//! Masking of personal data: e-mail addresses, telephone numbers, payment cards, IBANs, IP addresses and URLs with
//! credentials.
//!
//! [`Redactor`] masks what has the exact form of such a thing and is not named as something else; the cleaning runs it
//! over every review before anything is written. [`redact`] leans towards masking too much, for the few examples that
//! are shown to people. Both take time in proportion to the text, whatever the text.
//!
//! Redacting what a [`Redactor`] has redacted changes nothing: a detector sees a *segment*, the text between two things
//! that were found, and treats the segment's ends and the brackets of a mask alike.

mod boundary;
mod card;
mod context;
mod email;
mod iban;
mod ip;
mod links;
mod number;
mod phone;
mod redactor;
mod shorten;
mod triggers;
mod url;

use std::borrow::Cow;
use std::sync::LazyLock;

use tamiz_domain::PersonalData;

pub use redactor::{Finding, Redactor};
pub use shorten::shorten;

static ADDRESSES: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::new([PersonalData::Email, PersonalData::UrlCredentials]));

static ANY_LONG_NUMBER: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(PersonalData::ALL).with_any_long_number());

/// `text` for a person's eyes: every kind of personal data, every URL, every @mention and every number of nine digits
/// and more masked; borrowed when there is none.
pub fn redact(text: &str) -> Cow<'_, str> {
    let masked = links::mask_urls(text);
    let masked = and_then(masked, |text| ADDRESSES.redact(text));
    let masked = and_then(masked, links::mask_mentions);
    and_then(masked, |text| ANY_LONG_NUMBER.redact(text))
}

/// Applies `step`, and borrows for as long as every step does.
fn and_then<'t>(text: Cow<'t, str>, step: impl for<'a> Fn(&'a str) -> Cow<'a, str>) -> Cow<'t, str> {
    match text {
        Cow::Borrowed(text) => step(text),
        Cow::Owned(text) => Cow::Owned(step(&text).into_owned()),
    }
}

/// `text` with each span replaced by its mask. The spans are in order and do not overlap.
fn masked<'t>(text: &'t str, spans: impl IntoIterator<Item = (std::ops::Range<usize>, &'static str)>) -> Cow<'t, str> {
    let (mut out, mut kept) = (String::new(), 0);
    for (span, mask) in spans {
        out.push_str(&text[kept..span.start]);
        out.push_str(mask);
        kept = span.end;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_to_a_person_is_masked() {
        assert_eq!(redact("Mail bob.smith+x@mail.example.com."), "Mail [email].");
        assert_eq!(redact("(see https://x.y/z?q=1), or WWW.a.bc!"), "(see [url]), or [url]!");
        assert_eq!(
            redact("thanks @bob_1, call +34 612 345 678 or (555) 123-4567"),
            "thanks [mention], call [phone] or [phone]"
        );
        assert_eq!(redact("ring 555-0123 now"), "ring [phone] now");
        assert_eq!(redact("order 1234567890"), "order [phone]");
    }

    #[test]
    fn ordinary_text_is_borrowed() {
        for text in ["", "5 stars, 10/10, 1999 to 2003!", "a @ b", "12.99 or 1,299.00", "ñandú 😁"] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
