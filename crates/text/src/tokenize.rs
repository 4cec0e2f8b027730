//! Tokens of cleaned text, equal to those of NLTK's `NLTKWordTokenizer`.
//!
//! Cleaned text holds word characters and single spaces only, so of NLTK's fifty rules just the white-space split and
//! the contractions without an apostrophe are left: `cannot`, `gimme`, `gonna`, `gotta`, `lemme`, `wanna`.

/// Tokens of `clean`, a text that [`crate::clean`] made.
pub fn tokens(clean: &str) -> impl Iterator<Item = &str> {
    clean.split(' ').flat_map(parts).filter(|part| !part.is_empty())
}

/// A word in the parts that the tokenizer cuts it into; those that it does not need are empty.
pub(crate) fn parts(word: &str) -> [&str; 3] {
    match split_contraction(word) {
        None => [word, "", ""],
        Some([start, cut]) => [&word[..start], &word[start..cut], &word[cut..]],
    }
}

/// Where a contraction at the end of `word` starts and where it is cut.
pub(crate) fn split_contraction(word: &str) -> Option<[usize; 2]> {
    if word.len() == 5 || word.len() == 6 && word.is_ascii() {
        return cut_of(word).map(|cut| [0, cut]);
    }
    if word.is_ascii() {
        return None;
    }
    // Lower-casing `İ` leaves a combining dot, which is no word character to NLTK: a word starts after it.
    const DOT: char = '\u{307}';
    let start = word.rfind(DOT).map_or(0, |at| at + DOT.len_utf8());
    cut_of(&word[start..]).map(|cut| [start, start + cut])
}

fn cut_of(word: &str) -> Option<usize> {
    match word {
        "cannot" | "gimme" | "gonna" | "gotta" | "lemme" | "wanna" => Some(3),
        // Python's IGNORECASE takes the dotless i for an i.
        "gımme" => Some(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {

    fn tokens(clean: &str) -> Vec<&str> {
        super::tokens(clean).collect()
    }

    #[test]
    fn contractions_without_apostrophe_are_split_in_two() {
        assert_eq!(tokens("i cannot gimme gonna"), ["i", "can", "not", "gim", "me", "gon", "na"]);
        assert_eq!(tokens("cannotx xcannot wanna"), ["cannotx", "xcannot", "wan", "na"]);
    }

    #[test]
    fn a_contraction_starts_anew_after_a_combining_dot() {
        assert_eq!(tokens("i\u{307}cannot gımme"), ["i\u{307}", "can", "not", "gım", "me"]);
    }

    #[test]
    fn no_text_has_no_tokens() {
        assert!(tokens("").is_empty());
        assert_eq!(tokens("good"), ["good"]);
    }
}
