//! Content that is no review file, whatever its name says.

use tamiz_domain::{FileProblem, RejectReason};

/// First bytes of what people rename to `.csv`, and what it is.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"PAR1", "a Parquet file that was packed once more"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
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
    if sample.get(257..262) == Some(b"ustar") {
        return unknown("a tar archive");
    }
    if is_wide(sample) {
        let detail = "it is UTF-16 or UTF-32 without the byte order mark of UTF-16".to_owned();
        return Some(FileProblem { reason: RejectReason::InvalidEncoding, detail });
    }
    let controls = sample.iter().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    if controls as f64 > BINARY_SHARE * sample.len() as f64 {
        return unknown(if sample.starts_with(b"PARE") { "an encrypted Parquet file" } else { "binary data" });
    }
    None
}

/// Whether it is text of two or four bytes a character: NULs at most even or most odd places, and line ends among them.
fn is_wide(sample: &[u8]) -> bool {
    let num_nul = |first: usize| sample.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let has_lines = sample.windows(2).any(|pair| matches!(pair, b"\n\0" | b"\0\n" | b"\r\0" | b"\0\r"));
    has_lines && 5 * num_nul(0).max(num_nul(1)) > 2 * sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_documents_are_named_for_what_they_are() {
        let what = |sample: &[u8]| foreign(sample).map(|problem| problem.detail);
        assert_eq!(what(b"%PDF-1.7 ...").as_deref(), Some("it is a PDF document"));
        assert_eq!(what(b"PK\x03\x04abc").as_deref(), Some("it is a ZIP archive or an Excel workbook"));
        assert_eq!(what(b"\x00\x01\x02\x03abcdef").as_deref(), Some("it is binary data"));
        for wide in ["a\0,\0b\0\n\0c\0,\0d\0", "\0a\0,\0b\0\n", "a\0\0\0\n\0\0\0"] {
            let expected = "it is UTF-16 or UTF-32 without the byte order mark of UTF-16";
            assert_eq!(what(wide.as_bytes()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn review_files_are_not_foreign() {
        for sample in ["title,text\na,b\n", "{\"text\": \"a\"}\n", "[brackets] in a title,text\n", ""] {
            assert_eq!(foreign(sample.as_bytes()), None, "{sample}");
        }
    }
}
