//! The rows of a Parquet file as JSON Lines, so that they go the way of every other record.

use std::io::{self, Read};
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::datatypes::{DataType, Schema};
use arrow_json::LineDelimitedWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use tamiz_domain::{FileProblem, RejectReason};

use crate::columns::{Field, FieldNames};

/// Rows decoded at once.
const BATCH_ROWS: usize = 256;
/// Last bytes of a Parquet file.
const END_MARK: &[u8] = b"PAR1";

/// Reads the columns that have a known name, row after row. Holds some pages of each column and the lines of a few
/// hundred rows, whatever the size of the file and its row groups.
pub(crate) struct ParquetLines {
    batches: ParquetRecordBatchReader,
    /// Names of all columns, those that are not read, too.
    pub columns: Vec<String>,
    lines: Vec<u8>,
    /// Where the part of `lines` starts that was not handed out yet.
    start: usize,
}

impl ParquetLines {
    /// Opens a file.
    ///
    /// # Errors
    /// Why it cannot be read: it is damaged or encrypted, lacks the column of the text, or holds something else than
    /// text, numbers and dates in a column that is to be read.
    pub(crate) fn open<C: ChunkReader + 'static>(chunks: C, names: &FieldNames) -> Result<Self, FileProblem> {
        check_end(&chunks)?;
        let builder =
            contained(|| ParquetRecordBatchReaderBuilder::try_new(chunks)).map_err(|error| damaged(&error))?;
        let positions = positions(builder.schema(), names)?;
        let columns = builder.schema().fields().iter().map(|column| column.name().clone()).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), positions);
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
        let batches = contained(|| builder.build()).map_err(|error| damaged(&error))?;
        Ok(Self { batches, columns, lines: Vec::new(), start: 0 })
    }
}

impl Read for ParquetLines {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.start == self.lines.len() {
            self.start = 0;
            self.lines.clear();
            let mut writer = LineDelimitedWriter::new(take(&mut self.lines));
            let mut next = || match self.batches.next() {
                None => Ok(false),
                Some(batch) => batch.and_then(|batch| writer.write(&batch)).map(|()| true).map_err(ParquetError::from),
            };
            let is_more = contained(&mut next).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            self.lines = writer.into_inner();
            if !is_more {
                return Ok(0);
            }
        }
        let count = (&self.lines[self.start..]).read(out)?;
        self.start += count;
        Ok(count)
    }
}

/// The reader panics on some damaged files, which would end the run: to panic is but another way to say that a file is damaged. Whoever
/// gets an error reads no further, so nobody sees what a panic has left half done.
fn contained<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(ParquetError::General("the reader gave up".into())))
}

/// A Parquet file says at its end where everything is: without the end, nothing of it can be read.
fn check_end(chunks: &impl ChunkReader) -> Result<(), FileProblem> {
    let from = chunks.len().saturating_sub(END_MARK.len() as u64);
    match chunks.get_bytes(from, END_MARK.len()) {
        Ok(end) if end == END_MARK => Ok(()),
        _ => Err(problem(RejectReason::TruncatedFile, "a Parquet file is good only with its end, which is missing")),
    }
}

/// Positions of the columns to read.
fn positions(schema: &Schema, names: &FieldNames) -> Result<Vec<usize>, FileProblem> {
    let mut positions = Vec::new();
    let mut has_text = false;
    for (position, column) in schema.fields().iter().enumerate() {
        let Some((field, _)) = names.find(column.name()) else { continue };
        if !is_readable(column.data_type(), field) {
            let detail = format!("column `{}` is of type {}", column.name(), column.data_type());
            return Err(problem(RejectReason::UnsupportedColumn, detail));
        }
        has_text |= field == Field::Text;
        positions.push(position);
    }
    if has_text {
        return Ok(positions);
    }
    let seen: Vec<&str> = schema.fields().iter().map(|column| column.name().as_str()).collect();
    Err(problem(RejectReason::MissingColumn, format!("its columns are `{}`", seen.join("`, `"))))
}

/// Whether values become JSON that the field can be read from. Of lists there are only the helpful votes of 2014:
/// `[2, 3]`.
fn is_readable(kind: &DataType, field: Field) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_readable(values, field),
        DataType::List(item) | DataType::LargeList(item) => {
            field == Field::HelpfulVote && item.data_type().is_primitive()
        }
        DataType::Null | DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        other => other.is_primitive(),
    }
}

fn damaged(error: &ParquetError) -> FileProblem {
    problem(RejectReason::CorruptFile, format!("its footer cannot be read: {error}"))
}

fn problem(reason: RejectReason, detail: impl Into<String>) -> FileProblem {
    FileProblem { reason, detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, BinaryArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampMillisecondArray,
    };
    use arrow::datatypes::Int64Type;
    use bytes::Bytes;
    use parquet::arrow::ArrowWriter;
    use parquet::basic::Encoding;
    use parquet::file::properties::{EnabledStatistics, WriterProperties};
    use tamiz_domain::Columns;

    use super::*;

    fn parquet(columns: Vec<(&str, ArrayRef)>) -> Bytes {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap().into()
    }

    fn open(file: Bytes) -> Result<ParquetLines, FileProblem> {
        ParquetLines::open(file, &FieldNames::new(&Columns::default()))
    }

    fn refusal(file: Bytes) -> (&'static str, String) {
        let problem = open(file).err().unwrap();
        (problem.reason.code(), problem.detail)
    }

    fn texts(values: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    #[test]
    fn known_columns_become_lines_of_json() {
        let helpful = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(2), Some(3)]), None]);
        let file = parquet(vec![
            ("Rating", Arc::new(Float64Array::from(vec![Some(5.0), None]))),
            ("image", texts(&["unread", "unread"])),
            ("text", texts(&["a\n\"b\"", "ñ"])),
            ("helpful", Arc::new(helpful)),
            ("timestamp", Arc::new(TimestampMillisecondArray::from(vec![1_436_400_000_000, 0]))),
        ]);
        let mut lines = String::new();
        open(file).unwrap().read_to_string(&mut lines).unwrap();
        let first = r#"{"Rating":5.0,"text":"a\n\"b\"","helpful":[2,3],"timestamp":"2015-07-09T00:00:00"}"#;
        assert_eq!(lines, format!("{first}\n{{\"text\":\"ñ\",\"timestamp\":\"1970-01-01T00:00:00\"}}\n"));
    }

    #[test]
    fn columns_that_cannot_be_read_are_named() {
        let binary: ArrayRef = Arc::new(BinaryArray::from(vec![&b"a"[..]]));
        assert_eq!(
            refusal(parquet(vec![("text", binary)])),
            ("unsupported_column", "column `text` is of type Binary".to_owned())
        );
        assert_eq!(
            refusal(parquet(vec![("rating", texts(&["5"])), ("id", texts(&["1"]))])),
            ("missing_column", "its columns are `rating`, `id`".to_owned())
        );
    }

    #[test]
    fn damaged_files_are_refused_or_break_and_never_panic() {
        let rows = 2_000;
        let values: Vec<String> = (0..rows).map(|row| format!("text number {row}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let file = parquet(vec![("text", texts(&values)), ("vote", Arc::new(Int64Array::from_iter_values(0..rows)))]);
        assert_eq!(refusal(file.slice(..file.len() / 2)).0, "truncated_file");
        for place in (4..file.len() - 4).step_by(7) {
            let mut damaged = file.to_vec();
            damaged[place] ^= 0xff;
            if let Ok(mut lines) = open(damaged.into()) {
                let _ = lines.read_to_end(&mut Vec::new());
            }
        }
    }

    /// Found by fuzzing: widths of numbers that place what follows behind the end of the page.
    #[test]
    fn a_page_over_which_the_reader_panics_breaks_the_file_and_not_the_run() {
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_encoding(Encoding::DELTA_BYTE_ARRAY)
            .set_statistics_enabled(EnabledStatistics::None);
        let batch = RecordBatch::try_from_iter([("text", texts(&["one", "two", "one"]))]).unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
        writer.write(&batch).unwrap();
        let file = writer.into_inner().unwrap();
        // Blocks of 128 numbers in 4 parts, 3 numbers, the first of which is 0; then the least difference, and the widths.
        let block = [0x80, 0x01, 0x04, 0x03, 0x00];
        let start = file.windows(block.len()).position(|bytes| bytes == block).unwrap();
        let mut damaged = file.clone();
        damaged[start + block.len() + 1] = 64;
        let error = open(damaged.into()).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }
}
