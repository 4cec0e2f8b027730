//! Cells of a CSV file.

/// What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// `text` as a spreadsheet shows it and never works it out: with an apostrophe where it would be a formula. Whoever writes a review
/// chooses its words.
pub fn neutral(text: &str) -> String {
    match text.starts_with(FORMULA) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_work_out_begins_with_an_apostrophe() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\")"] {
            assert_eq!(neutral(formula), format!("'{formula}"));
        }
        for plain in ["", "good", "it's = fine", "5 stars", " =1"] {
            assert_eq!(neutral(plain), plain);
        }
    }
}
