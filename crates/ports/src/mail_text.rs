//! Plain text that reads well at 78 columns.

/// Columns of a mail; some readers wrap what is longer.
const COLUMNS: usize = 78;

/// `text` behind `head`, in lines of at most 78 characters, the further ones below the text's beginning. A word that is too
/// long (a URI, a command) stays whole, so that it can be copied.
pub fn wrapped(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let mut lines = vec![head.to_owned()];
    let mut width = indent;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > indent && width + 1 + length > COLUMNS {
            lines.push(" ".repeat(indent));
            width = indent;
        }
        if let Some(line) = lines.last_mut() {
            if width > indent {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += length;
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_long_words_stay_whole() {
        let uri = format!("s3://bucket/{}", "x".repeat(90));
        let text = wrapped("    ", &format!("{} {uri} end", "word ".repeat(30)));
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS || line.trim() == uri), "{text}");
        assert!(text.lines().all(|line| line.starts_with("    ") && line == line.trim_end()));
    }

    #[test]
    fn further_lines_stand_below_the_beginning_of_the_text() {
        let text = wrapped("  é  ", &"ninety against eighty ".repeat(9));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() > 2 && lines[0].starts_with("  é  ninety"), "{text}");
        assert!(lines[1..].iter().all(|line| line.starts_with("     ") && !line.starts_with("      ")), "{text}");
    }
}
