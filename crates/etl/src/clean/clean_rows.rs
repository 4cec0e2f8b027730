//! Rows of a clean shard, column by column.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBuilder, DictionaryArray, Float32Builder, Int8Builder, Int32Array, Int64Builder,
    StringArray, StringBuilder, StringDictionaryBuilder, TimestampMillisecondBuilder, UInt64Builder,
};
use arrow::compute::filter;
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use tamiz_text::{Analysis, Vocabulary};

use crate::clean::record::Review;
use crate::quality::duplicates::Duplicate;
use crate::write::row_group::{Column, RowGroupEncoder};
use crate::write::word_lists::WordLists;

/// Digits of a row number in a review id, at least and at most.
const MIN_DIGITS: usize = 8;
const MAX_DIGITS: usize = 20;
/// Bytes of most review ids: 16 digits, a hyphen, 8 digits.
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
    /// Of each token whether it is a content token.
    is_content: Vec<bool>,
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
    /// Further labels.
    targets: Vec<StringDictionaryBuilder<Int32Type>>,
}

impl CleanRows {
    /// Columns with room for `num_rows` rows that hold about `num_bytes` of text, and `num_targets` further labels.
    pub(crate) fn with_capacity(num_rows: usize, num_bytes: usize, num_targets: usize) -> Self {
        let words = || WordLists::with_capacity(num_rows, num_bytes / BYTES_PER_WORD);
        Self {
            review_id: StringBuilder::with_capacity(num_rows, num_rows * ID_BYTES),
            row: UInt64Builder::with_capacity(num_rows),
            label: Int8Builder::with_capacity(num_rows),
            title: StringBuilder::new(),
            text: StringBuilder::with_capacity(num_rows, num_bytes),
            clean_text: StringBuilder::with_capacity(num_rows, num_bytes),
            tokens: words(),
            is_content: Vec::with_capacity(num_bytes / BYTES_PER_WORD),
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
            targets: (0..num_targets).map(|_| StringDictionaryBuilder::new()).collect(),
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
        self.append_id(id_prefix, row);
        self.row.append_value(row);
        self.label.append_option(review.label);
        self.title.append_option(review.title.as_deref());
        self.text.append_value(&review.text);
        self.clean_text.append_value(analysis.clean_text());
        self.tokens.push(analysis.token_ids());
        self.is_content.extend_from_slice(analysis.is_content());
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
        for (column, target) in self.targets.iter_mut().zip(&review.targets) {
            column.append_option(target.as_deref().map(str::trim));
        }
    }

    /// Appends `{id_prefix}-{row:08}`, without the machinery of formatting: there is one for each review.
    fn append_id(&mut self, id_prefix: &str, row: u64) {
        let mut digits = [b'0'; MAX_DIGITS];
        let (mut start, mut rest) = (MAX_DIGITS, row);
        while rest > 0 || start > MAX_DIGITS - MIN_DIGITS {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let digits = std::str::from_utf8(&digits[start..]).unwrap_or_default();
        // Writing into a column in the making cannot fail.
        let _ = [id_prefix, "-", digits].into_iter().try_for_each(|part| self.review_id.write_str(part));
        self.review_id.append_value("");
    }

    /// The id of the row appended last.
    pub(crate) fn last_id(&self) -> &str {
        text_at(&self.review_id, self.len() - 1)
    }

    /// The rows as columns; all of one source.
    ///
    /// # Errors
    /// Only when the columns do not fit the schema, which is a bug.
    pub(crate) fn finish(mut self, source: &str) -> Result<CleanColumns, ArrowError> {
        let targets: Vec<ArrayRef> =
            self.targets.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        Ok(CleanColumns {
            before_words: vec![
                Arc::new(self.review_id.finish()),
                one_value(source, self.len())?,
                Arc::new(self.row.finish()),
                Arc::new(self.label.finish()),
                Arc::new(self.title.finish()),
                Arc::new(self.text.finish()),
                Arc::new(self.clean_text.finish()),
            ],
            tokens: self.tokens,
            is_content: self.is_content,
            stems: self.stems,
            after_words: [
                Arc::new(self.compound.finish()) as ArrayRef,
                Arc::new(self.sentiment.finish()),
                Arc::new(self.language.finish()),
                Arc::new(self.asin.finish()),
                Arc::new(self.parent_asin.finish()),
                Arc::new(self.helpful_vote.finish()),
                Arc::new(self.verified_purchase.finish()),
                Arc::new(self.timestamp.finish()),
                Arc::new(self.user.finish()),
            ]
            .into_iter()
            .chain(targets)
            .collect(),
        })
    }
}

/// What a column in the making holds in a row.
fn text_at(column: &StringBuilder, row: usize) -> &str {
    let offsets = column.offsets_slice();
    let range = offsets[row] as usize..offsets[row + 1] as usize;
    std::str::from_utf8(&column.values_slice()[range]).unwrap_or_default()
}

/// The columns of a clean shard in its order, up to that of repeated texts: those before the word lists, these, and
/// those after them.
pub(crate) struct CleanColumns {
    before_words: Vec<ArrayRef>,
    tokens: WordLists,
    is_content: Vec<bool>,
    stems: WordLists,
    after_words: Vec<ArrayRef>,
}

impl CleanColumns {
    /// The rows for which `keep` is set.
    ///
    /// # Errors
    /// Only when there are not as many as rows, which is a bug.
    pub(crate) fn filter(&self, keep: &[bool]) -> Result<Self, ArrowError> {
        let mask = BooleanArray::from(keep.to_vec());
        let filter_all =
            |columns: &[ArrayRef]| columns.iter().map(|column| filter(column, &mask)).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            before_words: filter_all(&self.before_words)?,
            tokens: self.tokens.filter(keep),
            is_content: self.tokens.filter_beside(keep, &self.is_content),
            stems: self.stems.filter(keep),
            after_words: filter_all(&self.after_words)?,
        })
    }

    /// Number of rows.
    pub(crate) fn num_rows(&self) -> usize {
        self.tokens.num_rows()
    }

    /// Appends the rows to a row group; `vocabulary` is the one that their words were numbered by.
    ///
    /// # Errors
    /// Only when the columns do not fit the schema, which is a bug.
    pub(crate) fn encode(self, vocabulary: &Vocabulary, encoder: &mut RowGroupEncoder) -> Result<(), ParquetError> {
        let [tokens, stems] = [self.tokens, self.stems].map(|lists| Column::Words(lists, vocabulary));
        let words = [tokens, Column::Kept(self.is_content), stems];
        // Each column goes once it is encoded.
        let before_words = self.before_words.into_iter().map(Column::Array);
        let columns = before_words.chain(words).chain(self.after_words.into_iter().map(Column::Array));
        encoder.write(0, columns)
    }
}

/// Appends the column of a row group's clean shard that says how each row repeats an earlier one, the last column.
///
/// # Errors
/// Only when it does not fit the schema, which is a bug.
pub(crate) fn encode_duplicates(
    duplicates: impl Iterator<Item = Option<Duplicate>>,
    encoder: &mut RowGroupEncoder,
) -> Result<(), ParquetError> {
    let mut column = StringDictionaryBuilder::<Int32Type>::new();
    duplicates.for_each(|found| column.append_option(found.map(Duplicate::code)));
    let position = encoder.num_columns() - 1;
    encoder.write(position, [Column::Array(Arc::new(column.finish()))])
}

/// A dictionary column that holds `value` in every row.
pub(crate) fn one_value(value: &str, num_rows: usize) -> Result<ArrayRef, ArrowError> {
    let keys = Int32Array::from(vec![0; num_rows]);
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(StringArray::from(vec![value])))?))
}
