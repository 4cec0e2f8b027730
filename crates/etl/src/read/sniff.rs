//! What a file is, from its first bytes: JSON, fastText lines, or which kind of delimited text.

use tamiz_domain::{FileProblem, LabelScheme, RejectReason};

use crate::columns::FieldNames;
use crate::read::container::Origin;
use crate::read::foreign::foreign;
use crate::read::framing::Horizon;
use crate::read::json_framing::object_end;
use crate::read::shape::{Records, Shape};
use crate::read::table::{SAMPLE_RECORDS, TableSample};

/// Bytes that are looked at; a header must fit in.
pub(crate) const SAMPLE_BYTES: usize = 64 << 10;
/// What every label of fastText begins with.
pub(crate) const FASTTEXT_LABEL: &str = "__label__";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file is laid out.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Format for the report: `csv`, `tsv`, `jsonl`, `json`, `fasttext`.
    pub format: &'static str,
    /// Bytes before the first record: byte order mark and header.
    pub skip: usize,
    pub shape: Shape,
}

/// Recognises the layout of a file from its unpacked beginning; `is_all` says that nothing follows.
///
/// # Errors
/// Why the file is none that can be read.
pub(crate) fn sniff(
    sample: &[u8],
    is_all: bool,
    origin: Origin,
    names: &FieldNames,
    labels: &LabelScheme,
) -> Result<Layout, FileProblem> {
    let mark = if sample.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let body = &sample[mark..];
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(blank(is_all));
    }
    if let Some(problem) = foreign(body) {
        return Err(problem);
    }
    let layout = |format, skip, records| Layout { format, skip, shape: Shape { records, origin } };
    if let Some((format, records)) = undelimited(body) {
        return Ok(layout(format, mark, records));
    }
    let blank = body.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let horizon = if is_all { Horizon::End } else { Horizon::Open };
    let (header, table) = TableSample::new(&body[blank..], horizon).recognise(names, labels)?;
    let format = if table.framing.delimiter == b'\t' { "tsv" } else { "csv" };
    Ok(layout(format, mark + blank + header, Records::Delimited(Box::new(table))))
}

fn blank(is_all: bool) -> FileProblem {
    let detail = if is_all { "there is nothing in it" } else { "it begins with nothing but white space" };
    FileProblem { reason: RejectReason::EmptyFile, detail: detail.to_owned() }
}

/// Formats that have no delimiter.
fn undelimited(body: &[u8]) -> Option<(&'static str, Records)> {
    match body.trim_ascii_start() {
        [b'[', rest @ ..] if matches!(rest.trim_ascii_start().first(), Some(b'{' | b']')) => {
            Some(("json", Records::Json { is_array: true }))
        }
        _ if most_lines(body, is_object) => Some(("jsonl", Records::JsonLines)),
        [b'{', ..] => Some(("json", Records::Json { is_array: false })),
        _ if most_lines(body, |line, _| line.starts_with(FASTTEXT_LABEL.as_bytes())) => {
            Some(("fasttext", Records::FastText))
        }
        _ => None,
    }
}

/// Whether most lines are of a kind: one broken line, even the first, does not hide what the file is. The test gets
/// each line, and whether it may go on behind the sample.
fn most_lines(body: &[u8], is_of_kind: impl Fn(&[u8], bool) -> bool) -> bool {
    let mut lines = body.split(|byte| matches!(byte, b'\n' | b'\r')).peekable();
    let (mut of_kind, mut others) = (0, 0);
    while let Some(line) = lines.next() {
        match line.trim_ascii() {
            [] => continue,
            line if is_of_kind(line, lines.peek().is_none()) => of_kind += 1,
            _ => others += 1,
        }
        if of_kind + others == SAMPLE_RECORDS {
            break;
        }
    }
    of_kind > others
}

fn is_object(line: &[u8], may_go_on: bool) -> bool {
    line.starts_with(b"{") && object_end(line).map_or(may_go_on, |end| end == line.len())
}

#[cfg(test)]
mod tests {
    use tamiz_domain::Columns;

    use super::*;

    fn sniffed(text: &str) -> Result<Layout, FileProblem> {
        sniff(text.as_bytes(), true, Origin::Text, &FieldNames::new(&Columns::default()), &LabelScheme::default())
    }

    /// Delimiter, whether it is polarity data, and bytes before the first record.
    fn table(text: &str) -> (char, bool, usize) {
        let layout = sniffed(text).unwrap();
        let Records::Delimited(table) = layout.shape.records else { panic!("{layout:?}") };
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
        assert_eq!(sniffed("{\"text\":\"a").unwrap().format, "jsonl");
    }

    #[test]
    fn json_in_any_other_layout_is_recognised() {
        for text in [
            "[{\"text\":\"a\"}]",
            " [\n]\n",
            "[\n{\"text\":\"a\"},\n{\"text\":\"b\"},\n{\"text\":\"c\"}\n]",
            "{\n  \"text\": \"a\"\n}\n{\n",
            "{\"text\":\"a\"}{\"text\":\"b\"}\n{\"text\":\"c\"} {\"text\":\"d\"}\n",
            "{\"text\":\"a\"},\n{\"text\":\"b\"},\n{\"text\":\"b\"}\n",
        ] {
            assert_eq!(sniffed(text).unwrap().format, "json", "{text}");
        }
        assert_eq!(sniffed("[sic],text\n1,b\n").unwrap().format, "csv");
    }

    #[test]
    fn fasttext_is_recognised_by_its_labels() {
        assert_eq!(sniffed("__label__1 a: b, c\n\n__label__2 d, e\noops\n").unwrap().format, "fasttext");
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
