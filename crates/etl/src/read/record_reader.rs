//! A buffer over a stream that hands out whole records and never holds more than one record and one read.

use std::io::{self, Read};

use tamiz_domain::RejectReason;

use crate::read::framing::{Fault, Framed, Framing, Horizon, KEPT_BYTES, Reading, SEEN_BYTES};

/// Bytes asked of the stream at once.
const READ_BYTES: usize = 256 << 10;
/// Bytes of an oversized record that are looked at again together with those that follow, so that a place to go on at
/// which lies across two reads is seen.
const OVERLAP: usize = 1 << 10;

/// One record: its bytes without the line end, and how to read them.
#[derive(Debug)]
pub(crate) struct RawRecord<'a> {
    pub raw: &'a [u8],
    /// Bytes of the stream before it.
    pub offset: u64,
    pub reading: Result<Reading, Fault>,
}

/// Reads records from a stream.
pub(crate) struct RecordReader<R> {
    stream: R,
    buffer: Vec<u8>,
    start: usize,
    /// Bytes of the stream before the buffer.
    passed: u64,
    /// The last byte that was consumed and is no white space.
    last: Option<u8>,
    limit: usize,
    state: Stream,
}

/// Where the stream stands.
#[derive(Debug)]
enum Stream {
    Open,
    Ended,
    /// It broke; the bytes before the break are good.
    Broken(io::Error),
}

impl<R: Read> RecordReader<R> {
    /// Reads records of at most `limit` bytes.
    pub(crate) fn new(stream: R, limit: usize) -> Self {
        Self { stream, buffer: Vec::new(), start: 0, passed: 0, last: None, limit, state: Stream::Open }
    }

    /// The same, where the stream begins after `offset` bytes of the file.
    pub(crate) fn starting_at(self, offset: u64) -> Self {
        Self { passed: offset, ..self }
    }

    /// Up to `size` bytes from the current place on, without consuming them, and whether they are all there are.
    pub(crate) fn sample(&mut self, size: usize) -> (&[u8], bool) {
        while self.pending().len() < size && matches!(self.state, Stream::Open) {
            self.fill();
        }
        let is_all = self.pending().len() <= size && !matches!(self.state, Stream::Open);
        let pending = self.pending();
        (&pending[..pending.len().min(size)], is_all)
    }

    /// Passes over bytes that were seen in a sample.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// The last byte passed over that is no white space.
    pub(crate) fn last_byte(&self) -> Option<u8> {
        self.last
    }

    /// The next record, or none at the end of the stream. What lies between the last whole record and a break
    /// of the stream is a record of its own, rejected.
    pub(crate) fn next(&mut self, framing: &dyn Framing) -> Option<RawRecord<'_>> {
        loop {
            if self.pending().is_empty() {
                if !matches!(self.state, Stream::Open) {
                    return None;
                }
                self.fill();
                continue;
            }
            match framing.frame(&self.pending()[..self.visible()], self.horizon()) {
                Framed::Blank(length) => self.pass(length),
                Framed::Record { content, consumed, reading } => {
                    let reading = if self.is_cut_off(content) { Err(cut_off()) } else { reading };
                    let (from, offset) = (self.start, self.passed + self.start as u64);
                    self.pass(consumed);
                    return Some(RawRecord { raw: &self.buffer[from..from + content], offset, reading });
                }
                Framed::Incomplete if self.horizon() == Horizon::Limit => return Some(self.oversized(framing)),
                Framed::Incomplete => self.fill(),
            }
        }
    }

    /// Why the stream broke, if it did.
    pub(crate) fn into_break(self) -> Option<io::Error> {
        match self.state {
            Stream::Broken(error) => Some(error),
            Stream::Open | Stream::Ended => None,
        }
    }

    fn pending(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Bytes that a framing may see: beyond the limit nothing, so that its answer does not depend on how
    /// much happens to be in the buffer.
    fn visible(&self) -> usize {
        self.pending().len().min(self.limit)
    }

    fn horizon(&self) -> Horizon {
        if self.pending().len() > self.limit {
            Horizon::Limit
        } else if matches!(self.state, Stream::Open) {
            Horizon::Open
        } else {
            Horizon::End
        }
    }

    /// Whether a record ends where the stream broke: nobody knows what would have followed.
    fn is_cut_off(&self, content: usize) -> bool {
        matches!(self.state, Stream::Broken(_)) && content == self.pending().len()
    }

    fn pass(&mut self, bytes: usize) {
        let passed = self.buffer[self.start..self.start + bytes].iter().rev();
        self.last = passed.copied().find(|byte| !byte.is_ascii_whitespace()).or(self.last);
        self.start += bytes;
    }

    /// A record that is longer than the limit: its beginning is kept, the rest passed over.
    fn oversized(&mut self, framing: &dyn Framing) -> RawRecord<'_> {
        let offset = self.passed + self.start as u64;
        let kept = self.pending()[..self.limit.min(SEEN_BYTES)].to_vec();
        loop {
            if let Some(end) = framing.resume(self.pending()) {
                self.pass(end);
                break;
            }
            if !matches!(self.state, Stream::Open) {
                self.pass(self.pending().len());
                break;
            }
            self.pass(self.pending().len().saturating_sub(OVERLAP));
            self.fill();
        }
        let detail = format!("more than {} bytes; the first {} are kept", self.limit, kept.len().min(KEPT_BYTES));
        // The kept bytes go back in front of what follows, and are handed out from there.
        self.passed += self.start as u64;
        self.buffer.splice(..self.start, kept.iter().copied());
        self.start = kept.len();
        self.passed -= self.start as u64;
        let reading = Err(Fault::new(RejectReason::RecordTooLarge, detail));
        RawRecord { raw: &self.buffer[..self.start], offset, reading }
    }

    fn fill(&mut self) {
        self.passed += self.start as u64;
        self.buffer.drain(..self.start);
        self.start = 0;
        let old = self.buffer.len();
        // Doubling keeps the work on one huge record linear.
        let wanted = READ_BYTES.max(old);
        self.buffer.resize(old + wanted, 0);
        let mut filled = old;
        while filled < self.buffer.len() {
            match self.stream.read(&mut self.buffer[filled..]) {
                Ok(0) => self.state = Stream::Ended,
                Ok(count) => {
                    filled += count;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => self.state = Stream::Broken(error),
            }
            break;
        }
        self.buffer.truncate(filled);
    }
}

fn cut_off() -> Fault {
    Fault::new(RejectReason::TruncatedFile, "the file breaks off inside this record")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::csv_framing::CsvFraming;
    use crate::read::delimited::Quoting;
    use crate::read::json_framing::JsonFraming;
    use crate::read::line_framing::LineFraming;

    const LINES: LineFraming = LineFraming(Reading::Json);

    fn outcomes(stream: impl Read, limit: usize, framing: &dyn Framing) -> Vec<(String, &'static str)> {
        let mut reader = RecordReader::new(stream, limit);
        let mut found = Vec::new();
        while let Some(record) = reader.next(framing) {
            let outcome = record.reading.map_or_else(|fault| fault.reason.code(), |_| "ok");
            found.push((String::from_utf8_lossy(record.raw).into_owned(), outcome));
        }
        found
    }

    /// Gives its bytes a few at a time, and then an error.
    struct Breaking<'a>(&'a [u8]);

    impl Read for Breaking<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(out.len()).min(3);
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn a_record_over_the_limit_is_rejected_alone() {
        let text = format!("{{}}\n{}\n{{}}\n", "x".repeat(1_000_000));
        let found = outcomes(text.as_bytes(), 100, &LINES);
        assert_eq!(
            found.iter().map(|(raw, outcome)| (raw.len(), *outcome)).collect::<Vec<_>>(),
            [(2, "ok"), (100, "record_too_large"), (2, "ok")]
        );
    }

    #[test]
    fn one_huge_field_takes_no_more_memory_than_the_limit() {
        let huge = || io::repeat(b'x').take(100 << 20);
        for (before, after, framing) in [
            ("{}\n{\"a\": \"", "\"}\n{}\n", &LINES as &dyn Framing),
            ("[{}, {\"a\": \"", "\"}, {\"a\": 1}]", &JsonFraming),
        ] {
            let mut reader = RecordReader::new(before.as_bytes().chain(huge()).chain(after.as_bytes()), 1 << 20);
            let mut found = Vec::new();
            while let Some(record) = reader.next(framing) {
                found.push((record.offset, record.raw.len(), record.reading.is_ok()));
            }
            let [first, huge, last] = found[..] else { panic!("{found:?}") };
            assert!(first.2 && !huge.2 && last.2, "{found:?}");
            let line = before.find("{\"a").unwrap() as u64;
            assert_eq!((huge.0, huge.1), (line, SEEN_BYTES));
            assert_eq!(last.0, (before.len() + (100 << 20) + after.find('{').unwrap()) as u64);
            assert!(reader.buffer.capacity() < 4 << 20, "{}", reader.buffer.capacity());
        }
    }

    #[test]
    fn an_offset_is_where_the_record_begins_in_the_stream() {
        let text = format!("\n{}{{\"n\": 2}}\n\n{{\"n\": 3}}", "{\"number\": 1}\r\n".repeat(100_000));
        let mut reader = RecordReader::new(Breaking(text.as_bytes()), 1_000);
        let mut records = 0;
        while let Some(record) = reader.next(&LINES) {
            let from = record.offset as usize;
            assert_eq!(record.raw, &text.as_bytes()[from..from + record.raw.len()]);
            records += 1;
        }
        assert_eq!((records, reader.last_byte()), (100_002, Some(b'}')));
    }

    #[test]
    fn an_unclosed_quote_is_given_up_at_the_limit() {
        let framing = CsvFraming { delimiter: b',', quoting: Quoting::Doubled, num_fields: 2, number_field: None };
        let text = format!("\"a,b\n{}", "c,d\n".repeat(1_000_000));
        let found = outcomes(text.as_bytes(), 10_000, &framing);
        assert_eq!(found[0], ("\"a,b".to_owned(), "unbalanced_quote"));
        assert_eq!(found.len(), 1_000_001);
        assert!(found[1..].iter().all(|(_, outcome)| *outcome == "ok"));
    }

    #[test]
    fn records_before_a_break_are_good_and_the_one_in_it_is_rejected() {
        assert_eq!(
            outcomes(Breaking(b"{}\n{\"a\":1}\n{\"b\""), 100, &LINES),
            [("{}".into(), "ok"), ("{\"a\":1}".into(), "ok"), ("{\"b\"".into(), "truncated_file")]
        );
        assert_eq!(outcomes(Breaking(b"{}\n"), 100, &LINES), [("{}".into(), "ok")]);
    }
}
