//! Where one delimited record ends and where its fields lie.
//!
//! Written here rather than taken from the `csv` crate (which the tests use as the oracle), because a record
//! that cannot be read must be told apart at its exact bytes, and because one record may have to be tried
//! under several ways of quoting before it is given up.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3, memmem};

/// How a quote is written inside a quoted field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// Twice: `""` (RFC 4180).
    Doubled,
    /// After a backslash: `\"`; doubled quotes are understood too.
    Escaped,
    /// As it is: a quote ends the field only where a delimiter or a line end follows.
    Stray,
}

/// One field: its bytes without the enclosing quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    pub start: usize,
    pub end: usize,
    pub quoted: bool,
}

/// What a scan found at the start of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// A whole record.
    Record(Extent),
    /// The bytes end before the record does.
    Incomplete,
    /// The input ends inside a quoted field.
    Unclosed,
    /// A quote inside a quoted field neither ends it nor is escaped.
    StrayQuote,
}

/// Size and shape of a whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Bytes without the line end.
    pub content: usize,
    /// Bytes with the line end.
    pub consumed: usize,
    /// Number of fields.
    pub num_fields: usize,
    /// Whether a quoted field holds a line break.
    pub multiline: bool,
}

/// Scans one record. `at_end` says that no bytes follow `bytes`; `on_field` sees each field in order, also
/// those of a record that turns out to be broken later.
pub(crate) fn scan(
    bytes: &[u8],
    delimiter: u8,
    quoting: Quoting,
    at_end: bool,
    mut on_field: impl FnMut(FieldSpan),
) -> Scan {
    let (mut at, mut num_fields, mut multiline) = (0, 0, false);
    loop {
        let (field, next) = if bytes.get(at) == Some(&b'"') {
            let end = match closing_quote(bytes, at + 1, delimiter, quoting, at_end) {
                Ok(end) => end,
                Err(broken) => return broken,
            };
            multiline |= memchr2(b'\n', b'\r', &bytes[at + 1..end]).is_some();
            (FieldSpan { start: at + 1, end, quoted: true }, end + 1)
        } else {
            let end = memchr3(delimiter, b'\n', b'\r', &bytes[at..]).map_or(bytes.len(), |offset| at + offset);
            (FieldSpan { start: at, end, quoted: false }, end)
        };
        on_field(field);
        num_fields += 1;
        match bytes.get(next) {
            Some(&byte) if byte == delimiter => at = next + 1,
            None if !at_end => return Scan::Incomplete,
            Some(b'\r') if next + 1 == bytes.len() && !at_end => return Scan::Incomplete,
            _ => {
                let consumed = next + line_end(&bytes[next..]);
                return Scan::Record(Extent { content: next, consumed, num_fields, multiline });
            }
        }
    }
}

/// Length of the line end at the start of `bytes`: 0, 1 or, for CRLF, 2.
pub(crate) fn line_end(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

fn closing_quote(bytes: &[u8], from: usize, delimiter: u8, quoting: Quoting, at_end: bool) -> Result<usize, Scan> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let found = match quoting {
            Quoting::Escaped => memchr2(b'"', b'\\', rest),
            Quoting::Doubled | Quoting::Stray => memchr(b'"', rest),
        };
        let Some(offset) = found else { return Err(if at_end { Scan::Unclosed } else { Scan::Incomplete }) };
        at += offset;
        if bytes[at] == b'\\' {
            at += 2;
            continue;
        }
        match bytes.get(at + 1) {
            None if at_end => return Ok(at),
            None => return Err(Scan::Incomplete),
            Some(b'"') => at += 2,
            Some(&byte) if byte == delimiter || matches!(byte, b'\n' | b'\r') => return Ok(at),
            Some(_) if quoting == Quoting::Stray => at += 1,
            Some(_) => return Err(Scan::StrayQuote),
        }
    }
}

/// A field's value: `text` without the quoting of its quotes.
pub(crate) fn unquote(text: &str, quoting: Quoting) -> Cow<'_, str> {
    match quoting {
        Quoting::Doubled | Quoting::Stray if memmem::find(text.as_bytes(), b"\"\"").is_some() => {
            text.replace("\"\"", "\"").into()
        }
        Quoting::Escaped if memchr2(b'"', b'\\', text.as_bytes()).is_some() => unescape(text).into(),
        _ => text.into(),
    }
}

/// Drops the backslash before a quote or another backslash; any other backslash is text.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr2(b'"', b'\\', rest.as_bytes()) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let pair = from.get(..2).unwrap_or(from);
        match pair {
            "\\\"" | "\"\"" => out.push('"'),
            "\\\\" => out.push('\\'),
            _ => {
                out.push_str(&from[..1]);
                rest = &from[1..];
                continue;
            }
        }
        rest = &from[2..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str, quoting: Quoting) -> Option<(Vec<String>, usize)> {
        let mut fields = Vec::new();
        let scanned = scan(text.as_bytes(), b',', quoting, true, |field| {
            let value = &text[field.start..field.end];
            fields.push(if field.quoted { unquote(value, quoting).into_owned() } else { value.to_owned() });
        });
        match scanned {
            Scan::Record(extent) => Some((fields, extent.consumed)),
            _ => None,
        }
    }

    #[test]
    fn agrees_with_the_csv_crate_on_every_short_well_formed_text() {
        // Every text of up to six characters over an alphabet that holds all that matters.
        let alphabet = ["a", ",", "\"", "\n", "\r"];
        let mut checked = 0;
        for length in 0..=6u32 {
            for mut number in 0..5usize.pow(length) {
                let text: String = (0..length)
                    .map(|_| {
                        let letter = alphabet[number % 5];
                        number /= 5;
                        letter
                    })
                    .collect();
                checked += usize::from(agrees_on(&text));
            }
        }
        assert!(checked > 5_000, "{checked}");
    }

    /// Compares record by record; answers whether the text is one that both must read alike.
    fn agrees_on(text: &str) -> bool {
        let (mut rest, mut ours) = (text, Vec::new());
        while !rest.is_empty() {
            let blank = line_end(rest.as_bytes());
            if blank > 0 {
                rest = &rest[blank..];
                continue;
            }
            // The csv crate is lenient about stray and unclosed quotes; this scan is not, on purpose.
            let Some((record, consumed)) = fields(rest, Quoting::Doubled) else { return false };
            ours.push(record);
            rest = &rest[consumed..];
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let theirs: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        assert_eq!(ours, theirs, "{text:?}");
        true
    }

    #[test]
    fn escaped_quotes_and_backslashes_are_read() {
        let (record, _) = fields(r#""say \"hi\"","C:\\","a\b""#, Quoting::Escaped).unwrap();
        assert_eq!(record, [r#"say "hi""#, r"C:\", r"a\b"]);
    }

    #[test]
    fn stray_quotes_are_kept_as_text() {
        let (record, _) = fields(r#"2,"The "best" book",x"#, Quoting::Stray).unwrap();
        assert_eq!(record, ["2", r#"The "best" book"#, "x"]);
        assert_eq!(fields(r#"2,"The "best" book",x"#, Quoting::Doubled), None);
    }

    #[test]
    fn no_answer_depends_on_bytes_that_are_not_there_yet() {
        let text = "1,\"a \"\"b\"\"\r\nc\",d\r\n2,x,y\r\n";
        let whole = scan(text.as_bytes(), b',', Quoting::Doubled, true, |_| ());
        for cut in 0..text.len() {
            match scan(&text.as_bytes()[..cut], b',', Quoting::Doubled, false, |_| ()) {
                Scan::Incomplete => {}
                answer => assert_eq!(answer, whole, "cut at {cut}"),
            }
        }
    }
}
