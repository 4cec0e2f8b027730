//! Rows of a clean shard, column by column.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, DictionaryArray, Float32Builder, Int8Builder, Int32Array, Int64Builder, ListBuilder,
    RecordBatch, StringArray, StringBuilder, StringDictionaryBuilder, TimestampMillisecondBuilder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use arrow::error::ArrowError;
use tamiz_domain::schema;
use tamiz_text::Analysis;

use crate::clean::record::Review;

/// Bytes of a review id: 16 digits, a hyphen, 8 digits.
const ID_BYTES: usize = 25;
/// Bytes of a word and its space, about: a first guess of the room that words need.
const BYTES_PER_WORD: usize = 5;

/// Builds the columns of [`schema::clean_shard`], in its order.
pub(crate) struct CleanRows {
    review_id: StringBuilder,
    row: UInt64Builder,
    label: Int8Builder,
    title: StringBuilder,
    text: StringBuilder,
    clean_text: StringBuilder,
    tokens: ListBuilder<StringBuilder>,
    content_tokens: ListBuilder<StringBuilder>,
    stems: ListBuilder<StringBuilder>,
    compound: Float32Builder,
    sentiment: StringDictionaryBuilder<Int32Type>,
    language: StringDictionaryBuilder<Int32Type>,
    asin: StringBuilder,
    parent_asin: StringBuilder,
    helpful_vote: Int64Builder,
    verified_purchase: BooleanBuilder,
    timestamp: TimestampMillisecondBuilder,
    user: StringBuilder,
}

impl CleanRows {
    /// Columns with room for `num_rows` rows that hold about `num_bytes` of text.
    pub(crate) fn with_capacity(num_rows: usize, num_bytes: usize) -> Self {
        Self {
            review_id: StringBuilder::with_capacity(num_rows, num_rows * ID_BYTES),
            row: UInt64Builder::with_capacity(num_rows),
            label: Int8Builder::with_capacity(num_rows),
            title: StringBuilder::new(),
            text: StringBuilder::with_capacity(num_rows, num_bytes),
            clean_text: StringBuilder::with_capacity(num_rows, num_bytes),
            tokens: words(num_rows, num_bytes),
            content_tokens: words(num_rows, num_bytes),
            stems: words(num_rows, num_bytes),
            compound: Float32Builder::new(),
            sentiment: StringDictionaryBuilder::new(),
            language: StringDictionaryBuilder::new(),
            asin: StringBuilder::new(),
            parent_asin: StringBuilder::new(),
            helpful_vote: Int64Builder::new(),
            verified_purchase: BooleanBuilder::new(),
            timestamp: TimestampMillisecondBuilder::new().with_timezone("UTC"),
            user: StringBuilder::new(),
        }
    }

    /// Appends one row. `user` is the keyed hash, never the id.
    pub(crate) fn append(
        &mut self,
        review_id: &str,
        row: u64,
        review: &Review<'_>,
        analysis: &Analysis<'_>,
        user: Option<String>,
    ) {
        self.review_id.append_value(review_id);
        self.row.append_value(row);
        self.label.append_option(review.label);
        self.title.append_option(review.title.as_deref());
        self.text.append_value(&review.text);
        self.clean_text.append_value(analysis.clean_text());
        append_words(&mut self.tokens, analysis.tokens());
        append_words(&mut self.content_tokens, analysis.content_tokens());
        append_words(&mut self.stems, analysis.stems());
        self.compound.append_option(analysis.compound());
        self.sentiment.append_option(analysis.sentiment().map(|sentiment| sentiment.name()));
        self.language.append_value(analysis.language().code());
        self.asin.append_option(review.asin.as_deref());
        self.parent_asin.append_option(review.parent_asin.as_deref());
        self.helpful_vote.append_option(review.helpful_vote);
        self.verified_purchase.append_option(review.verified_purchase);
        self.timestamp.append_option(review.timestamp);
        self.user.append_option(user);
    }

    /// The rows, all of one source.
    ///
    /// # Errors
    /// Only when the columns do not fit the schema, which is a bug.
    pub(crate) fn finish(mut self, source: &str) -> Result<RecordBatch, ArrowError> {
        let row = self.row.finish();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.review_id.finish()),
            one_value(source, row.len())?,
            Arc::new(row),
            Arc::new(self.label.finish()),
            Arc::new(self.title.finish()),
            Arc::new(self.text.finish()),
            Arc::new(self.clean_text.finish()),
            Arc::new(self.tokens.finish()),
            Arc::new(self.content_tokens.finish()),
            Arc::new(self.stems.finish()),
            Arc::new(self.compound.finish()),
            Arc::new(self.sentiment.finish()),
            Arc::new(self.language.finish()),
            Arc::new(self.asin.finish()),
            Arc::new(self.parent_asin.finish()),
            Arc::new(self.helpful_vote.finish()),
            Arc::new(self.verified_purchase.finish()),
            Arc::new(self.timestamp.finish()),
            Arc::new(self.user.finish()),
        ];
        RecordBatch::try_new(schema::clean_shard(), columns)
    }
}

/// A dictionary column that holds `value` in every row.
pub(crate) fn one_value(value: &str, num_rows: usize) -> Result<ArrayRef, ArrowError> {
    let keys = Int32Array::from(vec![0; num_rows]);
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(StringArray::from(vec![value])))?))
}

fn words(num_rows: usize, num_bytes: usize) -> ListBuilder<StringBuilder> {
    let words = StringBuilder::with_capacity(num_bytes / BYTES_PER_WORD, num_bytes);
    ListBuilder::with_capacity(words, num_rows).with_field(Field::new("element", DataType::Utf8, false))
}

fn append_words<'a>(list: &mut ListBuilder<StringBuilder>, words: impl Iterator<Item = &'a str>) {
    words.for_each(|word| list.values().append_value(word));
    list.append(true);
}
