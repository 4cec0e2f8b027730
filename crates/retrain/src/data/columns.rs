//! From a batch of a Parquet file to the columns that a training uses. Pure.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int8Array, RecordBatch, StringArray, UInt64Array, new_null_array,
};
use arrow::compute::{CastOptions, and, cast, cast_with_options, filter_record_batch, is_not_null};
use arrow::datatypes::{DataType, Field, Int8Type, Schema, SchemaRef, UInt64Type};
use arrow::error::ArrowError;

use super::entities::{NamedSpan, are_entities, spans, uniform};

/// Column of the review.
const TEXT: &str = "text";
/// Columns that a file may lack: id, provenance, and what rows have in common.
const OPTIONAL: [(&str, DataType); 5] = [
    ("review_id", DataType::Utf8),
    ("source", DataType::Utf8),
    ("row", DataType::UInt64),
    ("language", DataType::Utf8),
    ("verified_purchase", DataType::Boolean),
];

/// What becomes of a labelled row: text, label, and the optional columns, null where the file lacks them. The label is a number, a name
/// that gets its number when all are known, or a list of entities. Before unlabelled rows are left out, `may_lack_them` is true of text and
/// label.
fn schema(label: DataType, may_lack_them: bool) -> SchemaRef {
    let optional = OPTIONAL.map(|(name, kind)| Field::new(name, kind, true));
    let own = [Field::new(TEXT, DataType::Utf8, may_lack_them), Field::new("label", label, may_lack_them)];
    Arc::new(Schema::new(own.into_iter().chain(optional).collect::<Vec<_>>()))
}

static NUMBERED: LazyLock<SchemaRef> = LazyLock::new(|| schema(DataType::Int8, false));

/// The columns to read of a file that labels rows in the column `label`.
pub(super) fn wanted(label: &str) -> impl Iterator<Item = &str> {
    [TEXT, label].into_iter().chain(OPTIONAL.iter().map(|(name, _)| *name))
}

/// The labels of a batch, as they are told apart.
#[derive(Debug, Clone)]
pub(super) enum Labels {
    /// Numbers in -127 to 127.
    Numbers(Int8Array),
    /// Names of classes.
    Names(StringArray),
    /// Entities of each row.
    Entities(Vec<Vec<NamedSpan>>),
}

/// How labels are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Numbers,
    Names,
    Entities,
}

impl Form {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Names => "names",
            Self::Entities => "entities",
        }
    }
}

impl Labels {
    /// How they are told.
    pub fn form(&self) -> Form {
        match self {
            Self::Numbers(_) => Form::Numbers,
            Self::Names(_) => Form::Names,
            Self::Entities(_) => Form::Entities,
        }
    }
}

/// The labelled rows of a batch: text, label, optional columns. `before` is the number of rows that stand before it in its file.
///
/// # Errors
/// What is wrong with which column or row.
pub(super) fn labelled(batch: &RecordBatch, label: &str, before: u64) -> Result<(RecordBatch, Labels), String> {
    let labels = labels(column(batch, label)?, label)?;
    let text = cast_to(column(batch, TEXT)?, TEXT, &DataType::Utf8)?;
    let optional = OPTIONAL.map(|(name, kind)| match batch.column_by_name(name) {
        Some(column) => cast_to(column, name, &kind),
        None => Ok(new_null_array(&kind, batch.num_rows())),
    });
    let mut columns = vec![text, labels.clone()];
    columns.extend(optional.into_iter().collect::<Result<Vec<_>, _>>()?);
    let keep = || {
        let all = RecordBatch::try_new(schema(labels.data_type().clone(), true), columns)?;
        let keep = and(&is_not_null(all.column(0))?, &is_not_null(all.column(1))?)?;
        Ok((filter_record_batch(&all, &keep)?, keep))
    };
    let (kept, keep) = keep().map_err(|error: ArrowError| error.to_string())?;
    let labels = match kept.column(1).data_type() {
        DataType::Int8 => Labels::Numbers(kept.column(1).as_primitive::<Int8Type>().clone()),
        DataType::Utf8 => Labels::Names(kept.column(1).as_string::<i32>().clone()),
        _ => Labels::Entities(spans(kept.column(1), kept.column(0).as_string()).map_err(|(row, why)| {
            let row = (0..keep.len()).filter(|&row| keep.value(row)).nth(row).unwrap_or(row);
            format!("in row {}, {why}", before + row as u64 + 1)
        })?),
    };
    Ok((kept, labels))
}

/// The same batch with every label as a number.
pub(super) fn numbered(batch: &RecordBatch, labels: Int8Array) -> Result<RecordBatch, ArrowError> {
    let mut columns = batch.columns().to_vec();
    columns[1] = Arc::new(labels);
    RecordBatch::try_new(NUMBERED.clone(), columns)
}

/// Schema of [`numbered`] batches.
pub(super) fn numbered_schema() -> SchemaRef {
    NUMBERED.clone()
}

/// A [`numbered`] batch with its columns by name and type.
#[derive(Debug)]
pub(super) struct Block {
    pub texts: StringArray,
    pub labels: Int8Array,
    pub ids: StringArray,
    pub sources: StringArray,
    pub numbers: UInt64Array,
    pub languages: StringArray,
    pub verified: BooleanArray,
}

impl Block {
    pub fn of(batch: &RecordBatch) -> Self {
        let text = |at: usize| batch.column(at).as_string::<i32>().clone();
        Self {
            texts: text(0),
            labels: batch.column(1).as_primitive::<Int8Type>().clone(),
            ids: text(2),
            sources: text(3),
            numbers: batch.column(4).as_primitive::<UInt64Type>().clone(),
            languages: text(5),
            verified: batch.column(6).as_boolean().clone(),
        }
    }
}

/// Whole numbers stay numbers; texts, and whether something is so, are names; lists are entities.
fn labels(column: &ArrayRef, name: &str) -> Result<ArrayRef, String> {
    match column.data_type() {
        kind if kind.is_integer() => cast_to(column, name, &DataType::Int8),
        DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            cast_to(column, name, &DataType::Utf8)
        }
        DataType::Dictionary(_, values) if values.is_string() => cast_to(column, name, &DataType::Utf8),
        kind if are_entities(kind) => uniform(column, name),
        other => Err(format!(
            "its column `{name}` is {other}, which cannot be a label: whole numbers, texts, booleans and lists of entities can"
        )),
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, String> {
    batch.column_by_name(name).ok_or_else(|| no_column(name))
}

/// What is wrong with a file without a column.
pub(super) fn no_column(name: &str) -> String {
    format!("it has no column `{name}`")
}

/// Casts strictly: a number that does not fit is an error, not a null.
pub(super) fn cast_to(column: &ArrayRef, name: &str, kind: &DataType) -> Result<ArrayRef, String> {
    // Dictionaries unpack to their values first; there is no cast from one to every type.
    let values = match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values),
        _ => Ok(column.clone()),
    };
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    values
        .and_then(|values| cast_with_options(&values, kind, &strict))
        .map_err(|error| format!("its column `{name}` is {}, not {kind}: {error}", column.data_type()))
}
