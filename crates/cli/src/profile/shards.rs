//! What the clean shards hold: lengths, words by class, and rows to show.

use std::path::PathBuf;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{ArrowPrimitiveType, Float32Type, Int8Type};
use arrow::error::ArrowError;

use crate::error::CommandError;
use crate::profile::cleaned::{Cleaned, Samples};
use crate::profile::lengths::LengthHistogram;
use crate::profile::parts::{column, for_each_batch, string_at, strings};
use crate::profile::words::WordCounts;

const COLUMNS: [&str; 10] = [
    "review_id",
    "label",
    "text",
    "clean_text",
    "tokens",
    "content_tokens",
    "stems",
    "compound",
    "sentiment",
    "language",
];

/// What was found in the shards.
#[derive(Debug)]
pub struct ShardFigures {
    /// Rows by number of tokens.
    pub lengths: LengthHistogram,
    /// Reviews by class and word.
    pub words: WordCounts,
    /// Rows to show.
    pub samples: Samples,
}

/// Reads shards that hold so many rows.
pub fn read(shards: &[PathBuf], num_rows: u64) -> Result<ShardFigures, CommandError> {
    let mut found = ShardFigures {
        lengths: LengthHistogram::default(),
        words: WordCounts::default(),
        samples: Samples::new(num_rows),
    };
    for_each_batch(shards, &COLUMNS, |batch| found.add(&Rows::of(batch)?))?;
    Ok(found)
}

impl ShardFigures {
    fn add(&mut self, rows: &Rows) -> Result<(), ArrowError> {
        for row in 0..rows.text.len() {
            self.lengths.add(rows.tokens.value_length(row) as u64);
            let content = words_at(&rows.content_tokens, row)?;
            self.words.add(value_at(&rows.label, row), content.iter().flatten());
            let stems = words_at(&rows.stems, row)?;
            self.samples.offer(rows.text.value(row), || rows.cleaned(row, &content, &stems));
        }
        Ok(())
    }
}

/// The columns of a batch.
struct Rows {
    review_id: StringArray,
    label: PrimitiveArray<Int8Type>,
    text: StringArray,
    clean_text: StringArray,
    tokens: ListArray,
    content_tokens: ListArray,
    stems: ListArray,
    compound: PrimitiveArray<Float32Type>,
    sentiment: StringArray,
    language: StringArray,
}

impl Rows {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        Ok(Self {
            review_id: strings(batch, "review_id")?,
            label: numbers(column(batch, "label")?)?,
            text: strings(batch, "text")?,
            clean_text: strings(batch, "clean_text")?,
            tokens: lists(column(batch, "tokens")?)?,
            content_tokens: lists(column(batch, "content_tokens")?)?,
            stems: lists(column(batch, "stems")?)?,
            compound: numbers(column(batch, "compound")?)?,
            sentiment: strings(batch, "sentiment")?,
            language: strings(batch, "language")?,
        })
    }

    fn cleaned(&self, row: usize, content_tokens: &StringArray, stems: &StringArray) -> Cleaned {
        let owned = |words: &StringArray| words.iter().flatten().map(str::to_owned).collect();
        Cleaned {
            review_id: self.review_id.value(row).to_owned(),
            label: value_at(&self.label, row),
            language: self.language.value(row).to_owned(),
            text: self.text.value(row).to_owned(),
            clean_text: self.clean_text.value(row).to_owned(),
            content_tokens: owned(content_tokens),
            stems: owned(stems),
            compound: value_at(&self.compound, row),
            sentiment: string_at(&self.sentiment, row).map(str::to_owned),
        }
    }
}

fn numbers<T: ArrowPrimitiveType>(column: &ArrayRef) -> Result<PrimitiveArray<T>, ArrowError> {
    let numbers = column.as_primitive_opt::<T>().cloned();
    numbers
        .ok_or_else(|| ArrowError::SchemaError(format!("a column holds {} for {}", column.data_type(), T::DATA_TYPE)))
}

fn lists(column: &ArrayRef) -> Result<ListArray, ArrowError> {
    let lists = column.as_list_opt::<i32>().cloned();
    lists.ok_or_else(|| ArrowError::SchemaError(format!("a column holds {} for a list", column.data_type())))
}

/// The words of a row.
fn words_at(column: &ListArray, row: usize) -> Result<StringArray, ArrowError> {
    let words = column.value(row);
    let strings = words.as_string_opt::<i32>().cloned();
    strings.ok_or_else(|| ArrowError::SchemaError(format!("a list holds {} for text", words.data_type())))
}

fn value_at<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    column.is_valid(row).then(|| column.value(row))
}
