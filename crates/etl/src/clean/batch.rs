//! Records on their way through the workers.

use std::ops::Range;
use std::sync::Arc;

use crate::read::framing::{Fault, Reading};
use crate::read::record_reader::RawRecord;
use crate::read::shape::Shape;

/// Records in a batch at most. Batches are cut by records and their bytes alone, never by threads or reads: a batch becomes
/// a row group, and the same input must give the same bytes.
const BATCH_RECORDS: usize = 8_192;
/// Bytes from which on a batch is full. Its row group, which the worker holds beside it, is about 1.6 times as large.
const BATCH_BYTES: usize = 2 << 20;

/// Bytes of a slice, about: its columns, about four times as large, stay in the processor's cache from the text to the page.
const SLICE_BYTES: usize = 128 << 10;
/// Most records that make a batch full need no more room than this.
const LAST_RECORD_BYTES: usize = 16 << 10;

/// The file that records come from.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Provenance.
    pub source: String,
    /// Beginning of its rows' review ids.
    pub id_prefix: String,
    pub shape: Shape,
    /// Whether reading may begin at any of its records.
    pub is_divisible: bool,
}

/// Records of one file, in order.
#[derive(Debug)]
pub(crate) struct RawBatch {
    pub file: Arc<SourceFile>,
    /// Row number of the first record.
    first_row: u64,
    bytes: Vec<u8>,
    records: Vec<BatchRecord>,
}

#[derive(Debug)]
struct BatchRecord {
    /// Where its bytes end in the batch.
    end: usize,
    /// Bytes of the unpacked file before it.
    offset: u64,
    reading: Result<Reading, Fault>,
}

/// A record of a batch.
pub(crate) struct RowRecord<'a> {
    pub row: u64,
    /// Bytes of the unpacked file before it; none where the file is not read as a stream.
    pub offset: Option<u64>,
    pub raw: &'a [u8],
    pub reading: &'a Result<Reading, Fault>,
}

impl RawBatch {
    pub(crate) fn new(file: Arc<SourceFile>, first_row: u64) -> Self {
        Self { file, first_row, bytes: Vec::with_capacity(BATCH_BYTES + LAST_RECORD_BYTES), records: Vec::new() }
    }

    pub(crate) fn push(&mut self, record: RawRecord<'_>) {
        self.bytes.extend_from_slice(record.raw);
        self.records.push(BatchRecord { end: self.bytes.len(), offset: record.offset, reading: record.reading });
    }

    pub(crate) fn is_full(&self) -> bool {
        self.records.len() >= BATCH_RECORDS || self.bytes.len() >= BATCH_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(crate) fn num_records(&self) -> usize {
        self.records.len()
    }

    /// Row number of the first record.
    pub(crate) fn first_row(&self) -> u64 {
        self.first_row
    }

    /// Bytes of the unpacked file before the first record.
    pub(crate) fn first_offset(&self) -> Option<u64> {
        self.records.first().map(|record| record.offset)
    }

    /// Row number of the record after the last one.
    pub(crate) fn next_row(&self) -> u64 {
        self.first_row + self.records.len() as u64
    }

    /// The record of this row number.
    pub(crate) fn record(&self, row: u64) -> RowRecord<'_> {
        let index = (row - self.first_row) as usize;
        let start = self.start(index);
        let BatchRecord { end, offset, reading } = &self.records[index];
        let offset = self.file.shape.has_offsets().then_some(*offset);
        RowRecord { row, offset, raw: &self.bytes[start..*end], reading }
    }

    /// Each record of these row numbers, in order.
    pub(crate) fn records(&self, rows: Range<u64>) -> impl Iterator<Item = RowRecord<'_>> {
        rows.map(|row| self.record(row))
    }

    /// Bytes of the records of these row numbers.
    pub(crate) fn num_bytes(&self, rows: &Range<u64>) -> usize {
        self.start((rows.end - self.first_row) as usize) - self.start((rows.start - self.first_row) as usize)
    }

    /// The records in slices that are worked on together, by row numbers.
    pub(crate) fn slices(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let mut first = 0;
        std::iter::from_fn(move || {
            let start = self.start(first);
            let rest = self.records.get(first..).filter(|rest| !rest.is_empty())?;
            let is_last = |record: &BatchRecord| record.end - start >= SLICE_BYTES;
            let end = rest.iter().position(is_last).map_or(self.records.len(), |last| first + last + 1);
            let rows = self.first_row + first as u64..self.first_row + end as u64;
            first = end;
            Some(rows)
        })
    }

    /// Where the bytes of a record start; for the one after the last, where all end.
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.records[before].end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(lengths: &[usize]) -> RawBatch {
        let shape = Shape::parquet();
        let file = SourceFile { source: "a.csv".to_owned(), id_prefix: "0".repeat(16), shape, is_divisible: false };
        let mut batch = RawBatch::new(Arc::new(file), 5);
        for &length in lengths {
            batch.push(RawRecord { raw: &vec![b'x'; length], offset: 0, reading: Ok(Reading::Json) });
        }
        batch
    }

    #[test]
    fn slices_are_cut_by_bytes_and_hold_every_record_once() {
        let lengths = [1, SLICE_BYTES, 7, 7, 3 * SLICE_BYTES, 0, 2];
        let batch = batch(&lengths);
        let slices: Vec<_> = batch.slices().collect();
        assert_eq!(slices, [5..7, 7..10, 10..12]);
        let bytes: Vec<usize> = slices.iter().map(|rows| batch.num_bytes(rows)).collect();
        assert_eq!(bytes, [SLICE_BYTES + 1, 3 * SLICE_BYTES + 14, 2]);
        let records = slices.into_iter().flat_map(|rows| batch.records(rows).map(|record| record.raw.len()));
        assert!(records.eq(lengths));
    }

    #[test]
    fn no_records_have_no_slices() {
        assert_eq!(batch(&[]).slices().count(), 0);
    }
}
