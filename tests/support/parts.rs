//! Looking into Parquet parts.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Int8Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Every row of the parts of a folder, in order.
pub fn read_parts(folder: &Path) -> RecordBatch {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let batches: Vec<RecordBatch> = paths
        .iter()
        .flat_map(|path| ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap())
        .map(Result::unwrap)
        .collect();
    assert!(!batches.is_empty(), "no rows in {}", folder.display());
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// A column of strings (dictionaries too); null becomes the empty string.
pub fn column_of_strings(rows: &RecordBatch, name: &str) -> Vec<String> {
    let column = rows.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
    let plain = cast(column, &DataType::Utf8).unwrap();
    plain.as_string::<i32>().iter().map(|value| value.unwrap_or_default().to_owned()).collect()
}

/// A column of labels.
pub fn column_of_labels(rows: &RecordBatch, name: &str) -> Vec<Option<i8>> {
    let column = rows.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
    assert_eq!(column.data_type(), &DataType::Int8);
    column.as_primitive::<Int8Type>().iter().collect()
}
