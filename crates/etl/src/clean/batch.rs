//! Records on their way through the workers.

use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::read::framing::{Fault, Reading};
use crate::read::record_reader::RawRecord;
use crate::read::shape::Shape;
use crate::tally::Tally;

/// Records in a batch at most. Batches are cut by records and their bytes alone, never by threads or reads: Parquet
/// pages end where batches end, and the same input must give the same bytes.
const BATCH_RECORDS: usize = 1_024;
/// Bytes from which on a batch is full.
const BATCH_BYTES: usize = 1 << 20;

/// The file that records come from.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Provenance.
    pub source: String,
    /// Beginning of its rows' review ids.
    pub id_prefix: String,
    pub shape: Shape,
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
    /// Where they begin in the file.
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
        Self { file, first_row, bytes: Vec::new(), records: Vec::new() }
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

    /// Row number of the record after the last one.
    pub(crate) fn next_row(&self) -> u64 {
        self.first_row + self.records.len() as u64
    }

    /// Each record, in order.
    pub(crate) fn records(&self) -> impl Iterator<Item = RowRecord<'_>> {
        let mut start = 0;
        self.records.iter().zip(self.first_row..).map(move |(BatchRecord { end, offset, reading }, row)| {
            let raw = &self.bytes[start..*end];
            start = *end;
            RowRecord { row, offset: self.file.shape.has_offsets().then_some(*offset), raw, reading }
        })
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct CleanBatch {
    pub rows: RecordBatch,
    /// None where nothing was rejected.
    pub rejected: Option<RecordBatch>,
    pub tally: Tally,
}
