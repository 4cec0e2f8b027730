//! From the bytes of a record to a review, or to the reason why it is none.

use std::borrow::Cow;

use serde_json::error::Category;
use tamiz_domain::{LabelScheme, RejectReason};
use tamiz_text::decode::{DecodeError, Decoded, decode_record};

use crate::clean::json_values::json_values;
use crate::clean::values::{InvalidLabel, class_of, milliseconds, truth, votes};
use crate::columns::{Field, FieldNames, Values};
use crate::read::delimited::{FieldSpan, Quoting, scan, unquote};
use crate::read::framing::{Fault, Reading};
use crate::read::sniff::Shape;
use crate::read::table::Table;

/// A usable record.
#[derive(Debug)]
pub(crate) struct Review<'a> {
    pub label: Option<i8>,
    pub title: Option<Cow<'a, str>>,
    /// Title and body with one space between them.
    pub text: Cow<'a, str>,
    pub asin: Option<Cow<'a, str>>,
    pub parent_asin: Option<Cow<'a, str>>,
    pub helpful_vote: Option<i64>,
    pub verified_purchase: Option<bool>,
    /// Milliseconds since 1970, UTC.
    pub timestamp: Option<i64>,
    /// As in the source: never to be written.
    pub user: Option<Cow<'a, str>>,
}

/// Reads records of one file. Keeps its scratch space from record to record.
#[derive(Debug, Default)]
pub(crate) struct RecordParser {
    spans: Vec<FieldSpan>,
}

impl RecordParser {
    /// Reads one record.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn parse<'a>(
        &mut self,
        raw: &'a [u8],
        reading: Reading,
        shape: &Shape,
        names: &FieldNames,
        labels: &LabelScheme,
    ) -> Result<Review<'a>, Fault> {
        let text = text_of(raw)?;
        let values = match (reading, shape) {
            (Reading::Delimited(quoting), Shape::Delimited(table)) => self.delimited(text, quoting, table),
            _ => json(text, names)?,
        };
        review(values, labels)
    }

    fn delimited<'a>(&mut self, text: &'a str, quoting: Quoting, table: &Table) -> Values<'a> {
        self.spans.clear();
        scan(text.as_bytes(), table.framing.delimiter, quoting, true, |span| self.spans.push(span));
        let mut values = Values::default();
        for (field, position) in table.positions.found() {
            let Some(span) = self.spans.get(position) else { continue };
            let value = &text[span.start..span.end];
            let value = if span.quoted { unquote(value, quoting) } else { value.into() };
            *values.get_mut(field) = Some(if table.is_polarity { with_line_breaks(value) } else { value });
        }
        values
    }
}

/// The polarity data holds each record on one line and writes a line break as a backslash and an n.
fn with_line_breaks(value: Cow<'_, str>) -> Cow<'_, str> {
    if value.contains("\\n") { value.replace("\\n", "\n").into() } else { value }
}

/// Bytes of a record as text. Another encoding than UTF-8 is refused rather than guessed.
fn text_of(raw: &[u8]) -> Result<&str, Fault> {
    let wrong = |detail: String| Err(Fault::new(RejectReason::InvalidEncoding, detail));
    match decode_record(raw) {
        Ok(Decoded { text: Cow::Borrowed(text), .. }) => Ok(text),
        Ok(_) => wrong("it is not UTF-8; it may be Windows-1252".to_owned()),
        Err(DecodeError::NulByte { offset }) => {
            Err(Fault::new(RejectReason::NulByte, format!("byte {offset} of the record is NUL")))
        }
        Err(error) => wrong(error.to_string()),
    }
}

fn json<'a>(line: &'a str, names: &FieldNames) -> Result<Values<'a>, Fault> {
    json_values(line, names).map_err(|error| {
        // The parser's own message may quote the review.
        let detail = match error.classify() {
            Category::Data => "the line is JSON, but no object".to_owned(),
            Category::Eof => "the object breaks off at the end of the line".to_owned(),
            Category::Syntax | Category::Io => format!("the line stops being JSON at byte {}", error.column()),
        };
        Fault::new(RejectReason::InvalidJson, detail)
    })
}

fn review<'a>(mut values: Values<'a>, labels: &LabelScheme) -> Result<Review<'a>, Fault> {
    let label = label(&values, labels)?;
    let mut filled = |field| values.get_mut(field).take().filter(|value| !value.trim().is_empty());
    let Some(body) = filled(Field::Text) else {
        return Err(Fault::new(RejectReason::MissingText, "its text is empty"));
    };
    let title = filled(Field::Title);
    let text = title.as_ref().map_or_else(|| body.clone(), |title| format!("{title} {body}").into());
    if text.contains('\0') {
        return Err(Fault::new(RejectReason::NulByte, "its text holds the escaped character NUL"));
    }
    Ok(Review {
        label,
        title,
        text,
        asin: filled(Field::Asin),
        parent_asin: filled(Field::ParentAsin),
        helpful_vote: filled(Field::HelpfulVote).and_then(|value| votes(&value)),
        verified_purchase: filled(Field::VerifiedPurchase).and_then(|value| truth(&value)),
        timestamp: filled(Field::Timestamp).and_then(|value| milliseconds(&value)),
        user: filled(Field::User),
    })
}

fn label(values: &Values<'_>, labels: &LabelScheme) -> Result<Option<i8>, Fault> {
    let (label, rating) = (values.get(Field::Label).as_deref(), values.get(Field::Rating).as_deref());
    class_of(label, rating, labels).map_err(|error| {
        let detail = match error {
            InvalidLabel::NotANumber => "its label is not a whole number",
            InvalidLabel::OutOfRange => "its label is a number that the label scheme does not know",
        };
        Fault::new(RejectReason::InvalidLabel, detail)
    })
}

#[cfg(test)]
mod tests {
    use tamiz_domain::Columns;

    use super::*;
    use crate::read::csv_framing::CsvFraming;

    fn names() -> FieldNames {
        FieldNames::new(&Columns::default())
    }

    fn polarity(raw: &[u8]) -> Result<(Option<i8>, Option<String>, String), &'static str> {
        let positions = crate::columns::Positions::polarity();
        let framing = CsvFraming { delimiter: b',', quoting: Quoting::Doubled, num_fields: 3, number_field: Some(0) };
        let shape = Shape::Delimited(Table { framing, positions, is_polarity: true });
        let reading = Reading::Delimited(Quoting::Doubled);
        RecordParser::default()
            .parse(raw, reading, &shape, &names(), &LabelScheme::default())
            .map(|review| (review.label, review.title.map(Cow::into_owned), review.text.into_owned()))
            .map_err(|fault| fault.reason.code())
    }

    fn json_fault(line: &str) -> (&'static str, String) {
        let fault = RecordParser::default()
            .parse(line.as_bytes(), Reading::Json, &Shape::JsonLines, &names(), &LabelScheme::default())
            .unwrap_err();
        (fault.reason.code(), fault.detail.into_owned())
    }

    #[test]
    fn title_and_body_are_joined_and_polarity_line_breaks_restored() {
        let read = |raw: &str| polarity(raw.as_bytes()).unwrap();
        assert_eq!(
            read(r#""2","Great ""CD""","one\ntwo""#),
            (Some(2), Some("Great \"CD\"".into()), "Great \"CD\" one\ntwo".into())
        );
        assert_eq!(read(r#""1","","body""#), (Some(1), None, "body".into()));
        assert_eq!(read("1,null,NA"), (Some(1), Some("null".into()), "null NA".into()));
    }

    #[test]
    fn unusable_records_have_their_reasons() {
        assert_eq!(polarity(b"1,t, "), Err("missing_text"));
        assert_eq!(polarity(b"7,t,b"), Err("invalid_label"));
        assert_eq!(polarity(b"1,t,a\0b"), Err("nul_byte"));
        assert_eq!(polarity(b"1,t,caf\xe9"), Err("invalid_encoding"));
        assert_eq!(polarity("1,t,caf\u{e9} \u{fffd}".as_bytes()).map(|review| review.0), Ok(Some(1)));
    }

    #[test]
    fn a_broken_line_is_described_without_quoting_it() {
        assert_eq!(json_fault(r#""secret""#), ("invalid_json", "the line is JSON, but no object".into()));
        assert_eq!(json_fault(r#"{"text": "secret"#).1, "the object breaks off at the end of the line");
        assert_eq!(json_fault(r#"{"text": secret}"#).1, "the line stops being JSON at byte 10");
        assert_eq!(json_fault(r#"{"text": "a\u0000b"}"#).0, "nul_byte");
        assert_eq!(json_fault(r#"{"asin": "B00"}"#).0, "missing_text");
    }
}
