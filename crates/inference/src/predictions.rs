//! From a batch of clean rows and their scores to a batch of predictions. Pure.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float32Builder, Int8Array, ListBuilder, StringArray,
    StringDictionaryBuilder, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use tamiz_domain::LabelMap;
use tamiz_models::Scores;

/// What became of one row: its scores, or why it could not be labelled.
pub type Labelled = Result<Scores, String>;

/// The texts of a batch of clean rows.
///
/// # Errors
/// When the batch has no `text` column of strings.
pub fn texts(clean: &RecordBatch) -> Result<&StringArray, ArrowError> {
    clean
        .column_by_name("text")
        .and_then(|column| column.as_string_opt::<i32>())
        .ok_or_else(|| ArrowError::SchemaError("the shard has no column `text` of strings".into()))
}

/// The rows of `schema` for clean rows and what became of them, in the same order.
///
/// # Errors
/// When a column that every shard has is missing.
pub fn prediction_batch(
    schema: &SchemaRef,
    clean: &RecordBatch,
    labelled: &[Labelled],
    labels: &LabelMap,
) -> Result<RecordBatch, ArrowError> {
    let winners: Vec<Option<(usize, f32)>> =
        labelled.iter().map(|row| row.as_ref().ok().and_then(Scores::best)).collect();
    let columns = schema
        .fields()
        .iter()
        .map(|field| -> Result<ArrayRef, ArrowError> {
            Ok(match field.name().as_str() {
                "predicted" => Arc::new(Int8Array::from_iter(
                    winners.iter().map(|best| best.and_then(|(index, _)| Some(labels.0.get(index)?.value))),
                )),
                "confidence" => {
                    Arc::new(Float32Array::from_iter(winners.iter().map(|best| best.map(|(_, score)| score))))
                }
                "scores" => Arc::new(scores(labelled)),
                "entities" => new_null_array(field.data_type(), labelled.len()),
                "truncated" => Arc::new(BooleanArray::from_iter(
                    labelled.iter().map(|row| Some(row.as_ref().is_ok_and(|scores| scores.truncated))),
                )),
                "outcome" => Arc::new(outcomes(labelled)),
                "error" => Arc::new(StringArray::from_iter(labelled.iter().map(|row| row.as_ref().err()))),
                _ => carried(clean, field)?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema.clone(), columns)
}

/// A column of the clean rows, as it is; null where the shard lacks it and it may be null.
fn carried(clean: &RecordBatch, field: &Field) -> Result<ArrayRef, ArrowError> {
    match clean.column_by_name(field.name()) {
        Some(column) if column.data_type() == field.data_type() => Ok(column.clone()),
        Some(column) => cast(column, field.data_type()),
        None if field.is_nullable() => Ok(new_null_array(field.data_type(), clean.num_rows())),
        None => Err(ArrowError::SchemaError(format!("the shard has no column `{}`", field.name()))),
    }
}

fn scores(labelled: &[Labelled]) -> arrow::array::ListArray {
    let element = Field::new("element", DataType::Float32, false);
    let mut builder = ListBuilder::new(Float32Builder::new()).with_field(element);
    for row in labelled {
        match row {
            Ok(scores) => {
                builder.values().append_slice(&scores.probabilities);
                builder.append(true);
            }
            Err(_) => builder.append(false),
        }
    }
    builder.finish()
}

fn outcomes(labelled: &[Labelled]) -> arrow::array::DictionaryArray<Int32Type> {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    for row in labelled {
        builder.append_value(if row.is_ok() { "ok" } else { "failed" });
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::UInt64Array;
    use arrow::datatypes::{Int8Type, Schema};
    use tamiz_domain::schema;

    fn clean() -> RecordBatch {
        let text = || Arc::new(StringArray::from(vec!["a", "b", "c"]));
        let source = cast(&StringArray::from(vec!["f", "f", "f"]), &schema::dictionary()).unwrap();
        let fields = ["review_id", "text", "title"].map(|name| Field::new(name, DataType::Utf8, true));
        let mut fields = fields.to_vec();
        fields.push(Field::new("source", schema::dictionary(), false));
        fields.push(Field::new("row", DataType::UInt64, false));
        let rows = Arc::new(UInt64Array::from(vec![1, 2, 3]));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![text(), text(), text(), source, rows]).unwrap()
    }

    fn scored(probabilities: &[f32]) -> Labelled {
        Ok(Scores { probabilities: probabilities.to_vec(), truncated: false })
    }

    #[test]
    fn rows_keep_their_order_and_a_failed_row_keeps_its_place() {
        let schema = schema::predictions(&["title".into()]);
        let labelled = [scored(&[0.9, 0.1]), Err("too long".to_owned()), scored(&[0.2, 0.8])];
        let batch = prediction_batch(&schema, &clean(), &labelled, &LabelMap::of_values([1, 2])).unwrap();
        let predicted = batch.column_by_name("predicted").unwrap().as_primitive::<Int8Type>().clone();
        assert_eq!(predicted.iter().collect::<Vec<_>>(), [Some(1), None, Some(2)]);
        let error = batch.column_by_name("error").unwrap().as_string::<i32>().clone();
        assert_eq!(error.iter().collect::<Vec<_>>(), [None, Some("too long"), None]);
        assert!(batch.column_by_name("title").is_some());
    }

    #[test]
    fn equal_scores_go_to_the_first_class() {
        let schema = schema::predictions(&[]);
        let labelled = [scored(&[0.5, 0.5]), scored(&[0.5, 0.5]), scored(&[0.5, 0.5])];
        let batch = prediction_batch(&schema, &clean(), &labelled, &LabelMap::of_values([1, 2])).unwrap();
        assert_eq!(batch.column_by_name("predicted").unwrap().as_primitive::<Int8Type>().value(0), 1);
    }
}
