//! Plain text that reads well at 78 columns.

/// Columns of a mail; some readers wrap what is longer.
pub(super) const COLUMNS: usize = 78;

/// `text` in lines of at most [`COLUMNS`] characters, each behind `indent`. A word that is too long (a URI, a
/// command) stays whole, so that it can be copied.
pub(super) fn wrapped(indent: &str, text: &str) -> String {
    let mut lines = vec![indent.to_owned()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > indent.len() && line + 1 + word.chars().count() > COLUMNS {
            lines.push(indent.to_owned());
        }
        if let Some(line) = lines.last_mut() {
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

/// A small table: names to the left, figures to the right, two spaces apart.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("  {cell:<width$}"),
            _ => format!("  {cell:>width$}"),
        });
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
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
    fn figures_stand_under_each_other() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        assert_eq!(
            table(&[row(["a", "1", "10.0%"]), row(["longer", "1,000", "9.0%"])]),
            "  a           1  10.0%\n  longer  1,000   9.0%"
        );
    }
}
