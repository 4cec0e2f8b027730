//! Records of delimited text, with a way back after a quote that is never closed.

use memchr::{memchr_iter, memchr2};
use tamiz_domain::RejectReason;

use crate::read::delimited::{Extent, Quoting, Scan, line_end, scan};
use crate::read::framing::{Fault, Framed, Framing, Horizon, Reading};

/// Delimited records of one shape.
///
/// A record is taken as it stands when it reads well under the file's own quoting and has the header's number of
/// fields. One that does not is tried under the other escape, then with its quotes as plain text on its
/// own line. What still does not fit is rejected: as a whole where it is whole, otherwise (a quote is never closed)
/// its first line only, so that the lines after it are read as the records that they are.
#[derive(Debug, Clone)]
pub(crate) struct CsvFraming {
    pub delimiter: u8,
    pub quoting: Quoting,
    pub num_fields: usize,
    /// Position of a field that holds a number or nothing (class or stars), if the source has one.
    pub number_field: Option<usize>,
}

impl Framing for CsvFraming {
    fn frame(&self, bytes: &[u8], horizon: Horizon) -> Framed {
        let blank = line_end(bytes);
        if blank > 0 {
            return Framed::Blank(blank);
        }
        let at_end = horizon == Horizon::End;
        let first = scan(bytes, self.delimiter, self.quoting, at_end, |_| ());
        match first {
            Scan::Record(extent) if self.fits(bytes, &extent) => whole(&extent, self.quoting),
            Scan::Incomplete if horizon == Horizon::Open => Framed::Incomplete,
            broken => self.second_reading(bytes, horizon, broken),
        }
    }
}

impl CsvFraming {
    fn fits(&self, bytes: &[u8], extent: &Extent) -> bool {
        extent.num_fields == self.num_fields && !(extent.multiline && self.swallows_records(&bytes[..extent.content]))
    }

    fn second_reading(&self, bytes: &[u8], horizon: Horizon, first: Scan) -> Framed {
        let at_end = horizon == Horizon::End;
        let other = if self.quoting == Quoting::Escaped { Quoting::Doubled } else { Quoting::Escaped };
        match scan(bytes, self.delimiter, other, at_end, |_| ()) {
            Scan::Record(extent) if self.fits(bytes, &extent) => return whole(&extent, other),
            Scan::Incomplete if horizon == Horizon::Open => return Framed::Incomplete,
            _ => {}
        }
        let content = match memchr2(b'\n', b'\r', bytes) {
            Some(content) if at_end || content + 1 < bytes.len() => content,
            None if at_end => bytes.len(),
            _ => return Framed::Incomplete,
        };
        let line = Extent { content, consumed: content + line_end(&bytes[content..]), num_fields: 0, multiline: false };
        if let Scan::Record(alone) = scan(&bytes[..content], self.delimiter, Quoting::Stray, true, |_| ())
            && alone.num_fields == self.num_fields
        {
            return whole(&line, Quoting::Stray);
        }
        match first {
            Scan::Record(extent) if !(extent.multiline && self.swallows_records(&bytes[..extent.content])) => {
                rejected(&extent, self.wrong_number(extent.num_fields))
            }
            _ => rejected(&line, unbalanced()),
        }
    }

    /// Whether each line of a record with line breaks reads as a record of its own, with a number where one belongs:
    /// then a quote was never closed, and what looks like one long field is several records.
    fn swallows_records(&self, content: &[u8]) -> bool {
        let Some(number_field) = self.number_field else { return false };
        let mut lines = content.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
        let Some(first) = lines.next() else { return false };
        let mut following = lines.peekable();
        following.peek().is_some()
            && self.num_fields_of_open_line(first) >= self.num_fields
            && following.all(|line| self.is_record(line, number_field))
    }

    fn is_record(&self, line: &[u8], number_field: usize) -> bool {
        let (mut index, mut has_number) = (0, false);
        let scanned = scan(line, self.delimiter, Quoting::Stray, true, |field| {
            if index == number_field {
                has_number = is_number_or_empty(&line[field.start..field.end]);
            }
            index += 1;
        });
        has_number && matches!(scanned, Scan::Record(extent) if extent.num_fields == self.num_fields)
    }

    /// Number of fields of a line, were a quote that it leaves open plain text.
    fn num_fields_of_open_line(&self, line: &[u8]) -> usize {
        let (mut num_fields, mut end) = (0, 0);
        let scanned = scan(line, self.delimiter, Quoting::Stray, true, |field| {
            num_fields += 1;
            end = field.end + usize::from(field.quoted) + 1;
        });
        match scanned {
            Scan::Record(extent) => extent.num_fields,
            _ => num_fields + 1 + memchr_iter(self.delimiter, line.get(end..).unwrap_or_default()).count(),
        }
    }

    fn wrong_number(&self, seen: usize) -> Fault {
        let fields = if seen == 1 { "field" } else { "fields" };
        Fault::new(RejectReason::WrongNumberOfFields, format!("{seen} {fields} instead of {}", self.num_fields))
    }
}

fn is_number_or_empty(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| text.trim().is_empty() || text.trim().parse::<f64>().is_ok())
}

fn whole(extent: &Extent, quoting: Quoting) -> Framed {
    let reading = Ok(Reading::Delimited(quoting));
    Framed::Record { content: extent.content, consumed: extent.consumed, reading }
}

fn rejected(extent: &Extent, fault: Fault) -> Framed {
    Framed::Record { content: extent.content, consumed: extent.consumed, reading: Err(fault) }
}

fn unbalanced() -> Fault {
    Fault::new(
        RejectReason::UnbalancedQuote,
        "a quote opens a field and is never closed; reading goes on with the next line",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMING: CsvFraming =
        CsvFraming { delimiter: b',', quoting: Quoting::Doubled, num_fields: 3, number_field: Some(0) };

    /// Each record as its text and, for a rejected one, the reason's code.
    fn records(mut text: &str) -> Vec<(&str, &'static str)> {
        let mut found = Vec::new();
        while !text.is_empty() {
            match FRAMING.frame(text.as_bytes(), Horizon::End) {
                Framed::Blank(length) => text = &text[length..],
                Framed::Record { content, consumed, reading } => {
                    found.push((&text[..content], reading.map_or_else(|fault| fault.reason.code(), |_| "ok")));
                    text = &text[consumed..];
                }
                Framed::Incomplete => panic!("incomplete at the end of the input"),
            }
        }
        found
    }

    #[test]
    fn an_unclosed_quote_costs_its_own_line_only() {
        for rest in [["2,t,x", "1,u,y"], ["2,\"t\",\"x\"", "1,\"\",\"y\""], ["2,t,5\"", "1,u,y"], ["2,t,\"x\"", "1,,"]]
        {
            let text = format!("1,a,\"never closed\n{}\n{}\n", rest[0], rest[1]);
            assert_eq!(
                records(&text),
                [("1,a,\"never closed", "unbalanced_quote"), (rest[0], "ok"), (rest[1], "ok")],
                "{rest:?}"
            );
        }
    }

    #[test]
    fn line_breaks_inside_closed_quotes_belong_to_the_record() {
        let text = "1,a,\"one\r\ntwo, three\n\nfour\"\n2,b,c\n";
        assert_eq!(records(text), [("1,a,\"one\r\ntwo, three\n\nfour\"", "ok"), ("2,b,c", "ok")]);
    }

    #[test]
    fn a_title_with_a_line_break_before_the_other_fields_is_no_unclosed_quote() {
        let framing = CsvFraming { number_field: Some(2), ..FRAMING };
        let record = "\"A title\nin two lines\",body,2";
        let text = format!("{record}\nother,body,1\n");
        let Framed::Record { content, reading, .. } = framing.frame(text.as_bytes(), Horizon::End) else { panic!() };
        assert_eq!((content, reading), (record.len(), Ok(Reading::Delimited(Quoting::Doubled))));
    }

    #[test]
    fn each_record_may_escape_its_quotes_in_its_own_way() {
        let text = "1,\"a \"\"b\"\"\",c\n2,\"a \\\"b\\\"\",c\n1,\"a \"b\" c\",d\n";
        assert!(records(text).iter().all(|(_, outcome)| *outcome == "ok"), "{:?}", records(text));
    }

    #[test]
    fn missing_and_extra_fields_are_rejected_one_by_one() {
        let text = "1,a\n2,b,c\n1,b,c,d\n";
        assert_eq!(
            records(text),
            [("1,a", "wrong_number_of_fields"), ("2,b,c", "ok"), ("1,b,c,d", "wrong_number_of_fields")]
        );
    }

    #[test]
    fn every_kind_of_line_end_ends_a_record() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["1,a,b", "2,c,d", ""].join(end);
            assert_eq!(records(&text), [("1,a,b", "ok"), ("2,c,d", "ok")], "{end:?}");
        }
    }

    #[test]
    fn answers_do_not_depend_on_how_much_was_read() {
        let text = "1,a,\"x \\\"y\\\" z\"\n2,b,\"open\n1,c,d\n".as_bytes();
        let mut rest = text;
        while !rest.is_empty() {
            let whole = FRAMING.frame(rest, Horizon::End);
            for cut in 1..rest.len() {
                let part = FRAMING.frame(&rest[..cut], Horizon::Open);
                assert!(part == Framed::Incomplete || part == whole, "{cut}: {part:?} and then {whole:?}");
            }
            let (Framed::Record { consumed, .. } | Framed::Blank(consumed)) = whole else { panic!("incomplete") };
            rest = &rest[consumed..];
        }
    }
}
