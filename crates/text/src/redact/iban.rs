//! International bank account numbers; the crate knows each country's length and format, and the check digits.

use std::ops::Range;

use arrayvec::ArrayString;
use iban::Iban;

use crate::redact::boundary::{Left, left};

/// Letters and digits at most (ISO 13616).
const MAX_IBAN: usize = 34;

/// Norway's, the shortest.
const MIN_IBAN: usize = 15;

/// The IBAN whose check digits begin at byte `at`: two letters before them, then digits and letters with single spaces or
/// hyphens between.
pub(super) fn find(text: &str, at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(2)?;
    let bytes = text.as_bytes();
    if !bytes[start..at].iter().all(u8::is_ascii_alphabetic) || left(&text[..start]) != Left::Free {
        return None;
    }
    let (mut compact, mut end) = (ArrayString::<MAX_IBAN>::new(), None);
    let mut rest = bytes[start..].iter().enumerate().peekable();
    while let Some((offset, &byte)) = rest.next() {
        let next = rest.peek().map_or(b' ', |&(_, &next)| next);
        match byte {
            b' ' | b'-' if next.is_ascii_alphanumeric() => continue,
            _ if byte.is_ascii_alphanumeric() => {}
            _ => break,
        }
        if compact.try_push(char::from(byte.to_ascii_uppercase())).is_err() {
            break;
        }
        let is_whole = compact.len() >= MIN_IBAN && !next.is_ascii_alphanumeric() && next.is_ascii();
        if is_whole && compact.parse::<Iban>().is_ok() {
            end = Some(start + offset + 1);
        }
    }
    end.map(|end| start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        find(text, text.find(|c: char| c.is_ascii_digit()).unwrap()).map(|span| &text[span])
    }

    #[test]
    fn ibans_are_found_compact_spaced_and_in_small_letters() {
        for iban in [
            "ES9121000418450200051332",
            "ES91 2100 0418 4502 0005 1332",
            "GB29 NWBK 6016 1331 9268 19",
            "NO9386011117947",
        ] {
            assert_eq!(found(&format!("to {iban}, please")), Some(iban));
            assert_eq!(found(&iban.to_lowercase()), Some(iban.to_lowercase().as_str()));
            assert_eq!(found(&format!("{iban} or so")), Some(iban));
        }
    }

    #[test]
    fn other_codes_are_not() {
        for text in [
            "ES9221000418450200051332",
            "ES91210004184502000513321",
            "XX91 2100 0418 4502 0005 1332",
            "ES91",
            "at91 is good",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
