//! Rows of a clean shard, column by column.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, DictionaryArray, Float32Builder, Int8Builder, Int32Array, Int64Builder, StringArray,
    StringBuilder, StringDictionaryBuilder, TimestampMillisecondBuilder, UInt64Builder,
};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use tamiz_text::{Analysis, Vocabulary};

use crate::EtlError;
use crate::clean::record::Review;
use crate::write::row_group::{Column, RowGroup, RowGroupEncoder};
use crate::write::word_lists::WordLists;

/// Bytes of a review id: 16 digits, a hyphen, 8 digits.
const ID_BYTES: usize = 25;
/// Bytes of a word and its space, about: a first guess of the room that words need.
const BYTES_PER_WORD: usize = 5;

/// Builds the columns of [`tamiz_domain::schema::clean_shard`], in its order.
pub(crate) struct CleanRows {
    review_id: StringBuilder,
    row: UInt64Builder,
    label: Int8Builder,
    title: StringBuilder,
    text: StringBuilder,
    clean_text: StringBuilder,
    tokens: WordLists,
    content_tokens: WordLists,
    stems: WordLists,
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
        let words = || WordLists::with_capacity(num_rows, num_bytes / BYTES_PER_WORD);
        Self {
            review_id: StringBuilder::with_capacity(num_rows, num_rows * ID_BYTES),
            row: UInt64Builder::with_capacity(num_rows),
            label: Int8Builder::with_capacity(num_rows),
            title: StringBuilder::new(),
            text: StringBuilder::with_capacity(num_rows, num_bytes),
            clean_text: StringBuilder::with_capacity(num_rows, num_bytes),
            tokens: words(),
            content_tokens: words(),
            stems: words(),
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

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.tokens.num_rows()
    }

    /// Appends one row. `user` is the keyed hash, never the id.
    pub(crate) fn append(
        &mut self,
        id_prefix: &str,
        row: u64,
        review: &Review<'_>,
        analysis: &Analysis<'_>,
        user: Option<String>,
    ) {
        // Writing into a column in the making cannot fail.
        let _ = write!(self.review_id, "{id_prefix}-{row:08}");
        self.review_id.append_value("");
        self.row.append_value(row);
        self.label.append_option(review.label);
        self.title.append_option(review.title.as_deref());
        self.text.append_value(&review.text);
        self.clean_text.append_value(analysis.clean_text());
        self.tokens.push(analysis.token_ids());
        self.content_tokens.push(analysis.content_ids());
        self.stems.push(analysis.stem_ids());
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

    /// Encodes the rows, all of one source; `vocabulary` is the one that their words were numbered by.
    ///
    /// # Errors
    /// Only when the columns do not fit the schema, which is a bug.
    pub(crate) fn encode(
        mut self,
        source: &str,
        vocabulary: &Vocabulary,
        encoder: &mut RowGroupEncoder,
    ) -> Result<RowGroup, EtlError> {
        let num_rows = self.len();
        let array = |array: ArrayRef| Column::Array(array);
        let columns = [
            array(Arc::new(self.review_id.finish())),
            array(one_value(source, num_rows)?),
            array(Arc::new(self.row.finish())),
            array(Arc::new(self.label.finish())),
            array(Arc::new(self.title.finish())),
            array(Arc::new(self.text.finish())),
            array(Arc::new(self.clean_text.finish())),
            Column::Words(&self.tokens, vocabulary),
            Column::Words(&self.content_tokens, vocabulary),
            Column::Words(&self.stems, vocabulary),
            array(Arc::new(self.compound.finish())),
            array(Arc::new(self.sentiment.finish())),
            array(Arc::new(self.language.finish())),
            array(Arc::new(self.asin.finish())),
            array(Arc::new(self.parent_asin.finish())),
            array(Arc::new(self.helpful_vote.finish())),
            array(Arc::new(self.verified_purchase.finish())),
            array(Arc::new(self.timestamp.finish())),
            array(Arc::new(self.user.finish())),
        ];
        Ok(encoder.encode(num_rows, columns)?)
    }
}

/// A dictionary column that holds `value` in every row.
pub(crate) fn one_value(value: &str, num_rows: usize) -> Result<ArrayRef, ArrowError> {
    let keys = Int32Array::from(vec![0; num_rows]);
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(StringArray::from(vec![value])))?))
}
