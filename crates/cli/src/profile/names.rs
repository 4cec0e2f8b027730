//! What things are called in front of people.

/// A file as people know it: without its folders, which are nobody else's business.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What was done to records that were not UTF-8, as a clause.
pub fn repair(code: &str) -> String {
    if code == "mojibake" { "mended mojibake".to_owned() } else { format!("read as {code}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_left_out_of_names() {
        assert_eq!(["/in/a b.csv", "a.csv", "C:\\in\\a.csv"].map(file_name), ["a b.csv", "a.csv", "a.csv"]);
    }
}
