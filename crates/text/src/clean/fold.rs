//! The last step of cleaning: drop punctuation, collapse white space, lower the case.

use crate::unicode::{is_ascii_space, is_space, is_word};

/// What becomes of a byte of ASCII: itself in lower case, a space, or nothing (0).
static FOLDED: [u8; 128] = folded_ascii();

const fn folded_ascii() -> [u8; 128] {
    let mut table = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        table[byte] = if is_ascii_space(c) {
            b' '
        } else if c.is_ascii_alphanumeric() || c == b'_' {
            c.to_ascii_lowercase()
        } else {
            0
        };
        byte += 1;
    }
    table
}

/// Appends folded `text` to `out`, which is empty; `scratch` is only there to be used again. White space ends every rule,
/// so that a text folded word by word is the folded text.
pub(crate) fn fold_onto(text: &str, scratch: &mut Vec<u8>, out: &mut String) {
    if text.is_ascii() {
        fold_ascii(text.as_bytes(), scratch);
        // Folded ASCII is ASCII, so the check (10 GB/s) never fails; it buys the absence of unsafe code.
        out.push_str(simdutf8::basic::from_utf8(scratch).unwrap_or_default());
    } else {
        fold_unicode(text, out);
    }
    if out.ends_with(' ') {
        out.pop();
    }
}

fn fold_ascii(text: &[u8], folded: &mut Vec<u8>) {
    folded.clear();
    folded.resize(text.len(), 0);
    let mut length = 0;
    let mut after_space = true;
    for &byte in text {
        // Every byte is stored and only then kept or overwritten: no branch to mispredict on each punctuation mark.
        let c = FOLDED[usize::from(byte & 0x7f)];
        let is_space = c == b' ';
        folded[length] = c;
        length += usize::from(c != 0 && !(is_space && after_space));
        after_space = (after_space && c == 0) || is_space;
    }
    folded.truncate(length);
}

fn fold_unicode(text: &str, out: &mut String) {
    let mut after_space = true;
    let mut has_sigma = false;
    for c in text.chars() {
        if is_space(c) {
            if !after_space {
                out.push(' ');
            }
            after_space = true;
        } else if is_word(c) {
            after_space = false;
            has_sigma |= c == 'Σ';
            push_lower(c, out);
        }
    }
    if has_sigma {
        lower_final_sigmas(text, out);
    }
}

fn push_lower(c: char, out: &mut String) {
    match c {
        '\0'..='\x7f' => out.push(c.to_ascii_lowercase()),
        _ => out.extend(c.to_lowercase()),
    }
}

/// Folds once more, the case last: how a capital sigma is lowered depends on the letters around it.
#[cold]
fn lower_final_sigmas(text: &str, out: &mut String) {
    let words = text.chars().filter(|&c| is_word(c) || is_space(c)).collect::<String>();
    *out = words.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(text: &str) -> String {
        let mut out = String::new();
        fold_onto(text, &mut Vec::new(), &mut out);
        out
    }

    #[test]
    fn punctuation_joins_and_space_collapses() {
        assert_eq!(fold("  Don't -- stop_it\t\n now!  "), "dont stop_it now");
        assert_eq!(fold("a . b"), "a b");
        assert_eq!(fold(" .!? "), "");
    }

    #[test]
    fn ascii_and_unicode_roads_agree() {
        for text in ["", " a  B ", "x\u{1c}y", "A . , B\0C ", "--"] {
            let mut unicode = String::new();
            fold_unicode(text, &mut unicode);
            assert_eq!(fold(text), unicode.trim_end());
        }
    }

    #[test]
    fn case_is_lowered_as_python_lowers_it() {
        assert_eq!(fold("ÉCOLE ẞ İ"), "école ß i\u{307}");
        assert_eq!(fold("ΟΔΟΣ ΣΑΣ, Σ"), "οδος σας σ");
    }

    #[test]
    fn combining_marks_and_odd_spaces_are_seen_as_python_sees_them() {
        assert_eq!(fold("cafe\u{301}\u{a0}\u{3000}x\u{200b}y"), "cafe xy");
    }
}
