//! From a batch of clean rows and their scores to a batch of predictions. Pure.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Float32Array, Float32Builder, Int8Array, ListArray,
    ListBuilder, StringArray, StringDictionaryBuilder, StructArray, UInt32Array, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use tamiz_models::{Entity, Labelled, Prediction};

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
) -> Result<RecordBatch, ArrowError> {
    let predicted = || labelled.iter().map(|row| row.as_ref().ok());
    let columns = schema
        .fields()
        .iter()
        .map(|field| -> Result<ArrayRef, ArrowError> {
            Ok(match field.name().as_str() {
                "predicted" => Arc::new(Int8Array::from_iter(predicted().map(|row| row?.label))),
                "confidence" => Arc::new(Float32Array::from_iter(predicted().map(|row| row?.confidence))),
                "scores" => Arc::new(scores(predicted())),
                "entities" => entities(field, predicted())?,
                "truncated" => Arc::new(BooleanArray::from_iter(
                    predicted().map(|row| Some(row.is_some_and(|row| row.reading.truncated))),
                )),
                "num_characters" => Arc::new(num_characters(texts(clean)?)),
                "num_tokens" => Arc::new(UInt32Array::from_iter(predicted().map(|row| Some(row?.reading.num_tokens)))),
                "unknown_share" => {
                    Arc::new(Float32Array::from_iter(predicted().map(|row| Some(row?.reading.unknown_share))))
                }
                "outcome" => Arc::new(outcomes(labelled)),
                "error" => {
                    let reason = |row: &Labelled| row.as_ref().err().map(ToString::to_string);
                    Arc::new(StringArray::from_iter(labelled.iter().map(reason)))
                }
                _ => carried(clean, field)?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema.clone(), columns)
}

/// Unicode scalar values of each text; one of more than four thousand million counts as that many.
fn num_characters(texts: &StringArray) -> UInt32Array {
    let count = |text: Option<&str>| u32::try_from(text.unwrap_or_default().chars().count()).unwrap_or(u32::MAX);
    UInt32Array::from_iter_values(texts.iter().map(count))
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

/// Null where there are none: a model for entities gives no scores.
fn scores<'a>(predicted: impl Iterator<Item = Option<&'a Prediction>>) -> ListArray {
    let element = Field::new("element", DataType::Float32, false);
    let mut builder = ListBuilder::new(Float32Builder::new()).with_field(element);
    for prediction in predicted {
        let scores = prediction.map_or(&[][..], |prediction| &prediction.scores);
        builder.values().append_slice(scores);
        builder.append(!scores.is_empty());
    }
    builder.finish()
}

/// Null where a model gives scores instead, or the row failed.
fn entities<'a>(
    field: &Field,
    predicted: impl Iterator<Item = Option<&'a Prediction>> + Clone,
) -> Result<ArrayRef, ArrowError> {
    let DataType::List(element) = field.data_type() else {
        return Err(ArrowError::SchemaError("`entities` is no list".into()));
    };
    let DataType::Struct(fields) = element.data_type() else {
        return Err(ArrowError::SchemaError("`entities` holds no structs".into()));
    };
    let found = |prediction: Option<&'a Prediction>| -> &'a [Entity] {
        prediction.map_or(&[], |prediction| prediction.entities.as_slice())
    };
    let all = || predicted.clone().flat_map(found);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(all().map(|entity| &entity.kind))),
        Arc::new(StringArray::from_iter_values(all().map(|entity| &entity.text))),
        Arc::new(UInt32Array::from_iter_values(all().map(|entity| entity.start))),
        Arc::new(UInt32Array::from_iter_values(all().map(|entity| entity.end))),
        Arc::new(Float32Array::from_iter_values(all().map(|entity| entity.score))),
    ];
    let offsets = OffsetBuffer::from_lengths(predicted.clone().map(|prediction| found(prediction).len()));
    let is_extraction = |prediction: Option<&Prediction>| prediction.is_some_and(|found| found.scores.is_empty());
    let nulls = NullBuffer::from_iter(predicted.map(is_extraction));
    let values = StructArray::try_new(fields.clone(), columns, None)?;
    Ok(Arc::new(ListArray::try_new(element.clone(), offsets, Arc::new(values), Some(nulls))?))
}

fn outcomes(labelled: &[Labelled]) -> DictionaryArray<Int32Type> {
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
    use arrow::datatypes::{Int8Type, Schema, UInt32Type};
    use tamiz_domain::schema;
    use tamiz_models::{Reading, Unlabelled};

    fn clean() -> RecordBatch {
        let text = || Arc::new(StringArray::from(vec!["a", "año", ""]));
        let source = cast(&StringArray::from(vec!["f", "f", "f"]), &schema::dictionary()).unwrap();
        let fields = ["review_id", "text", "title"].map(|name| Field::new(name, DataType::Utf8, true));
        let mut fields = fields.to_vec();
        fields.push(Field::new("source", schema::dictionary(), false));
        fields.push(Field::new("row", DataType::UInt64, false));
        let rows = Arc::new(UInt64Array::from(vec![1, 2, 3]));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![text(), text(), text(), source, rows]).unwrap()
    }

    fn labelled(label: i8, scores: &[f32]) -> Labelled {
        let confidence = scores.iter().copied().reduce(f32::max);
        let reading = Reading { num_tokens: 7, unknown_share: 0.5, truncated: false };
        Ok(Prediction { label: Some(label), confidence, scores: scores.to_vec(), reading, ..Prediction::default() })
    }

    #[test]
    fn rows_keep_their_order_and_a_failed_row_keeps_its_place() {
        let schema = schema::predictions(&["title".into()], &[]);
        let rows = [labelled(1, &[0.9, 0.1]), Err(Unlabelled::NotANumber), labelled(2, &[0.2, 0.8])];
        let batch = prediction_batch(&schema, &clean(), &rows).unwrap();
        let predicted = batch.column_by_name("predicted").unwrap().as_primitive::<Int8Type>().clone();
        assert_eq!(predicted.iter().collect::<Vec<_>>(), [Some(1), None, Some(2)]);
        let error = batch.column_by_name("error").unwrap().as_string::<i32>().clone();
        assert_eq!(error.iter().collect::<Vec<_>>(), [None, Some("the model's scores are no numbers"), None]);
        assert!(batch.column_by_name("title").is_some());
        assert_eq!(batch.column_by_name("entities").unwrap().null_count(), 3);
        assert_eq!(batch.column_by_name("scores").unwrap().null_count(), 1);
        let numbers = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<UInt32Type>().clone();
        assert_eq!(numbers("num_characters").iter().collect::<Vec<_>>(), [Some(1), Some(3), Some(0)]);
        assert_eq!(numbers("num_tokens").iter().collect::<Vec<_>>(), [Some(7), None, Some(7)]);
    }

    #[test]
    fn entities_stand_with_their_row() {
        let entity = |text: &str| Entity { kind: "place".into(), text: text.into(), start: 1, end: 4, score: 0.5 };
        let found = |names: &[&str]| {
            Ok(Prediction { entities: names.iter().map(|name| entity(name)).collect(), ..Prediction::default() })
        };
        let rows = [found(&["Rome", "Oslo"]), Err(Unlabelled::NotANumber), found(&[])];
        let batch = prediction_batch(&schema::predictions(&[], &[]), &clean(), &rows).unwrap();
        let entities = batch.column_by_name("entities").unwrap().as_list::<i32>().clone();
        let lengths: Vec<Option<usize>> = entities.iter().map(|row| Some(row?.len())).collect();
        assert_eq!(lengths, [Some(2), None, Some(0)], "none found is not the same as not looked for");
        let texts = entities.value(0).as_struct().column_by_name("text").unwrap().as_string::<i32>().clone();
        assert_eq!(texts.iter().flatten().collect::<Vec<_>>(), ["Rome", "Oslo"]);
        assert_eq!(batch.column_by_name("scores").unwrap().null_count(), 3);
    }
}
