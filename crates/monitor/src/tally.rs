//! Counting predictions, batch by batch, in memory that does not grow with the rows.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, DictionaryArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Int8Type, Int32Type};
use arrow::error::ArrowError;
use tamiz_domain::schema;

/// Value of the `outcome` column for a row that was labelled.
const OK: &str = "ok";

/// The columns that are counted; `sentiment` is there only where it is passed through.
pub(crate) const COLUMNS: [&str; 6] = ["source", "label", "predicted", "confidence", "outcome", "sentiment"];

/// Rows by predicted class.
pub(crate) type ByClass = BTreeMap<i8, u64>;

/// What was counted over some rows of predictions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tally {
    /// Rows by source.
    pub(crate) sources: BTreeMap<String, Rows>,
    /// Labelled rows by predicted class.
    pub(crate) predicted: ByClass,
    /// Labelled rows that came with a label: by label, then by predicted class.
    pub(crate) confusion: BTreeMap<i8, ByClass>,
    /// Labelled rows by lexicon sentiment, then by predicted class.
    pub(crate) sentiments: BTreeMap<String, ByClass>,
    /// How sure the model was.
    pub(crate) confidence: Confidence,
}

/// Rows of predictions by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Labelled.
    pub(crate) ok: u64,
    /// Not labelled, each with an error.
    pub(crate) failed: u64,
}

/// How sure the model was of its predictions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Confidence {
    rows: u64,
    sum: f64,
    /// Rows by confidence: bin `i` of [`Confidence::BINS`] begins at `i / BINS`; the last holds 1 too.
    pub(crate) bins: [u64; Confidence::BINS],
}

impl Confidence {
    /// Bins between 0 and 1, each 0.05 wide.
    pub(crate) const BINS: usize = 20;

    /// Mean over all rows; none without rows.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.sum / self.rows as f64)
    }

    fn add(&mut self, confidence: f32) {
        let bin = (f64::from(confidence) * Self::BINS as f64) as usize;
        self.bins[bin.min(Self::BINS - 1)] += 1;
        self.rows += 1;
        self.sum += f64::from(confidence);
    }

    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.sum += other.sum;
        for (bin, more) in self.bins.iter_mut().zip(other.bins) {
            *bin += more;
        }
    }
}

impl Tally {
    /// Counts a batch that holds at least the required ones of [`COLUMNS`].
    ///
    /// # Errors
    /// [`ArrowError`] naming a column that is missing or of another type.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let source = Words::of(batch, "source")?;
        let outcome = Words::of(batch, "outcome")?;
        let sentiment = Words::of(batch, "sentiment").ok();
        let label = column(batch, "label", &DataType::Int8)?;
        let predicted = column(batch, "predicted", &DataType::Int8)?;
        let confidence = column(batch, "confidence", &DataType::Float32)?;
        let (label, predicted) = (label.as_primitive::<Int8Type>(), predicted.as_primitive::<Int8Type>());
        let confidence = confidence.as_primitive::<Float32Type>();

        // Counted by dictionary key first: one look at a name for each distinct name, not for each row.
        let mut sources = vec![Rows::default(); source.len()];
        let mut sentiments = vec![ByClass::new(); sentiment.as_ref().map_or(0, Words::len)];
        for row in 0..batch.num_rows() {
            let ok = outcome.at(row) == Some(OK);
            if let Some(rows) = source.key(row).and_then(|key| sources.get_mut(key)) {
                *if ok { &mut rows.ok } else { &mut rows.failed } += 1;
            }
            if !ok || predicted.is_null(row) {
                continue;
            }
            let class = predicted.value(row);
            *self.predicted.entry(class).or_default() += 1;
            if label.is_valid(row) {
                *self.confusion.entry(label.value(row)).or_default().entry(class).or_default() += 1;
            }
            if confidence.is_valid(row) {
                self.confidence.add(confidence.value(row));
            }
            if let Some(classes) = sentiment.as_ref().and_then(|s| s.key(row)).and_then(|key| sentiments.get_mut(key)) {
                *classes.entry(class).or_default() += 1;
            }
        }
        for (key, rows) in sources.into_iter().enumerate().filter(|(_, rows)| *rows != Rows::default()) {
            self.add_source(source.name(key), rows);
        }
        for (key, classes) in sentiments.into_iter().enumerate().filter(|(_, classes)| !classes.is_empty()) {
            let name = sentiment.as_ref().map_or("", |words| words.name(key));
            add_classes(self.sentiments.entry(name.to_owned()).or_default(), &classes);
        }
        Ok(())
    }

    /// Adds what was counted elsewhere. Sums of confidences depend on the order, so parts are merged in theirs.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (source, rows) in &other.sources {
            self.add_source(source, *rows);
        }
        add_classes(&mut self.predicted, &other.predicted);
        for (label, classes) in &other.confusion {
            add_classes(self.confusion.entry(*label).or_default(), classes);
        }
        for (sentiment, classes) in &other.sentiments {
            add_classes(self.sentiments.entry(sentiment.clone()).or_default(), classes);
        }
        self.confidence.merge(&other.confidence);
    }

    fn add_source(&mut self, source: &str, rows: Rows) {
        let total = self.sources.entry(source.to_owned()).or_default();
        total.ok += rows.ok;
        total.failed += rows.failed;
    }
}

fn add_classes(total: &mut ByClass, more: &ByClass) {
    for (class, rows) in more {
        *total.entry(*class).or_default() += rows;
    }
}

/// A column of few distinct words.
struct Words(DictionaryArray<Int32Type>);

impl Words {
    fn of(batch: &RecordBatch, name: &str) -> Result<Self, ArrowError> {
        Ok(Self(column(batch, name, &schema::dictionary())?.as_dictionary::<Int32Type>().clone()))
    }

    fn len(&self) -> usize {
        self.0.values().len()
    }

    fn key(&self, row: usize) -> Option<usize> {
        self.0.key(row)
    }

    fn name(&self, key: usize) -> &str {
        self.0.values().as_string::<i32>().value(key)
    }

    fn at(&self, row: usize) -> Option<&str> {
        self.key(row).map(|key| self.name(key))
    }
}

/// A column in the type that is counted; parts of other writers may hold plain strings for dictionaries.
fn column(batch: &RecordBatch, name: &str, data_type: &DataType) -> Result<arrow::array::ArrayRef, ArrowError> {
    let column =
        batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("there is no column `{name}`")))?;
    arrow::compute::cast(column, data_type)
}
