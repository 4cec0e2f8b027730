//! Records on their way through the workers.

use std::sync::Arc;

use crate::read::framing::{Fault, Reading};
use crate::read::record_reader::RawRecord;
use crate::read::shape::Shape;

/// Records in a batch at most. Batches are cut by records and their bytes alone, never by threads or reads: a batch becomes
/// a row group, and the same input must give the same bytes.
const BATCH_RECORDS: usize = 8_192;
/// Bytes from which on a batch is full. A worker needs about six times as much memory for it.
const BATCH_BYTES: usize = 2 << 20;

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
        Self { file, first_row, bytes: Vec::with_capacity(BATCH_BYTES), records: Vec::new() }
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

    pub(crate) fn num_bytes(&self) -> usize {
        self.bytes.len()
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
        let start = index.checked_sub(1).map_or(0, |before| self.records[before].end);
        let BatchRecord { end, offset, reading } = &self.records[index];
        let offset = self.file.shape.has_offsets().then_some(*offset);
        RowRecord { row, offset, raw: &self.bytes[start..*end], reading }
    }

    /// Each record, in order.
    pub(crate) fn records(&self) -> impl Iterator<Item = RowRecord<'_>> {
        (self.first_row..self.next_row()).map(|row| self.record(row))
    }
}
