//! Telephone numbers: E.164 with its `+` or `00`, the national forms of Spain and North America, and any number that
//! the words before it call one.

use std::ops::Range;

use crate::redact::boundary::{Left, begins_with_word, ends_freely, ends_number, left};
use crate::redact::context::{Hint, hint};
use crate::redact::number::{Candidate, Number};

/// Digits of an international number with its country code (ITU-T E.164).
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 8..=15;

/// Digits of a number that is called one: from a local number on.
const CALLED: std::ops::RangeInclusive<usize> = 7..=15;

/// Digits of a number that is masked for its length alone.
const LONG: std::ops::RangeInclusive<usize> = 9..=15;

/// Different digits in a number without gaps; quantities such as 600000000 have fewer.
const MIN_DISTINCT: usize = 3;

/// The telephone number that begins at byte `start` with the groups of `number`, or with the `+` or `(` before them.
pub(super) fn find(text: &str, start: usize, number: &Number) -> Option<Range<usize>> {
    if number.num_digits() < *CALLED.start() {
        return None;
    }
    let opening = Opening::before(&text[..start]);
    let before = &text[..start - opening.length];
    let left = left(before);
    if left == Left::Bound {
        return None;
    }
    let hint = hint(before);
    let is_phone = |phone: &Candidate<'_>| {
        let after = &text[phone.end..];
        (opening.has_plus && is_international(phone) && ends_number(after))
            || (is_dialled_out(phone) && ends_freely(after))
            || (hint == Hint::Phone && is_called(phone) && ends_number(after))
            || (hint != Hint::Other && is_national(phone) && ends(phone, after))
    };
    let phone = number.candidates(text).find(is_phone)?;
    Some(opening.start(start, &phone)..phone.end)
}

/// The same, and any number with as many digits as a telephone number can have, whatever stands around it.
pub(super) fn find_any(text: &str, start: usize, number: &Number) -> Option<Range<usize>> {
    let opening = Opening::before(&text[..start]);
    let is_called_one = opening.has_plus || hint(&text[..start - opening.length]) == Hint::Phone;
    let is_phone = |phone: &Candidate<'_>| {
        LONG.contains(&phone.digits.len()) || matches!(phone.lengths, [3, 4]) || (is_called_one && is_called(phone))
    };
    let phone = number.candidates(text).find(is_phone)?;
    Some(opening.start(start, &phone)..phone.end)
}

/// The signs directly before the first digit.
struct Opening {
    has_plus: bool,
    has_parenthesis: bool,
    length: usize,
}

impl Opening {
    fn before(text: &str) -> Self {
        let signs = ["(+", "+(", "+", "("].into_iter().find(|signs| text.ends_with(signs)).unwrap_or_default();
        Self { has_plus: signs.contains('+'), has_parenthesis: signs.contains('('), length: signs.len() }
    }

    /// Where the number begins with its signs; a parenthesis that is not closed within it is none of them.
    fn start(&self, digits: usize, phone: &Candidate<'_>) -> usize {
        let count = |sign: char| phone.gaps().filter(|gap| gap.contains(sign)).count();
        let is_closed = count(')') > count('(');
        match (self.has_plus, self.has_parenthesis && is_closed) {
            (_, true) => digits - self.length,
            (true, false) => digits - 1,
            (false, false) => digits,
        }
    }
}

/// After a `+`: a country code and as many digits as its plan has.
fn is_international(phone: &Candidate<'_>) -> bool {
    has_country(phone.digits) && (phone.lengths.len() == 1 || phone.lengths.last() != Some(&1))
}

/// After `00`, which many codes of goods begin with too: Spain's, or with gaps.
fn is_dialled_out(phone: &Candidate<'_>) -> bool {
    let Some(number) = phone.digits.strip_prefix("00") else { return false };
    has_country(number) && (phone.lengths[0] > 1 && phone.lengths.len() > 1 || number.starts_with("34"))
}

fn has_country(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'1', national @ ..] => is_north_american(national),
        [b'3', b'4', national @ ..] => is_spanish(national),
        [b'2'..=b'9', ..] => INTERNATIONAL.contains(&digits.len()),
        _ => false,
    }
}

/// The national forms, grouped as people group them or in one piece.
fn is_national(phone: &Candidate<'_>) -> bool {
    let digits = phone.digits.as_bytes();
    match (phone.lengths, digits) {
        ([3, 3, 4] | [3, 7], _) => is_north_american(digits),
        ([1, 3, 3, 4] | [1, 3, 7], [b'1', national @ ..]) => is_north_american(national),
        ([3, 3, 3] | [3, 2, 2, 2] | [2, 3, 2, 2] | [2, 7] | [3, 6], _) => {
            is_spanish(digits) && !digits.ends_with(b"000")
        }
        ([2, 3, 3, 3] | [2, 3, 2, 2, 2] | [2, 2, 3, 2, 2] | [2, 9], [b'3', b'4', national @ ..]) => {
            is_spanish(national)
        }
        ([9], _) => is_spanish(digits) && is_varied(digits),
        ([10], _) => {
            (is_bare_north_american(digits) || is_indian(digits)) && is_varied(digits) && !is_spanish_isbn(digits)
        }
        ([11], [b'1', national @ ..]) => is_bare_north_american(national) && is_varied(national),
        ([11], [b'3', b'4', national @ ..]) => is_spanish(national) && is_varied(national),
        ([11], [b'0', national @ ..]) => is_indian(national) && is_varied(national),
        ([12], [b'9', b'1', national @ ..]) => is_indian(national) && is_varied(national),
        _ => false,
    }
}

/// A grouped number may run into anything; digits in one piece only into a word, or codes would be numbers.
fn ends(phone: &Candidate<'_>, after: &str) -> bool {
    if phone.lengths.len() > 1 { ends_number(after) } else { ends_freely(after) || begins_with_word(after) }
}

/// What was announced as a telephone number, unless it is a date or a span of years.
fn is_called(phone: &Candidate<'_>) -> bool {
    let is_date = matches!(phone.lengths, [1 | 2, 1 | 2, 4] | [4, 1 | 2, 1 | 2] | [4, 4]);
    CALLED.contains(&phone.digits.len()) && !is_date && phone.lengths.len() <= 6
}

/// The North American Numbering Plan: an area code that begins with neither 0 nor 1, and seven digits.
fn is_north_american(digits: &[u8]) -> bool {
    digits.len() == 10 && matches!(digits[0], b'2'..=b'9')
}

/// [`is_north_american`] where nothing but the digits says so: area codes are never N9X or N11, and the exchange code
/// follows the same rule.
fn is_bare_north_american(digits: &[u8]) -> bool {
    let is_code = |code: &[u8]| matches!(code[0], b'2'..=b'9') && code[1..] != *b"11";
    is_north_american(digits) && is_code(&digits[..3]) && digits[1] != b'9' && is_code(&digits[3..6])
}

/// Nine digits; 6 and 7 are mobile, 8 and 9 fixed.
fn is_spanish(digits: &[u8]) -> bool {
    digits.len() == 9 && matches!(digits[0], b'6'..=b'9')
}

/// Ten digits; mobile numbers begin with 6 to 9. Reviews of Indian shops are full of them.
fn is_indian(digits: &[u8]) -> bool {
    digits.len() == 10 && matches!(digits[0], b'6'..=b'9')
}

fn is_varied(digits: &[u8]) -> bool {
    (b'0'..=b'9').filter(|digit| digits.contains(digit)).count() >= MIN_DISTINCT
}

/// Ten digits that are a book from Spain: group 84 and the check digit of ISBN-10. Those of English books begin with 0
/// or 1, which no telephone number of ten digits does.
fn is_spanish_isbn(digits: &[u8]) -> bool {
    let sum: u32 = (1..=10).rev().zip(digits).map(|(weight, digit)| weight * u32::from(digit - b'0')).sum();
    digits.starts_with(b"84") && sum.is_multiple_of(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap();
        find(text, start, &Number::at(text, start)).map(|span| &text[span])
    }

    #[test]
    fn numbers_are_found_as_people_write_them() {
        for phone in [
            "+34 612 345 678",
            "+34612345678",
            "(+34) 912 34 56 78",
            "0034 612345678",
            "0034912345678",
            "612 345 678",
            "612345678",
            "612.34.56.78",
            "91 234 56 78",
            "912-345-678",
            "(91) 2345678",
            "34 612 345 678",
            "(555) 123-4567",
            "(555)123-4567",
            "555-123-4567",
            "555.123.4567",
            "555 123 4567",
            "1-800-201-7575",
            "1 (800) 201-7575",
            "18002017575",
            "5552345678",
            "+1-555-123-4567",
            "+1 (555) 123-4567",
            "001-555-123-4567",
            "+44 20 7946 0958",
            "+44.208.636.9200",
            "+4915123456789",
            "9711193815",
        ] {
            assert_eq!(found(phone), Some(phone));
            assert_eq!(found(&format!("or {phone}, thanks")), Some(phone));
            assert_eq!(found(&format!("it's {phone}.")), Some(phone));
        }
    }

    #[test]
    fn a_word_before_makes_a_number_of_another_form_one() {
        assert_eq!(found("call 555-0123 now"), Some("555-0123"));
        assert_eq!(found("Tel: 020 7946 0958"), Some("020 7946 0958"));
        assert_eq!(found("my mobile number is 8408043641"), Some("8408043641"));
        assert_eq!(found("Raj Mishra7383506358"), Some("7383506358"));
        assert_eq!(found("the issue.9718180091Satbir Singh"), Some("9718180091"));
        assert_eq!(found("at 1-888-344-5555instead"), Some("1-888-344-5555"));
        assert_eq!(found("(312-404-0267)"), Some("312-404-0267"));
        assert_eq!(found("(1 (312) 404-0267)"), Some("1 (312) 404-0267"));
        assert_eq!(found("((312) 404-0267)"), Some("(312) 404-0267"));
    }

    #[test]
    fn other_numbers_are_not() {
        for text in [
            "1940-1947",
            "24/01/2018",
            "2018-06-20 12:30",
            "1280/800",
            "$612345678",
            "612345678 €".trim_end_matches(" €").strip_suffix('8').unwrap(),
            "[[ASIN:8446357170 A]]",
            "ISBN 8446357170",
            "0446357170",
            "0-316-76948-7",
            "978-0618260584",
            "8408043641",
            "103-7071944-5595443",
            "192.168.1.245",
            "600000000",
            "1000000",
            "650.000.000",
            "order no. 612345678",
            "qid=9130712550",
            "show/9306853318",
            "UPC 742608460503",
            "4/5",
            "11999 8999 50",
            "961-00290",
            "B9711193815",
            "9711193815B",
            "9711193815mAh",
            "phone 8000 2018",
            "call 12/11/2018",
            "1 2 3 4 5 6 7 8 9 0",
            "612345678.50",
            "+1000000000",
            "555-0123",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn any_long_number_is_found_where_too_much_is_masked() {
        let found = |text: &str| find_any(text, 0, &Number::at(text, 0)).map(|span| span.len());
        assert_eq!(found("1234567890"), Some(10));
        assert_eq!(found("555-0123"), Some(8));
        assert_eq!(found("12345678"), None);
    }
}
