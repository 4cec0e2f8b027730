//! Text that others chose (names of files, messages of programs) where people read it.

/// `text` on one line: control characters and invisible marks of direction become `?`.
pub fn printable(text: &str) -> String {
    let forges = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().map(|c| if forges(c) { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_forge_a_line_or_turn_it_around_is_a_question_mark() {
        assert_eq!(printable("a\nb\u{202e}c\u{7}é"), "a?b?c?é");
    }
}
