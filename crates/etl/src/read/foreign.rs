//! Content that is no review file, whatever its name says.

use tamiz_domain::{FileProblem, RejectReason};

/// First bytes of what people rename to `.csv`, and what it is.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"PAR1", "a Parquet file"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"__label__", "a file of fastText lines"),
];

/// Share of control characters from which on text is no text.
const BINARY_SHARE: f64 = 0.1;

/// Why `sample`, the beginning of an unpacked file, is no review file; none if it may be one.
pub(crate) fn foreign(sample: &[u8]) -> Option<FileProblem> {
    let unknown =
        |what: &str| Some(FileProblem { reason: RejectReason::UnknownFormat, detail: format!("it is {what}") });
    if let Some((_, what)) = SIGNATURES.iter().find(|(signature, _)| sample.starts_with(signature)) {
        return unknown(what);
    }
    if sample.starts_with(&[0xff, 0xfe]) || sample.starts_with(&[0xfe, 0xff]) {
        let detail = "it is UTF-16 text".to_owned();
        return Some(FileProblem { reason: RejectReason::InvalidEncoding, detail });
    }
    if sample.get(257..262) == Some(b"ustar") {
        return unknown("a tar archive");
    }
    let controls = sample.iter().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    if controls as f64 > BINARY_SHARE * sample.len() as f64 {
        return unknown("binary data");
    }
    match sample.trim_ascii_start() {
        [b'[', rest @ ..] if rest.trim_ascii_start().first() == Some(&b'{') => unknown("one JSON array"),
        [b'{', rest @ ..] if line_is_blank(rest) => unknown("JSON with objects over several lines"),
        _ => None,
    }
}

/// Whether nothing but blanks stands before the line end.
fn line_is_blank(bytes: &[u8]) -> bool {
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    matches!(bytes.get(blanks), Some(b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_documents_are_named_for_what_they_are() {
        let what = |sample: &[u8]| foreign(sample).map(|problem| problem.detail);
        assert_eq!(what(b"%PDF-1.7 ...").as_deref(), Some("it is a PDF document"));
        assert_eq!(what(b"PK\x03\x04abc").as_deref(), Some("it is a ZIP archive or an Excel workbook"));
        assert_eq!(what(b" [\n {\"text\": 1}]").as_deref(), Some("it is one JSON array"));
        assert_eq!(what(b"{\n \"text\": 1}").as_deref(), Some("it is JSON with objects over several lines"));
        assert_eq!(what(b"\x00\x01\x02\x03abcdef").as_deref(), Some("it is binary data"));
        assert_eq!(what(b"\xff\xfea\0b\0").as_deref(), Some("it is UTF-16 text"));
    }

    #[test]
    fn review_files_are_not_foreign() {
        for sample in ["title,text\na,b\n", "{\"text\": \"a\"}\n", "[brackets] in a title,text\n", ""] {
            assert_eq!(foreign(sample.as_bytes()), None, "{sample}");
        }
    }
}
