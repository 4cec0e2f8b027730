//! Reading Parquet parts back.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::CommandError;

/// Shows `see` the batches of all parts in order, with only the columns named.
pub fn for_each_batch(
    parts: &[PathBuf],
    columns: &[&str],
    mut see: impl FnMut(&RecordBatch) -> Result<(), ArrowError>,
) -> Result<(), CommandError> {
    for part in parts {
        read_part(part, columns, &mut see)
            .map_err(|source| CommandError::Show { place: part.display().to_string(), source })?;
    }
    Ok(())
}

fn read_part(
    part: &Path,
    columns: &[&str],
    see: &mut impl FnMut(&RecordBatch) -> Result<(), ArrowError>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(part)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    for batch in builder.with_projection(mask).build()? {
        see(&batch?)?;
    }
    Ok(())
}

/// A column by name.
pub fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, ArrowError> {
    batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("there is no column `{name}`")))
}

/// A column of text, which may be stored as a dictionary.
pub fn strings(batch: &RecordBatch, name: &str) -> Result<StringArray, ArrowError> {
    Ok(cast(column(batch, name)?, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// The value of a row, unless it is null.
pub fn string_at(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}
