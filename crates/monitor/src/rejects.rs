//! Examples of rejected records, as shapes: a reader sees where a quote or a field is missing, and nobody's words.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, UInt64Type};
use futures::TryStreamExt;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::ParquetError;
use tamiz_domain::{Disposed, Disposition, EtlReport, PartEntry};
use tamiz_ports::{Folder, ParquetObject, StoreError};

/// Parts that examples are looked for in.
const MOST_PARTS: usize = 8;
/// Records of a part that are looked at.
const MOST_RECORDS: usize = 2_000;
/// Records decoded at once; one may have 64 KiB.
const BATCH_ROWS: usize = 64;
/// Examples of a reason.
const EXAMPLES: usize = 2;
/// Characters of an example.
const SHOWN: usize = 72;

/// A rejected record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Example {
    /// The file.
    pub(crate) source: String,
    /// The record's number in it.
    pub(crate) row: u64,
    /// Its beginning, every letter an `x` and every digit a `9`.
    pub(crate) shape: String,
}

/// Examples by the code of their reason.
pub(crate) type Examples = BTreeMap<String, Vec<Example>>;

/// Looks for examples of each reason. They only illustrate, so a part that is missing or damaged is logged and left out.
///
/// # Errors
/// [`StoreError`] where the store does not answer: what a report holds must not depend on that.
pub(crate) async fn examples(run: &Folder, etl: &EtlReport) -> Result<Examples, StoreError> {
    let step = etl.rejected.len().div_ceil(MOST_PARTS).max(1);
    let mut found = Examples::new();
    for part in etl.rejected.iter().step_by(step) {
        if let Err(error) = add_part(run, part, etl.rejected_by_reason.len(), &mut found).await {
            let error = unanswered(error, &run.uri_of(&part.path))?;
            tracing::warn!(part = part.path, error, "left out the examples of a part of rejected records");
        }
    }
    Ok(found)
}

/// What an error says, unless it is the store's and another attempt may do better.
fn unanswered(error: ParquetError, uri: &str) -> Result<String, StoreError> {
    let ParquetError::External(source) = error else { return Ok(error.to_string()) };
    let error = match source.downcast::<object_store::Error>() {
        Ok(error) => StoreError::of("read", uri, *error),
        Err(other) => return Ok(other.to_string()),
    };
    if error.disposition() == Disposition::Retry { Err(error) } else { Ok(error.to_string()) }
}

/// Adds the examples of a part until there are enough of so many reasons.
async fn add_part(run: &Folder, part: &PartEntry, reasons: usize, found: &mut Examples) -> Result<(), ParquetError> {
    let reader = ParquetObject::new(run.store(), run.path(&part.path));
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), ["source", "row", "reason", "raw"]);
    let mut batches = builder.with_projection(columns).with_limit(MOST_RECORDS).with_batch_size(BATCH_ROWS).build()?;
    while let Some(batch) = batches.try_next().await? {
        add_batch(&batch, found)?;
        if found.len() >= reasons && found.values().all(|examples| examples.len() >= EXAMPLES) {
            break;
        }
    }
    Ok(())
}

fn add_batch(batch: &RecordBatch, found: &mut Examples) -> Result<(), ParquetError> {
    let column = |name: &str, data_type: &DataType| {
        let column = batch.column_by_name(name);
        let column = column.ok_or_else(|| ParquetError::General(format!("there is no column `{name}`")))?;
        arrow::compute::cast(column, data_type).map_err(ParquetError::from)
    };
    let (sources, reasons) = (column("source", &DataType::Utf8)?, column("reason", &DataType::Utf8)?);
    let (rows, raw) = (column("row", &DataType::UInt64)?, column("raw", &DataType::Binary)?);
    for at in (0..batch.num_rows()).filter(|&at| reasons.is_valid(at)) {
        let examples = found.entry(reasons.as_string::<i32>().value(at).to_owned()).or_default();
        if examples.len() < EXAMPLES {
            examples.push(Example {
                source: sources.as_string::<i32>().value(at).to_owned(),
                row: rows.as_primitive::<UInt64Type>().value(at),
                shape: shape(raw.as_binary::<i32>().value(at)),
            });
        }
    }
    Ok(())
}

/// The beginning of a record without what it says.
fn shape(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(8 * SHOWN)]);
    let masked = text.chars().map(|c| match c {
        _ if c.is_uppercase() => 'X',
        _ if c.is_alphabetic() => 'x',
        _ if c.is_numeric() => '9',
        '\t' => '⇥',
        _ if c.is_ascii_graphic() || c == ' ' => c,
        _ if c.is_control() => '␣',
        _ => '·',
    });
    let shown: String = masked.take(SHOWN).collect();
    let is_cut = text.chars().nth(SHOWN).is_some() || raw.len() > 8 * SHOWN;
    if is_cut { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::test_support::cleaned;
    use arrow::array::{BinaryArray, StringArray, UInt64Array};
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use parquet::arrow::ArrowWriter;
    use tamiz_domain::RejectReason;
    use tamiz_ports::{Fault, FaultyStore, MemoryStores, Moment, Operation, Stores};

    #[test]
    fn a_shape_says_nothing_but_where_things_are() {
        assert_eq!(shape("4,\"Anna's Café\", 12.5\t😀\u{0}".as_bytes()), "9,\"Xxxx'x Xxxx\", 99.9⇥·␣");
        assert_eq!(shape(b"\xff\xfe"), "··");
        assert_eq!(shape("ab ".repeat(500).as_bytes()).chars().count(), SHOWN + 1);
        assert_eq!(shape(b""), "");
    }

    #[tokio::test]
    async fn each_reason_has_its_first_records_as_examples() {
        let records = 5_u64;
        let batch = RecordBatch::try_from_iter([
            ("source", Arc::new(StringArray::from(vec!["a.csv"; 5])) as _),
            ("row", Arc::new(UInt64Array::from_iter_values(1..=records)) as _),
            (
                "reason",
                Arc::new(StringArray::from(vec!["bad_label", "no_text", "bad_label", "bad_label", "no_text"])) as _,
            ),
            ("raw", Arc::new(BinaryArray::from_iter_values((0..records).map(|n| format!("secret {n}")))) as _),
        ])
        .unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        let stores = MemoryStores::default();
        let run = stores.open(&"s3://staging/runs/a".parse().unwrap()).unwrap();
        let mut etl = cleaned(&[("a.csv", 3, records)]);
        etl.rejected_by_reason = [(RejectReason::EmptyFile, 3), (RejectReason::CorruptFile, 2)].into();
        run.write(&etl.rejected[0].path, writer.into_inner().unwrap()).await.unwrap();
        let found = examples(&run, &etl).await.unwrap();
        let rows = |reason: &str| found[reason].iter().map(|example| example.row).collect::<Vec<_>>();
        assert_eq!((rows("bad_label"), rows("no_text")), (vec![1, 3], vec![2, 5]));
        assert_eq!(found["no_text"][0].shape, "xxxxxx 9");

        etl.rejected[0].path = "rejected/missing.parquet".into();
        assert!(examples(&run, &etl).await.unwrap().is_empty(), "what is missing keeps nothing back");
    }

    #[tokio::test]
    async fn a_store_that_does_not_answer_is_asked_again() {
        let fault = Fault { operation: Operation::Get, nth: 1, moment: Moment::Before };
        let silent = Arc::new(FaultyStore::new(Arc::new(InMemory::new()), vec![fault]));
        let run = Folder::new(silent, Path::from("runs/a"), "s3://staging/runs/a".parse().unwrap());
        let error = examples(&run, &cleaned(&[("a.csv", 3, 2)])).await.unwrap_err();
        assert_eq!(error.disposition(), Disposition::Retry, "{error}");
    }
}
