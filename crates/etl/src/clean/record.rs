//! From the bytes of a record to a review, or to the reason why it is none.

use std::borrow::Cow;

use memchr::memmem;
use serde_json::error::Category;
use tamiz_domain::{Configuration, LabelScheme, MAX_TARGETS, RejectReason};
use tamiz_text::decode::{DecodeError, Decoded, EncodingRepair, decode_record};
use tamiz_text::mojibake::undo_mojibake;

use crate::clean::fasttext::fasttext_values;
use crate::clean::json_values::json_values;
use crate::clean::labels::{InvalidLabel, class_of};
use crate::clean::values::{milliseconds, truth, votes};
use crate::columns::{Field, FieldNames, Values};
use crate::read::container::Origin;
use crate::read::delimited::{FieldSpan, Quoting, scan, unquote};
use crate::read::framing::{Fault, Reading};
use crate::read::shape::{Records, Shape};
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
    /// Further labels, as many as are configured.
    pub targets: Vec<Option<Cow<'a, str>>>,
    /// What had to be done to read its text.
    pub repair: Option<EncodingRepair>,
}

/// Reads records. Keeps its scratch space from record to record.
#[derive(Debug)]
pub(crate) struct RecordParser {
    names: FieldNames,
    labels: LabelScheme,
    repair_mojibake: bool,
    num_targets: u8,
    spans: Vec<FieldSpan>,
}

impl RecordParser {
    pub(crate) fn new(configuration: &Configuration) -> Self {
        Self {
            names: FieldNames::new(&configuration.columns),
            labels: configuration.labels.clone(),
            repair_mojibake: configuration.etl.repair_mojibake,
            num_targets: configuration.columns.targets.len().min(MAX_TARGETS) as u8,
            spans: Vec::new(),
        }
    }

    /// Reads one record of a file of this shape.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn parse<'a>(&mut self, raw: &'a [u8], reading: Reading, shape: &Shape) -> Result<Review<'a>, Fault> {
        let Decoded { text, repair } = decoded(raw, shape.origin)?;
        let values = match text {
            Cow::Borrowed(text) => self.values(text, reading, shape)?,
            Cow::Owned(text) => self.values(&text, reading, shape)?.into_owned(),
        };
        self.review(values, repair)
    }

    fn values<'a>(&mut self, text: &'a str, reading: Reading, shape: &Shape) -> Result<Values<'a>, Fault> {
        match (reading, &shape.records) {
            (Reading::Delimited(quoting), Records::Delimited(table)) => self.delimited(text, quoting, table),
            (Reading::FastText, _) => fasttext_values(text, &self.labels),
            _ => json(text, &self.names),
        }
    }

    fn delimited<'a>(&mut self, text: &'a str, quoting: Quoting, table: &Table) -> Result<Values<'a>, Fault> {
        self.spans.clear();
        scan(text.as_bytes(), table.framing.delimiter, quoting, true, |span| self.spans.push(span));
        let mut values = Values::default();
        for (field, position) in table.positions.found() {
            let Some(span) = self.spans.get(position) else { continue };
            let value = &text[span.start..span.end];
            let value = if span.quoted { unquote(value, quoting) } else { value.into() };
            *values.get_mut(field) = Some(if table.is_polarity { with_line_breaks(value) } else { value });
        }
        if table.is_header(&values) {
            return Err(Fault::new(RejectReason::RepeatedHeader, "each of its fields holds the name of its column"));
        }
        Ok(values)
    }

    fn review<'a>(&self, mut values: Values<'a>, repair: Option<EncodingRepair>) -> Result<Review<'a>, Fault> {
        let label = self.label(&values)?;
        let mut repair = repair;
        if self.repair_mojibake {
            for field in [Field::Title, Field::Text] {
                if let Some(meant) = values.get(field).as_deref().and_then(undo_mojibake) {
                    *values.get_mut(field) = Some(meant.into());
                    repair = Some(EncodingRepair::FromMojibake);
                }
            }
        }
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
            targets: (0..self.num_targets).map(|number| filled(Field::Target(number))).collect(),
            repair,
        })
    }

    fn label(&self, values: &Values<'_>) -> Result<Option<i8>, Fault> {
        let (label, rating) = (values.get(Field::Label).as_deref(), values.get(Field::Rating).as_deref());
        class_of(label, rating, &self.labels).map_err(|error| {
            let detail = match error {
                InvalidLabel::NotANumber => "its label is not a whole number",
                InvalidLabel::OutOfRange => "its label is a number that the label scheme does not know",
            };
            Fault::new(RejectReason::InvalidLabel, detail)
        })
    }
}

/// The polarity data holds each record on one line and writes a line break as a backslash and an n.
fn with_line_breaks(value: Cow<'_, str>) -> Cow<'_, str> {
    let is_there = memmem::find(value.as_bytes(), b"\\n").is_some();
    if is_there { value.replace("\\n", "\n").into() } else { value }
}

/// Bytes of a record as text.
fn decoded(raw: &[u8], origin: Origin) -> Result<Decoded<'_>, Fault> {
    let invalid = |detail: String| Fault::new(RejectReason::InvalidEncoding, detail);
    match decode_record(raw) {
        Ok(Decoded { text, repair: None }) if origin == Origin::Utf16 => {
            Ok(Decoded { text, repair: Some(EncodingRepair::FromUtf16) })
        }
        Ok(decoded) => Ok(decoded),
        Err(DecodeError::NulByte { offset }) => {
            Err(Fault::new(RejectReason::NulByte, format!("byte {offset} of the record is NUL")))
        }
        Err(_) if origin == Origin::Utf16 => Err(invalid("it holds half a character of UTF-16".to_owned())),
        Err(error) => Err(invalid(error.to_string())),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::csv_framing::CsvFraming;

    fn parser() -> RecordParser {
        RecordParser::new(&Configuration::default())
    }

    fn shape(records: Records) -> Shape {
        Shape { records, origin: Origin::Text }
    }

    fn read(raw: &[u8]) -> Result<Review<'_>, Fault> {
        let positions = crate::columns::Positions::polarity();
        let framing = CsvFraming { delimiter: b',', quoting: Quoting::Doubled, num_fields: 3, number_field: Some(0) };
        let table = Table { framing, positions, columns: Vec::new(), header: Values::default(), is_polarity: true };
        parser().parse(raw, Reading::Delimited(Quoting::Doubled), &shape(Records::Delimited(Box::new(table))))
    }

    fn polarity(raw: &[u8]) -> Result<(Option<i8>, Option<String>, String), &'static str> {
        read(raw)
            .map(|review| (review.label, review.title.map(Cow::into_owned), review.text.into_owned()))
            .map_err(|fault| fault.reason.code())
    }

    fn json_fault(line: &str) -> (&'static str, String) {
        let fault = parser().parse(line.as_bytes(), Reading::Json, &shape(Records::JsonLines)).unwrap_err();
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
        assert_eq!(polarity(b"1,t,caf\xc3\xa9 \xe9"), Err("invalid_encoding"));
        assert_eq!(polarity("1,t,caf\u{e9} \u{fffd}".as_bytes()).map(|review| review.0), Ok(Some(1)));
    }

    #[test]
    fn another_encoding_is_repaired_and_told() {
        for (raw, text, repair) in [
            ("1,café,niño".as_bytes(), "café niño", None),
            (b"1,caf\xe9,\x93ni\xf1o\x94", "café “niño”", Some(EncodingRepair::FromWindows1252)),
            ("1,cafÃ©,niño".as_bytes(), "café niño", Some(EncodingRepair::FromMojibake)),
            ("1,,Itâ€™s".as_bytes(), "It’s", Some(EncodingRepair::FromMojibake)),
            ("1,,Ã© and é".as_bytes(), "Ã© and é", None),
        ] {
            let review = read(raw).unwrap();
            assert_eq!((review.text.as_ref(), review.repair), (text, repair));
        }
        let utf16 = Shape { records: Records::JsonLines, origin: Origin::Utf16 };
        let review = |raw| parser().parse(raw, Reading::Json, &utf16).map(|review| review.repair);
        assert_eq!(review(br#"{"text": "a"}"#), Ok(Some(EncodingRepair::FromUtf16)));
        assert_eq!(review(b"{\"text\": \"a\x81\"}").unwrap_err().detail, "it holds half a character of UTF-16");
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
