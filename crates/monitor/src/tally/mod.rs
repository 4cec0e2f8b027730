//! Counting predictions, batch by batch, in memory that does not grow with the rows.

mod columns;
mod estimate;
mod marks;

use std::collections::BTreeMap;

use arrow::array::{Array, RecordBatch};
use arrow::error::ArrowError;
use tamiz_domain::{LabelMap, Profile, ProfiledRow};

use columns::{Columns, Division, divisions};
use marks::{Confusion, Mark, count};

pub(crate) use columns::wanted;
pub(crate) use estimate::Expectations;
pub(crate) use marks::Marks;

/// Value of the `outcome` column for a row that was labelled.
const OK: &str = "ok";

/// Rows by predicted class.
pub(crate) type ByClass = BTreeMap<i8, u64>;

/// What was counted over some rows of predictions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tally {
    /// Rows by source.
    pub(crate) sources: BTreeMap<String, Rows>,
    /// What the labelled rows and the answers about them are like.
    pub(crate) profile: Profile,
    /// Labelled rows by lexicon sentiment, then by predicted class.
    pub(crate) sentiments: BTreeMap<String, ByClass>,
    /// How sure the model was.
    pub(crate) confidence: Confidence,
    /// Predictions against labels.
    pub(crate) marks: Marks,
    /// Predictions against themselves.
    pub(crate) expectations: Expectations,
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
}

impl Confidence {
    /// Mean over all rows; none without rows.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.sum / self.rows as f64)
    }
}

impl Tally {
    /// Counts a batch that holds the [`wanted`] columns of its part; `labels` are the classes in the order of the scores.
    ///
    /// # Errors
    /// [`ArrowError`] naming a column that is missing or of another type.
    pub(crate) fn add(&mut self, batch: &RecordBatch, labels: &LabelMap) -> Result<(), ArrowError> {
        let columns = Columns::of(batch)?;
        let divisions = divisions(batch, &columns)?;
        // Counted by key first: one look at a name for each distinct name, not for each row.
        let mut sources = vec![Rows::default(); columns.source.len()];
        let mut sentiments = vec![ByClass::new(); columns.sentiment.as_ref().map_or(0, |words| words.len())];
        let mut slices: Vec<Vec<Confusion>> =
            divisions.iter().map(|division| vec![Confusion::new(); division.values.len()]).collect();
        for row in 0..batch.num_rows() {
            let ok = columns.outcome.at(row) == Some(OK);
            if let Some(rows) = columns.source.key(row).and_then(|key| sources.get_mut(key)) {
                *if ok { &mut rows.ok } else { &mut rows.failed } += 1;
            }
            if !ok {
                continue;
            }
            let predicted = self.add_labelled(&columns, row, labels);
            let Some(predicted) = predicted else { continue };
            if columns.label.is_valid(row) {
                let label = columns.label.value(row);
                for (Division { of_rows, .. }, confusions) in divisions.iter().zip(&mut slices) {
                    if let Some(confusion) = of_rows[row].and_then(|key| confusions.get_mut(key)) {
                        count(confusion, label, predicted);
                    }
                }
            }
            let sentiment = columns.sentiment.as_ref().and_then(|words| words.key(row));
            if let Some(classes) = sentiment.and_then(|key| sentiments.get_mut(key)) {
                *classes.entry(predicted).or_default() += 1;
            }
        }
        for (key, rows) in sources.into_iter().enumerate().filter(|(_, rows)| *rows != Rows::default()) {
            self.add_source(columns.source.name(key), rows);
        }
        for (key, classes) in sentiments.into_iter().enumerate().filter(|(_, classes)| !classes.is_empty()) {
            let name = columns.sentiment.as_ref().map_or("", |words| words.name(key));
            add_classes(self.sentiments.entry(name.to_owned()).or_default(), &classes);
        }
        for (division, confusions) in divisions.iter().zip(&slices) {
            let of_values = division.values.iter().zip(confusions).filter(|(_, confusion)| !confusion.is_empty());
            of_values.for_each(|(value, confusion)| self.marks.add_slice(&division.by, value, confusion));
        }
        Ok(())
    }

    /// Counts a row that was labelled and answers its class; a model for entities gives none.
    fn add_labelled(&mut self, columns: &Columns, row: usize, labels: &LabelMap) -> Option<i8> {
        let number = |column: &Option<arrow::array::UInt32Array>| {
            column.as_ref().filter(|column| column.is_valid(row)).map(|column| column.value(row))
        };
        let predicted = columns.predicted.is_valid(row).then(|| columns.predicted.value(row));
        let confidence = columns.confidence.is_valid(row).then(|| columns.confidence.value(row));
        let label = columns.label.is_valid(row).then(|| columns.label.value(row));
        let unknown_share = columns.unknown_share.as_ref().filter(|column| column.is_valid(row));
        self.profile.add(&ProfiledRow {
            characters: number(&columns.num_characters),
            tokens: number(&columns.num_tokens),
            unknown_share: unknown_share.map(|column| column.value(row)),
            language: columns.language.as_ref().and_then(|words| words.at(row)),
            predicted,
            confidence,
            label,
        });
        let predicted = predicted?;
        if let Some(confidence) = confidence {
            self.confidence.rows += 1;
            self.confidence.sum += f64::from(confidence);
        }
        let scores = columns.scores(row);
        if let (Some(confidence), Some(scores)) = (confidence, scores) {
            self.expectations.add(predicted, confidence, scores);
        }
        if let Some(label) = label {
            let of_label = scores.and_then(|scores| scores.get(labels.index_of(label)?).copied());
            self.marks.add(Mark { label, predicted, of_label, confidence });
        }
        Some(predicted)
    }

    /// Adds what was counted elsewhere. Sums of floating-point numbers depend on the order, so parts are merged in theirs.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (source, rows) in &other.sources {
            self.add_source(source, *rows);
        }
        for (sentiment, classes) in &other.sentiments {
            add_classes(self.sentiments.entry(sentiment.clone()).or_default(), classes);
        }
        self.profile.merge(&other.profile);
        self.confidence.rows += other.confidence.rows;
        self.confidence.sum += other.confidence.sum;
        self.marks.merge(&other.marks);
        self.expectations.merge(&other.expectations);
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
