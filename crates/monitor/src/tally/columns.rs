//! Columns of a batch of predictions, in the types that are counted.

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Float32Array, Int8Array, ListArray, RecordBatch};
use arrow::array::{BooleanArray, UInt32Array};
use arrow::datatypes::{DataType, Float32Type, Int8Type, Int32Type, Schema, UInt32Type};
use arrow::error::ArrowError;
use tamiz_domain::{length_class, schema};

/// The columns that every part has.
const REQUIRED: [&str; 5] = ["source", "label", "predicted", "confidence", "outcome"];
/// Columns that a part may have: of an earlier version, or with other columns passed through, it lacks some.
const OPTIONAL: [&str; 6] = ["scores", "num_characters", "num_tokens", "unknown_share", "sentiment", "language"];
/// Columns of few values that say nothing of a review.
const NO_SLICES: [&str; 4] = ["source", "outcome", "sentiment", "truncated"];
/// Distinct values from which on a column makes no slices.
const MOST_SLICES: usize = 50;

/// The names of the columns to read of a part: those that are counted, and those whose values make slices.
pub(crate) fn wanted(schema: &Schema) -> Vec<&str> {
    let is_wanted = |name: &str| REQUIRED.contains(&name) || OPTIONAL.contains(&name) || makes_slices(schema, name);
    schema.fields().iter().map(|field| field.name().as_str()).filter(|name| is_wanted(name)).collect()
}

fn makes_slices(schema: &Schema, name: &str) -> bool {
    let of_few = |data_type: &DataType| matches!(data_type, DataType::Dictionary(..) | DataType::Boolean);
    !NO_SLICES.contains(&name) && schema.field_with_name(name).is_ok_and(|field| of_few(field.data_type()))
}

/// The columns of a batch.
pub(super) struct Columns {
    pub source: Words,
    pub outcome: Words,
    pub label: Int8Array,
    pub predicted: Int8Array,
    pub confidence: Float32Array,
    pub scores: Option<ListArray>,
    pub num_characters: Option<UInt32Array>,
    pub num_tokens: Option<UInt32Array>,
    pub unknown_share: Option<Float32Array>,
    pub sentiment: Option<Words>,
    pub language: Option<Words>,
}

impl Columns {
    /// # Errors
    /// [`ArrowError`] naming a column that is missing or of another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let optional = |name: &str, data_type: &DataType| -> Result<Option<ArrayRef>, ArrowError> {
            batch.column_by_name(name).map(|_| column(batch, name, data_type)).transpose()
        };
        let words = |name: &str| -> Result<Option<Words>, ArrowError> {
            batch.column_by_name(name).map(|_| Words::of(batch, name)).transpose()
        };
        let numbers = |name: &str| -> Result<Option<UInt32Array>, ArrowError> {
            Ok(optional(name, &DataType::UInt32)?.map(|column| column.as_primitive::<UInt32Type>().clone()))
        };
        Ok(Self {
            source: Words::of(batch, "source")?,
            outcome: Words::of(batch, "outcome")?,
            label: column(batch, "label", &DataType::Int8)?.as_primitive::<Int8Type>().clone(),
            predicted: column(batch, "predicted", &DataType::Int8)?.as_primitive::<Int8Type>().clone(),
            confidence: column(batch, "confidence", &DataType::Float32)?.as_primitive::<Float32Type>().clone(),
            scores: optional("scores", &schema::scores())?.map(|column| column.as_list::<i32>().clone()),
            num_characters: numbers("num_characters")?,
            num_tokens: numbers("num_tokens")?,
            unknown_share: optional("unknown_share", &DataType::Float32)?
                .map(|column| column.as_primitive::<Float32Type>().clone()),
            sentiment: words("sentiment")?,
            language: words("language")?,
        })
    }

    /// The scores of a row; none where it has none.
    pub fn scores(&self, row: usize) -> Option<&[f32]> {
        let lists = self.scores.as_ref().filter(|lists| lists.is_valid(row))?;
        let (from, to) = (*lists.value_offsets().get(row)?, *lists.value_offsets().get(row + 1)?);
        lists.values().as_primitive_opt::<Float32Type>()?.values().get(from as usize..to as usize)
    }
}

/// What rows are divided by into slices: each row's index among the values, where it has one.
pub(super) struct Division {
    pub by: String,
    pub values: Vec<String>,
    pub of_rows: Vec<Option<usize>>,
}

/// The divisions of a batch: by columns of few values, and by the length of the text.
pub(super) fn divisions(batch: &RecordBatch, columns: &Columns) -> Result<Vec<Division>, ArrowError> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name()).filter(|name| makes_slices(&schema, name));
    let mut found = Vec::new();
    for name in names {
        let by = name.replace('_', " ");
        if let Some(flags) = batch.column_by_name(name).and_then(|column| column.as_boolean_opt()) {
            found.push(of_flags(by, flags));
            continue;
        }
        let words = Words::of(batch, name)?;
        if words.len() <= MOST_SLICES {
            let of_rows = (0..batch.num_rows()).map(|row| words.key(row)).collect();
            found.push(Division {
                by,
                values: (0..words.len()).map(|key| words.name(key).to_owned()).collect(),
                of_rows,
            });
        }
    }
    found.extend(columns.num_characters.as_ref().map(of_lengths));
    Ok(found)
}

fn of_flags(by: String, flags: &BooleanArray) -> Division {
    let of_rows = flags.iter().map(|flag| flag.map(usize::from)).collect();
    Division { by, values: ["no", "yes"].map(str::to_owned).into(), of_rows }
}

fn of_lengths(lengths: &UInt32Array) -> Division {
    let mut values: Vec<String> = Vec::new();
    let of_rows = lengths
        .iter()
        .map(|length| {
            let class = length_class(length?);
            Some(values.iter().position(|value| value == class).unwrap_or_else(|| {
                values.push(class.to_owned());
                values.len() - 1
            }))
        })
        .collect();
    Division { by: "length".into(), values, of_rows }
}

/// A column of few distinct words.
pub(super) struct Words(DictionaryArray<Int32Type>);

impl Words {
    fn of(batch: &RecordBatch, name: &str) -> Result<Self, ArrowError> {
        Ok(Self(column(batch, name, &schema::dictionary())?.as_dictionary::<Int32Type>().clone()))
    }

    pub fn len(&self) -> usize {
        self.0.values().len()
    }

    pub fn key(&self, row: usize) -> Option<usize> {
        self.0.key(row)
    }

    pub fn name(&self, key: usize) -> &str {
        self.0.values().as_string::<i32>().value(key)
    }

    pub fn at(&self, row: usize) -> Option<&str> {
        self.key(row).map(|key| self.name(key))
    }
}

/// A column in the type that is counted; parts of other writers may hold plain strings for dictionaries.
fn column(batch: &RecordBatch, name: &str, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let column =
        batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("there is no column `{name}`")))?;
    arrow::compute::cast(column, data_type)
}
