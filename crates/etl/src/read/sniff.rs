//! What a file is, from its first bytes: JSON Lines, or which kind of delimited text.

use tamiz_domain::{FileProblem, LabelScheme, RejectReason};

use crate::columns::FieldNames;
use crate::read::foreign::foreign;
use crate::read::framing::Horizon;
use crate::read::table::{Table, TableSample};

/// Bytes that are looked at; a header must fit in.
pub(crate) const SAMPLE_BYTES: usize = 64 << 10;
/// Records that are looked at.
pub(crate) const SAMPLE_RECORDS: usize = 50;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file is laid out.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Format for the report: `csv`, `tsv`, `jsonl`.
    pub format: &'static str,
    /// Bytes before the first record: byte order mark and header.
    pub skip: usize,
    pub shape: Shape,
}

/// How records are told apart and read.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    JsonLines,
    Delimited(Table),
}

/// Recognises the layout of a file from its unpacked beginning; `is_all` says that nothing follows.
///
/// # Errors
/// Why the file is none that can be read.
pub(crate) fn sniff(
    sample: &[u8],
    is_all: bool,
    names: &FieldNames,
    labels: &LabelScheme,
) -> Result<Layout, FileProblem> {
    let mark = if sample.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let body = &sample[mark..];
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(FileProblem { reason: RejectReason::EmptyFile, detail: "there is nothing in it".to_owned() });
    }
    if let Some(problem) = foreign(body) {
        return Err(problem);
    }
    if is_json_lines(body) {
        return Ok(Layout { format: "jsonl", skip: mark, shape: Shape::JsonLines });
    }
    let blank = body.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let horizon = if is_all { Horizon::End } else { Horizon::Open };
    let (header, table) = TableSample::new(&body[blank..], horizon).recognise(names, labels)?;
    let format = if table.framing.delimiter == b'\t' { "tsv" } else { "csv" };
    Ok(Layout { format, skip: mark + blank + header, shape: Shape::Delimited(table) })
}

/// Most lines start an object: one broken line, even the first, does not hide what the file is.
fn is_json_lines(body: &[u8]) -> bool {
    let lines = body.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii_start);
    let (mut objects, mut others) = (0, 0);
    for line in lines.filter(|line| !line.is_empty()).take(SAMPLE_RECORDS) {
        if line[0] == b'{' { objects += 1 } else { others += 1 }
    }
    objects > others
}

#[cfg(test)]
mod tests {
    use tamiz_domain::Columns;

    use super::*;

    fn sniffed(text: &str) -> Result<Layout, FileProblem> {
        sniff(text.as_bytes(), true, &FieldNames::new(&Columns::default()), &LabelScheme::default())
    }

    /// Delimiter, whether it is polarity data, and bytes before the first record.
    fn table(text: &str) -> (char, bool, usize) {
        let layout = sniffed(text).unwrap();
        let Shape::Delimited(table) = layout.shape else { panic!("{layout:?}") };
        (table.framing.delimiter.into(), table.is_polarity, layout.skip)
    }

    fn refusal(text: &str) -> (&'static str, String) {
        let problem = sniffed(text).unwrap_err();
        (problem.reason.code(), problem.detail)
    }

    #[test]
    fn every_delimiter_is_recognised_by_the_header() {
        for delimiter in [',', ';', '\t', '|'] {
            let text = format!("rating{delimiter}title{delimiter}text\n5{delimiter}a{delimiter}b, c; d\n");
            assert_eq!(table(&text), (delimiter, false, 18));
        }
    }

    #[test]
    fn a_byte_order_mark_and_blank_lines_are_passed_over() {
        assert_eq!(table("\u{feff}\r\ntext,label\r\na,1\r\n"), (',', false, 3 + 2 + 12));
    }

    #[test]
    fn the_polarity_order_needs_no_header() {
        assert_eq!(table("\"2\",\"Great CD\",\"My lovely Pat\"\n\"1\",\"\",\"x\"\n"), (',', true, 0));
        let numbered: String = (1..60).map(|number| format!("{number}\t0.5\tsome text\n")).collect();
        assert_eq!(refusal(&numbered).0, "missing_column");
        assert_eq!(table("\"2\",\"a \\\"b\\\" c\",\"d\"\n"), (',', true, 0));
    }

    #[test]
    fn json_lines_are_recognised_behind_one_broken_line() {
        assert_eq!(sniffed("oops\n{\"text\":\"a\"}\n{\"text\":\"b\"}\n").unwrap().format, "jsonl");
    }

    #[test]
    fn what_is_missing_is_said_without_review_text() {
        assert_eq!(refusal(" \n\n").0, "empty_file");
        assert_eq!(
            refusal("rating,date\n5,today\n"),
            ("missing_column", "its columns are `rating`, `date`".to_owned())
        );
        assert_eq!(
            refusal("I loved it a lot\t1\nI hated it\t0\n"),
            ("missing_column", "its first line, of 2 fields, names no known column".to_owned())
        );
        assert_eq!(refusal("label~title~text\n1~a~b\n").0, "wrong_delimiter");
        assert_eq!(
            refusal("label,title,text\n1;a;b\n2;c;d\n"),
            ("wrong_delimiter", "the header has commas between its columns, the records have semicolons".to_owned())
        );
    }
}
