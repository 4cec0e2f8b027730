//! Payment card numbers: an issuer's prefix and length, usual grouping, and the check digit.

use std::ops::Range;

use crate::redact::boundary::{Left, ends_freely, left};
use crate::redact::number::{Candidate, Number};

/// The card number that begins at byte `start` with the groups of `number`.
pub(super) fn find(text: &str, start: usize, number: &Number) -> Option<Range<usize>> {
    let is_card = |card: &Candidate<'_>| has_issuer(card.digits) && is_grouped(card) && has_check_digit(card.digits);
    let card = number.candidates(text).find(is_card)?;
    let is_phone = text[..start].ends_with('+');
    let is_free = left(&text[..start]) != Left::Bound && ends_freely(&text[card.end..]);
    (is_free && !is_phone).then_some(start..card.end)
}

/// Whether an issuer gives numbers with this prefix and length (ISO/IEC 7812; the networks' published ranges).
fn has_issuer(digits: &str) -> bool {
    let prefix = |length: usize| digits.get(..length).and_then(|head| head.parse::<u32>().ok()).unwrap_or(0);
    let (two, three, four) = (prefix(2), prefix(3), prefix(4));
    match digits.len() {
        // Visa's old length is also that of a bar code, whose check digit differs.
        13 => digits.starts_with('4') && !is_bar_code(digits),
        14 => matches!(three, 300..=305 | 309) || matches!(two, 36 | 38 | 39), // Diners Club
        15 => matches!(two, 34 | 37),                                          // American Express
        16 => {
            digits.starts_with('4') // Visa
                || matches!(two, 51..=55 | 62 | 65) // Mastercard, UnionPay, Discover
                || matches!(three, 644..=649) // Discover
                || matches!(four, 2221..=2720 | 3528..=3589 | 6011) // Mastercard, JCB, Discover
                || is_maestro(four)
        }
        17 | 18 => two == 62 || is_maestro(four),
        19 => digits.starts_with('4') || matches!(two, 62 | 65) || is_maestro(four),
        _ => false,
    }
}

fn is_maestro(four: u32) -> bool {
    matches!(four, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763)
}

/// In one piece, in fours, or as American Express and Diners Club print theirs; one sign between all groups.
fn is_grouped(card: &Candidate<'_>) -> bool {
    let is_usual = matches!(card.lengths, [_] | [4, 4, 4, 4] | [4, 4, 4, 4, 1..=3] | [4, 4, 4, 1] | [4, 6, 4..=5]);
    let mut gaps = card.gaps();
    let first = gaps.next().unwrap_or(" ");
    is_usual && matches!(first, " " | "-" | "\u{a0}") && gaps.all(|gap| gap == first)
}

/// The Luhn sum (ISO/IEC 7812-1).
fn has_check_digit(digits: &str) -> bool {
    let doubled = |digit: u32| if digit < 5 { 2 * digit } else { 2 * digit - 9 };
    let digits = digits.bytes().rev().map(|byte| u32::from(byte - b'0')).enumerate();
    digits.map(|(place, digit)| if place % 2 == 1 { doubled(digit) } else { digit }).sum::<u32>() % 10 == 0
}

/// Whether 13 digits are an EAN: every second one counts three times.
fn is_bar_code(digits: &str) -> bool {
    let digits = digits.bytes().map(|byte| u32::from(byte - b'0')).enumerate();
    digits.map(|(place, digit)| if place % 2 == 1 { 3 * digit } else { digit }).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap();
        find(text, start, &Number::at(text, start)).map(|span| &text[span])
    }

    #[test]
    fn the_networks_test_numbers_are_found_in_every_usual_form() {
        for card in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "5555-5555-5555-4444",
            "2223003122003222",
            "378282246310005",
            "3782 822463 10005",
            "30569309025904",
            "3056 930902 5904",
            "6011111111111117",
            "3530111333300000",
            "6200000000000005",
        ] {
            assert_eq!(found(&format!("card {card}.")), Some(card));
            assert_eq!(found(&format!("{card} 12/26")), Some(card));
        }
    }

    #[test]
    fn other_long_numbers_are_not() {
        for text in [
            "4111111111111112",        // check digit
            "9111111111111111",        // nobody's prefix
            "4111 11111111 1111",      // grouping
            "4111-1111 1111-1111",     // mixed signs
            "4006381333931",           // EAN-13
            "B4111111111111111",       // code
            "id=4111111111111111",     // parameter
            "41111111111111111111111", // longer
            "4111111111111111.5",      // decimal
            "+378282246310005",        // telephone number
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
