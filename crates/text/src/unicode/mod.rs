//! Characters as Python 3.11 sees them: the reference that cleaning and sentiment are held to.

mod tables;

/// A bit for each code point of the Basic Multilingual Plane: one load instead of a search for nearly all real text.
static WORD_IN_BMP: [u64; 1024] = bits_of(tables::WORD);

const fn bits_of(ranges: &[(u32, u32)]) -> [u64; 1024] {
    let mut bits = [0; 1024];
    let mut i = 0;
    while i < ranges.len() {
        let (mut point, last) = ranges[i];
        while point <= last && point < 0x1_0000 {
            bits[(point >> 6) as usize] |= 1 << (point & 63);
            point += 1;
        }
        i += 1;
    }
    bits
}

/// Whether Python's `\w` matches `c`.
pub(crate) fn is_word(c: char) -> bool {
    let point = c as u32;
    match WORD_IN_BMP.get((point >> 6) as usize) {
        Some(bits) => bits >> (point & 63) & 1 == 1,
        None => holds(tables::WORD, c),
    }
}

/// Whether Python's `\s` matches `c`; `str.split` and `str.strip` see the same characters.
pub(crate) fn is_space(c: char) -> bool {
    // Python counts the four information separators as white space, Unicode's property does not.
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// [`is_space`] for one byte of ASCII.
pub(crate) const fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d | 0x1c..=0x1f)
}

/// Python's `str.isupper`: at least one upper-case character, none in lower or title case.
pub(crate) fn is_upper(word: &str) -> bool {
    if word.is_ascii() {
        let bytes = word.as_bytes();
        return bytes.iter().any(u8::is_ascii_uppercase) && !bytes.iter().any(u8::is_ascii_lowercase);
    }
    word.chars().any(|c| holds(tables::UPPERCASE, c)) && !word.chars().any(|c| holds(tables::LOWER_OR_TITLE, c))
}

fn holds(ranges: &[(u32, u32)], c: char) -> bool {
    let point = c as u32;
    let after = ranges.partition_point(|&(first, _)| first <= point);
    after > 0 && point <= ranges[after - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_characters_are_those_of_python_not_of_rust() {
        // A combining mark is alphabetic in Rust and no word character in Python.
        assert!('\u{345}'.is_alphanumeric() && !is_word('\u{345}'));
        assert!(is_word('_') && is_word('ñ') && is_word('½') && is_word('\u{1d7d8}'));
        assert!(!is_word('\u{307}') && !is_word('-') && !is_word('\u{1f600}'));
    }

    #[test]
    fn bitmap_and_search_agree_on_every_character() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_word(c), holds(tables::WORD, c), "{c:?}");
        }
    }

    #[test]
    fn information_separators_are_space_and_zero_width_space_is_not() {
        assert!(is_space('\u{1c}') && is_space('\u{a0}') && is_space('\u{3000}') && !is_space('\u{200b}'));
        for byte in 0..128u8 {
            assert_eq!(is_space(char::from(byte)), is_ascii_space(byte));
        }
    }

    #[test]
    fn upper_case_needs_one_upper_and_no_lower_or_title_letter() {
        assert!(is_upper("GREAT") && is_upper("A1!") && is_upper("ÑU") && is_upper("Ⅷ"));
        assert!(!is_upper("123") && !is_upper("ßA") && !is_upper("Aǅ") && !is_upper("Aª") && !is_upper(""));
    }
}
