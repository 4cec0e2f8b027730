//! What may stand directly before and after a number.

/// What stands before a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing that belongs to it.
    Free,
    /// A word without a space between, as where a line break was lost: `Raj Mishra7383506358`.
    Word,
    /// Something that makes it a part of something else: a path, a price, a longer number, a code.
    Bound,
}

/// Letters directly beside a number that make a word; fewer are a code or a unit.
const WORD_LETTERS: usize = 4;

/// What stands before a number, as the end of `before` tells.
pub(super) fn left(before: &str) -> Left {
    if before.ends_with(r"\n") || before.ends_with(r"\r") || before.ends_with(r"\t") {
        return Left::Free; // a line break written as two characters
    }
    let mut chars = before.chars().rev();
    let (Some(last), previous) = (chars.next(), chars.next()) else { return Left::Free };
    let is_bound = match last {
        c if c.is_alphabetic() => return word(before),
        c if c.is_numeric() => true,
        '_' | '=' | '&' | '#' | '%' | '@' | '$' | '€' | '£' | '₹' | '\\' => true,
        '/' => previous.is_some_and(|c| c != '/' && c != ']' && !c.is_whitespace()),
        '-' => previous.is_some_and(char::is_alphanumeric),
        ':' => previous.is_some_and(char::is_numeric) || is_group(before),
        '.' | ',' => previous.is_some_and(char::is_numeric),
        _ => false,
    };
    if is_bound { Left::Bound } else { Left::Free }
}

/// Whether `before` ends with a group of an IPv6 address and its colon: `:8a2e:`, or `::`.
fn is_group(before: &str) -> bool {
    before[..before.len() - 1].trim_end_matches(|c: char| c.is_ascii_hexdigit()).ends_with(':')
}

/// Letters that are all hexadecimal digits are no word: `::beef1234`.
fn word(before: &str) -> Left {
    let letters = before.chars().rev().take(WORD_LETTERS).filter(|c| c.is_alphabetic());
    let is_code = letters.clone().all(|c| c.is_ascii_hexdigit());
    if letters.count() == WORD_LETTERS && !is_code { Left::Word } else { Left::Bound }
}

/// Whether what follows a number leaves it whole: no letter, no further digits, no unit.
pub(super) fn ends_freely(after: &str) -> bool {
    !after.starts_with(char::is_alphabetic) && ends_number(after)
}

/// [`ends_freely`], but letters may follow: an extension, or the next word where a line break was lost.
pub(super) fn ends_number(after: &str) -> bool {
    let mut chars = after.chars();
    match (chars.next(), chars.next()) {
        (Some('_' | '%' | '€' | '$' | '£' | '₹'), _) => false,
        (Some('.' | '-'), Some(next)) => !next.is_numeric(),
        (Some(c), _) => !c.is_numeric(),
        (None, _) => true,
    }
}

/// Whether a word that begins a sentence or a name follows without a space, as where a line break was lost.
pub(super) fn begins_with_word(after: &str) -> bool {
    let letters = after.chars().take(WORD_LETTERS).enumerate();
    letters.filter(|&(place, c)| if place == 0 { c.is_uppercase() } else { c.is_lowercase() }).count() == WORD_LETTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_prices_codes_and_longer_numbers_bind() {
        for before in ["B", "x/", "qid=", "$", "12.", "3-", "SG-", "10:", "::", "ref_", "#", "serial1"] {
            assert_eq!(left(before), Left::Bound, "{before}");
        }
        for before in ["", "call ", "(", "[phone]", "[phone]/", "tel:", "http://", "issues.", "...", "me\\n", "1, "] {
            assert_eq!(left(before), Left::Free, "{before}");
        }
        assert_eq!(left("Raj Mishra"), Left::Word);
    }

    #[test]
    fn a_number_ends_before_a_space_a_bracket_and_the_end_of_a_sentence() {
        assert!(["", " 5", ".", ". 5", ")", "[email]", "/7", ", 8"].into_iter().all(ends_freely));
        assert!([".5", "-1", "%", "€", "x", "٣"].into_iter().all(|after| !ends_freely(after)));
        assert!(begins_with_word("Satbir") && !begins_with_word("mAh") && !begins_with_word("GHz "));
        assert!(ends_number("x123") && ends_number("Thanks"));
    }
}
