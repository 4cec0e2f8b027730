//! Labelled rows of clean shards.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int8Type};
use futures::TryStreamExt;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use tamiz_ports::{ObjectUri, ParquetObject, StoreError, Stores};
use tamiz_telemetry::Shutdown;

use crate::RetrainError;

const TEXT: &str = "text";
const LABEL: &str = "label";

/// A labelled review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Title and body.
    pub text: String,
    /// Label value.
    pub label: i8,
}

/// Reads every labelled row of the given files, in order.
pub(crate) async fn read(
    stores: &dyn Stores,
    files: &[ObjectUri],
    shutdown: &Shutdown,
) -> Result<Vec<Row>, RetrainError> {
    let mut rows = Vec::new();
    for file in files {
        if shutdown.is_cancelled() {
            return Err(RetrainError::Stopped);
        }
        read_file(stores, file, &mut rows).await?;
    }
    Ok(rows)
}

async fn read_file(stores: &dyn Stores, file: &ObjectUri, rows: &mut Vec<Row>) -> Result<(), RetrainError> {
    let object = stores.open(file)?;
    if !object.exists("").await? {
        return Err(StoreError::NotFound { uri: file.to_string() }.into());
    }
    let broken =
        |source: Box<dyn std::error::Error + Send + Sync>| RetrainError::Shard { uri: file.to_string(), source };
    let reader = ParquetObject::new(object.store(), object.path(""));
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(|error| broken(Box::new(error)))?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), [TEXT, LABEL]);
    let mut batches = builder.with_projection(columns).build().map_err(|error| broken(Box::new(error)))?;
    while let Some(batch) = batches.try_next().await.map_err(|error| broken(Box::new(error)))? {
        add(&batch, rows).map_err(|why| broken(why.into()))?;
    }
    Ok(())
}

fn add(batch: &RecordBatch, rows: &mut Vec<Row>) -> Result<(), String> {
    let texts = column(batch, TEXT, &DataType::Utf8)?.as_string::<i32>();
    let labels = column(batch, LABEL, &DataType::Int8)?.as_primitive::<Int8Type>();
    let labelled = texts.iter().zip(labels.iter()).filter_map(|(text, label)| text.zip(label));
    rows.extend(labelled.map(|(text, label)| Row { text: text.to_owned(), label }));
    Ok(())
}

fn column<'a>(batch: &'a RecordBatch, name: &str, expected: &DataType) -> Result<&'a ArrayRef, String> {
    let column = batch.column_by_name(name).ok_or_else(|| format!("it has no column `{name}`"))?;
    if column.data_type() == expected {
        Ok(column)
    } else {
        Err(format!("its column `{name}` is {}, not {expected}", column.data_type()))
    }
}
