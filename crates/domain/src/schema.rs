//! Arrow schemas of the Parquet parts. The Spanish names of the original data dictionary are kept as field metadata.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// Metadata key under which a field carries its name in the original data dictionary.
pub const ORIGINAL_NAME: &str = "tamiz.original_name";
/// How source records become `text` and `clean_text`. Raised by whoever changes that, since a model may then meet other texts than
/// it was trained on; a test holds the two together.
pub const PREPROCESSING_VERSION: &str = "1";
/// Metadata key of [`PREPROCESSING_VERSION`], in every clean shard.
pub const PREPROCESSING: &str = "tamiz.preprocessing";
/// Metadata key of the run id, in every part.
pub const RUN_ID: &str = "tamiz.run_id";
/// Metadata keys of the model, in every part of predictions.
pub const MODEL_NAME: &str = "tamiz.model.name";
/// See [`MODEL_NAME`].
pub const MODEL_VERSION: &str = "tamiz.model.version";
/// See [`MODEL_NAME`].
pub const MODEL_DIGEST: &str = "tamiz.model.digest";
/// Metadata key of the digest of the shard that a part of predictions was made from.
pub const SHARD_DIGEST: &str = "tamiz.shard.digest";
/// Metadata key of the classes in `scores` order: JSON of a label map.
pub const LABELS: &str = "tamiz.labels";

/// Type of a column with few distinct values.
pub fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Type of a list of words.
pub fn words() -> DataType {
    DataType::List(Arc::new(Field::new("element", DataType::Utf8, false)))
}

/// Type of a list of scores.
pub fn scores() -> DataType {
    DataType::List(Arc::new(Field::new("element", DataType::Float32, false)))
}

/// Type of the list of extracted entities.
pub fn entities() -> DataType {
    let fields = Fields::from(vec![
        Field::new("kind", DataType::Utf8, false),
        Field::new("text", DataType::Utf8, false),
        Field::new("start", DataType::UInt32, false),
        Field::new("end", DataType::UInt32, false),
        Field::new("score", DataType::Float32, false),
    ]);
    DataType::List(Arc::new(Field::new("element", DataType::Struct(fields), false)))
}

/// Type of the review's time.
pub fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

fn original(field: Field, name: &str) -> Field {
    field.with_metadata(HashMap::from([(ORIGINAL_NAME.to_owned(), name.to_owned())]))
}

/// Clean shards: one row for each usable record. `targets` are further labels; see [`crate::Columns::targets`].
pub fn clean_shard(targets: &[String]) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let mut fields = vec![
        text("review_id"),
        Field::new("source", dictionary(), false),
        Field::new("row", DataType::UInt64, false),
        original(Field::new("label", DataType::Int8, true), "polaridad"),
        original(Field::new("title", DataType::Utf8, true), "titulo"),
        original(text("text"), "texto"),
        original(text("clean_text"), "texto_limpio"),
        original(Field::new("tokens", words(), false), "tokens"),
        original(Field::new("content_tokens", words(), false), "sin_stopwords_texto"),
        original(Field::new("stems", words(), false), "stemmed_texto"),
        original(Field::new("compound", DataType::Float32, true), "compound"),
        original(Field::new("sentiment", dictionary(), true), "sentiment"),
        original(Field::new("language", dictionary(), false), "language"),
        original(Field::new("asin", DataType::Utf8, true), "asin"),
        original(Field::new("parent_asin", DataType::Utf8, true), "parent_asin"),
        original(Field::new("helpful_vote", DataType::Int64, true), "helpful_vote"),
        original(Field::new("verified_purchase", DataType::Boolean, true), "verified_purchase"),
        original(Field::new("timestamp", timestamp(), true), "timestamp"),
        original(Field::new("user", DataType::Utf8, true), "user_id"),
    ];
    fields.extend(targets.iter().map(|name| Field::new(name, dictionary(), true)));
    // Whether the text repeats an earlier one's: `exact`, `near`, or null.
    fields.push(Field::new("duplicate", dictionary(), true));
    Arc::new(Schema::new(fields))
}

/// Rejected records: where, why, and the raw bytes, so that nothing is lost.
///
/// `offset` counts the bytes before the record in the unpacked file (of a UTF-16 file, after its conversion to UTF-8);
/// it is null for Parquet, whose `raw` is the row as JSON. `raw` holds the first 64 KiB of the record; `detail` says so
/// where that is not all.
pub fn rejected() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("source", dictionary(), false),
        Field::new("row", DataType::UInt64, false),
        Field::new("offset", DataType::UInt64, true),
        Field::new("reason", dictionary(), false),
        Field::new("detail", DataType::Utf8, false),
        Field::new("remedy", dictionary(), false),
        Field::new("raw", DataType::Binary, false),
    ]))
}

/// Predictions: one row for each clean row, in the same order, followed by the pass-through columns.
///
/// Pass-through names that are prediction columns already, or no column of a clean shard with these `targets`, are left out.
pub fn predictions(pass_through: &[String], targets: &[String]) -> SchemaRef {
    let clean = clean_shard(targets);
    let mut fields: Vec<Arc<Field>> = vec![
        Arc::new(Field::new("review_id", DataType::Utf8, false)),
        Arc::new(Field::new("source", dictionary(), false)),
        Arc::new(Field::new("row", DataType::UInt64, false)),
        Arc::new(Field::new("label", DataType::Int8, true)),
        Arc::new(Field::new("predicted", DataType::Int8, true)),
        Arc::new(Field::new("confidence", DataType::Float32, true)),
        Arc::new(Field::new("scores", scores(), true)),
        Arc::new(Field::new("entities", entities(), true)),
        Arc::new(Field::new("truncated", DataType::Boolean, false)),
        // What the answer was made from, for drift and slices: length of the text, and what the model could make of it.
        Arc::new(Field::new("num_characters", DataType::UInt32, false)),
        Arc::new(Field::new("num_tokens", DataType::UInt32, true)),
        Arc::new(Field::new("unknown_share", DataType::Float32, true)),
        Arc::new(Field::new("outcome", dictionary(), false)),
        Arc::new(Field::new("error", DataType::Utf8, true)),
    ];
    for name in pass_through {
        let taken = fields.iter().any(|field| field.name() == name);
        if let (false, Some((_, field))) = (taken, clean.fields().find(name)) {
            fields.push(field.clone());
        }
    }
    Arc::new(Schema::new(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pass_through_columns_follow_once_and_unknown_ones_are_left_out() {
        let names = ["text", "label", "text", "no_such"].map(str::to_owned);
        let schema = predictions(&names, &[]);
        assert_eq!(schema.fields().len(), predictions(&[], &[]).fields().len() + 1);
        assert_eq!(schema.fields().last().unwrap().name(), "text");
        let topic = ["topic".to_owned()];
        assert!(predictions(&topic, &topic).column_with_name("topic").is_some());
        assert!(predictions(&topic, &[]).column_with_name("topic").is_none());
    }
}
