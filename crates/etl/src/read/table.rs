//! Recognising a delimited file: its delimiter, its quoting, and which column is which.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};
use tamiz_domain::{FileProblem, LabelScheme, RejectReason};
use tamiz_text::decode::decode_record;

use crate::columns::{Field, FieldNames, Positions, Values};
use crate::read::csv_framing::CsvFraming;
use crate::read::delimited::{Quoting, Scan, scan};
use crate::read::framing::{Framed, Framing, Horizon};

/// Records that are looked at to see what a file is like.
pub(crate) const SAMPLE_RECORDS: usize = 50;
const DELIMITERS: [(u8, &str); 4] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs"), (b'|', "vertical bars")];

/// A delimited file.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub framing: CsvFraming,
    pub positions: Positions,
    /// Names of all columns; none in the polarity data.
    pub columns: Vec<String>,
    /// The header's name of each field; none in the polarity data.
    pub header: Values<'static>,
    /// Whether it is the headerless Amazon polarity data, which writes line breaks as a backslash and an n.
    pub is_polarity: bool,
}

impl Table {
    /// Whether a record says what the header says, as where files were joined.
    pub(crate) fn is_header(&self, values: &Values<'_>) -> bool {
        !self.is_polarity && self.positions.found().all(|(field, _)| values.get(field) == self.header.get(field))
    }
}

/// The beginning of a delimited file.
pub(crate) struct TableSample<'a> {
    bytes: &'a [u8],
    horizon: Horizon,
}

/// The first record read with one delimiter.
struct FirstRecord {
    delimiter: u8,
    fields: Vec<String>,
    consumed: usize,
    positions: Positions,
}

impl FirstRecord {
    fn names(&self) -> Values<'static> {
        let mut names = Values::default();
        for (field, position) in self.positions.found() {
            *names.get_mut(field) = self.fields.get(position).cloned().map(Cow::Owned);
        }
        names
    }
}

impl<'a> TableSample<'a> {
    pub(crate) fn new(bytes: &'a [u8], horizon: Horizon) -> Self {
        Self { bytes, horizon }
    }

    /// Bytes of the header, and the table after it.
    ///
    /// # Errors
    /// Why there is no table.
    pub(crate) fn recognise(&self, names: &FieldNames, labels: &LabelScheme) -> Result<(usize, Table), FileProblem> {
        let firsts: Vec<FirstRecord> =
            DELIMITERS.iter().filter_map(|(delimiter, _)| self.first_record(*delimiter, names)).collect();
        let headers = firsts.iter().filter(|first| first.positions.get(Field::Text).is_some());
        // Of equals the last one wins: by going backwards, the comma.
        if let Some(header) = headers.rev().max_by_key(|first| (first.positions.num_found(), first.fields.len())) {
            let framing = self.framing(header, &header.positions);
            self.check_delimiter(header, &framing)?;
            let positions = header.positions.clone();
            let columns = header.fields.clone();
            let table = Table { framing, positions, columns, header: header.names(), is_polarity: false };
            return Ok((header.consumed, table));
        }
        if let Some(table) = firsts.iter().find_map(|first| self.polarity(first, labels)) {
            return Ok((0, table));
        }
        Err(self.unreadable(&firsts))
    }

    fn first_record(&self, delimiter: u8, names: &FieldNames) -> Option<FirstRecord> {
        [Quoting::Doubled, Quoting::Escaped, Quoting::Stray].into_iter().find_map(|quoting| {
            let mut fields = Vec::new();
            let scanned = scan(self.bytes, delimiter, quoting, self.horizon == Horizon::End, |field| {
                fields.push(column_name(&self.bytes[field.start..field.end]));
            });
            let Scan::Record(extent) = scanned else { return None };
            let positions = names.positions(fields.iter().map(String::as_str));
            Some(FirstRecord { delimiter, fields, consumed: extent.consumed, positions })
        })
    }

    fn framing(&self, first: &FirstRecord, positions: &Positions) -> CsvFraming {
        CsvFraming {
            delimiter: first.delimiter,
            quoting: self.quoting(first.delimiter),
            num_fields: first.fields.len(),
            number_field: positions.get(Field::Label).or(*positions.get(Field::Rating)),
        }
    }

    /// A backslash before a quote that stands in the middle of a text escapes it.
    fn quoting(&self, delimiter: u8) -> Quoting {
        let ends_field = |byte: &u8| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
        let escapes = memchr_iter(b'\\', self.bytes).any(|at| {
            self.bytes.get(at + 1) == Some(&b'"') && self.bytes.get(at + 2).is_some_and(|byte| !ends_field(byte))
        });
        if escapes { Quoting::Escaped } else { Quoting::Doubled }
    }

    /// Refuses a file whose records are delimited otherwise than its header.
    fn check_delimiter(&self, header: &FirstRecord, framing: &CsvFraming) -> Result<(), FileProblem> {
        let (good, all) = self.count_records(header.consumed, framing);
        if good > 0 || all == 0 || framing.num_fields < 2 {
            return Ok(());
        }
        let fits = |delimiter| self.count_records(header.consumed, &CsvFraming { delimiter, ..framing.clone() }).0 > 0;
        match DELIMITERS.iter().find(|(delimiter, _)| fits(*delimiter)) {
            None => Ok(()),
            Some((_, records)) => Err(problem(
                RejectReason::WrongDelimiter,
                format!("the header has {} between its columns, the records have {records}", name(framing.delimiter)),
            )),
        }
    }

    /// The headerless polarity table, if this is one: three fields a record, the first of them a class.
    fn polarity(&self, first: &FirstRecord, labels: &LabelScheme) -> Option<Table> {
        let positions = Positions::polarity();
        let framing = self.framing(first, &positions);
        let mut classes = 0;
        let (good, _) = self.for_each_record(0, &framing, |record| {
            classes += usize::from(
                class_at_start(record, first.delimiter).is_some_and(|class| (labels.min..=labels.max).contains(&class)),
            );
        });
        // Lines that are numbered begin with a number too, but leave the classes soon; some wrong labels may happen.
        let is_polarity = first.fields.len() == 3 && classes > 0 && 2 * classes >= good;
        is_polarity.then_some(Table { framing, positions, columns: Vec::new(), header: Values::default(), is_polarity })
    }

    /// Records from a place on that read well, and all of them.
    fn count_records(&self, from: usize, framing: &CsvFraming) -> (usize, usize) {
        self.for_each_record(from, framing, |_| ())
    }

    fn for_each_record(&self, from: usize, framing: &CsvFraming, mut on_good: impl FnMut(&[u8])) -> (usize, usize) {
        let (mut rest, mut good, mut all) = (&self.bytes[from..], 0, 0);
        while !rest.is_empty() && all < SAMPLE_RECORDS {
            match framing.frame(rest, self.horizon) {
                Framed::Incomplete => break,
                Framed::Blank(length) => rest = &rest[length..],
                Framed::Record { consumed, reading, content } => {
                    if reading.is_ok() {
                        good += 1;
                        on_good(&rest[..content]);
                    }
                    all += 1;
                    rest = &rest[consumed..];
                }
            }
        }
        (good, all)
    }

    /// Why there is no table.
    fn unreadable(&self, firsts: &[FirstRecord]) -> FileProblem {
        let consistent = firsts.iter().filter(|first| first.fields.len() > 1).find(|first| {
            let (good, all) = self.count_records(first.consumed, &self.framing(first, &Positions::default()));
            2 * good >= all
        });
        match consistent {
            None if firsts.is_empty() => {
                let detail = format!("its first line does not end within {} bytes", self.bytes.len());
                problem(RejectReason::WrongDelimiter, detail)
            }
            None => {
                let detail = "no comma, semicolon, tab or vertical bar divides its lines alike".to_owned();
                problem(RejectReason::WrongDelimiter, detail)
            }
            // A line that names a known column is a header; any other line may be review text, which is not shown.
            Some(first) if first.positions.num_found() > 0 => {
                let seen = first.fields.join("`, `");
                problem(RejectReason::MissingColumn, format!("its columns are `{seen}`"))
            }
            Some(first) => {
                let detail = format!("its first line, of {} fields, names no known column", first.fields.len());
                problem(RejectReason::MissingColumn, detail)
            }
        }
    }
}

/// A column's name, in whatever encoding the file is.
fn column_name(bytes: &[u8]) -> String {
    decode_record(bytes).map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), |name| name.text.into_owned())
}

fn name(delimiter: u8) -> &'static str {
    DELIMITERS.iter().find(|(byte, _)| *byte == delimiter).map_or("something else", |(_, name)| name)
}

/// The whole number that is a record's first field, quoted or not.
fn class_at_start(record: &[u8], delimiter: u8) -> Option<i8> {
    let quoted = record.strip_prefix(b"\"");
    let field = quoted.unwrap_or(record);
    let end = if quoted.is_some() { b'"' } else { delimiter };
    let field = &field[..memchr(end, field)?];
    std::str::from_utf8(field).ok()?.trim().parse().ok()
}

fn problem(reason: RejectReason, detail: String) -> FileProblem {
    FileProblem { reason, detail }
}
