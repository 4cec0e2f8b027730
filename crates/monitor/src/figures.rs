//! Numbers and names as people read them, the same in mail, report, profile and findings.

use tamiz_domain::printable;

/// A whole number with commas between thousands: `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A share as a percentage with one decimal. What is there is never shown as nothing, nor what is missing as
/// all: `<0.1%` and `>99.9%`.
pub fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0005 {
        "<0.1%".to_owned()
    } else if (0.9995..1.0).contains(&share) {
        ">99.9%".to_owned()
    } else {
        format!("{:.1}%", share * 100.0)
    }
}

/// A limit as a percentage with only the decimals it has: `10%`, `0.5%`.
pub fn limit(share: f64) -> String {
    // Rounded, because 0.07 * 100 is 7.000000000000001.
    format!("{}%", (share * 1e8).round() / 1e6)
}

/// Part of a whole; nothing of nothing is 0.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// `1 file`, `2 files`.
pub fn count_of(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `clause` with a capital letter in front, to begin a sentence with it.
pub fn capitalised(clause: &str) -> String {
    let mut chars = clause.chars();
    chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default() + chars.as_str()
}

/// A source as people know it: without the version it was pinned to, and with every character that could forge
/// a line or turn the reading direction replaced by `?`. Whoever uploads a file chooses its name.
pub fn source_name(source: &str) -> String {
    printable(source.rsplit_once("?versionId=").map_or(source, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let grouped = [0, 12, 123, 1_234, 1_234_567].map(thousands);
        assert_eq!(grouped, ["0", "12", "123", "1,234", "1,234,567"]);
    }

    #[test]
    fn a_rounded_share_never_denies_what_is_there() {
        let shown = [0.0, 0.0004, 0.0005, 0.034, 0.9994, 0.9996, 1.0].map(percent);
        assert_eq!(shown, ["0.0%", "<0.1%", "0.1%", "3.4%", "99.9%", ">99.9%", "100.0%"]);
        assert_eq!([0.1, 0.005, 0.07].map(limit), ["10%", "0.5%", "7%"]);
    }

    #[test]
    fn a_file_name_cannot_forge_a_line() {
        assert_eq!(source_name("s3://b/a\nOK.csv?versionId=3/x"), "s3://b/a?OK.csv");
        assert_eq!(source_name("/in/\u{202e}vsc.exe"), "/in/?vsc.exe");
    }
}
