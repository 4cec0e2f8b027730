//! How well a model does: figures on labelled rows, of all of them and of parts of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Figures of a model on labelled rows: of one that tells classes, or of one that finds entities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricSet {
    /// Rows measured.
    pub rows: u64,
    /// Share of rows whose predicted class is the label; or whose entities are found, all of them, exactly and with no other.
    pub accuracy: f64,
    /// Unweighted mean of the F1 of the classes, or of the kinds of entities.
    pub macro_f1: f64,
    /// Harmonic mean of precision and recall over all entities, of which only the exact ones count (CoNLL 2003's score); none of classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_f1: Option<f64>,
    /// Mean negative log-likelihood of the label, in nats; none where only classes are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_loss: Option<f64>,
    /// Expected calibration error: how far confidence is from the share of hits, over 15 bins of confidence of equal width, each
    /// counted by its rows (Guo et al. 2017, arXiv:1706.04599); none where only classes are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration_error: Option<f64>,
    /// Figures of each class, by label value; or of each kind of entity.
    pub classes: BTreeMap<i8, ClassMetrics>,
    /// Rows by label (outer) and predicted class (inner); or entities, those with the same first and last character together, by the kind
    /// that they are labelled with and the one that was found, [`Self::NOTHING`] where there is none.
    pub confusion: BTreeMap<i8, BTreeMap<i8, u64>>,
}

/// Figures of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// Share of the rows predicted as this class that are of it; 0 where none was predicted.
    pub precision: f64,
    /// Share of this class's rows that were predicted as it.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Rows of this class.
    pub support: u64,
}

impl MetricSet {
    /// Stands for no class where a model says nothing, and for no entity; no row has it as its label.
    pub const NOTHING: i8 = i8::MIN;

    /// Computes the figures of classes from a confusion matrix (label → predicted → rows).
    pub fn of_confusion(confusion: BTreeMap<i8, BTreeMap<i8, u64>>, log_loss: Option<f64>) -> Self {
        let rows: u64 = confusion.values().flat_map(BTreeMap::values).sum();
        let hits: u64 = confusion.iter().filter_map(|(label, row)| row.get(label)).sum();
        let classes = classes(&confusion);
        let (accuracy, macro_f1) = (ratio(hits, rows), macro_f1(&classes));
        Self { rows, accuracy, macro_f1, entity_f1: None, log_loss, calibration_error: None, classes, confusion }
    }

    /// Computes the figures of entities from their confusion matrix; of `rows` rows `exact` are found as they are labelled.
    pub fn of_entities(rows: u64, exact: u64, confusion: BTreeMap<i8, BTreeMap<i8, u64>>) -> Self {
        let mut classes = classes(&confusion);
        classes.remove(&Self::NOTHING);
        let count = |counts: fn(i8, i8) -> bool| -> u64 {
            let cells = confusion.iter().flat_map(|(&label, row)| row.iter().map(move |(&found, n)| (label, found, n)));
            cells.filter(|(label, found, _)| counts(*label, *found)).map(|(.., n)| n).sum()
        };
        let labelled = count(|label, _| label != Self::NOTHING);
        let found = count(|_, found| found != Self::NOTHING);
        let hits = count(|label, found| label == found);
        let entity_f1 = Some(f1(ratio(hits, found), ratio(hits, labelled)));
        let (accuracy, macro_f1) = (ratio(exact, rows), macro_f1(&classes));
        Self { rows, accuracy, macro_f1, entity_f1, log_loss: None, calibration_error: None, classes, confusion }
    }

    /// Where the accuracy lies with 95% confidence.
    pub fn accuracy_interval(&self) -> (f64, f64) {
        interval(self.accuracy, self.rows)
    }
}

/// Where a share that was found in some rows lies with 95% confidence (Wilson 1927); all of 0 to 1 for no row.
fn interval(share: f64, rows: u64) -> (f64, f64) {
    const Z: f64 = 1.96;
    if rows == 0 {
        return (0.0, 1.0);
    }
    let n = rows as f64;
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    ((middle - half) / scale, (middle + half) / scale)
}

/// Precision, recall and F1 of every label of a confusion matrix.
fn classes(confusion: &BTreeMap<i8, BTreeMap<i8, u64>>) -> BTreeMap<i8, ClassMetrics> {
    let figures = |(&label, row): (&i8, &BTreeMap<i8, u64>)| {
        let hits = row.get(&label).copied().unwrap_or(0);
        let support: u64 = row.values().sum();
        let predicted: u64 = confusion.values().filter_map(|row| row.get(&label)).sum();
        let (precision, recall) = (ratio(hits, predicted), ratio(hits, support));
        (label, ClassMetrics { precision, recall, f1: f1(precision, recall), support })
    };
    confusion.iter().map(figures).collect()
}

fn macro_f1(classes: &BTreeMap<i8, ClassMetrics>) -> f64 {
    classes.values().map(|class| class.f1).sum::<f64>() / classes.len().max(1) as f64
}

fn f1(precision: f64, recall: f64) -> f64 {
    if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Figures of those rows that have something in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What they have in common, such as `language`.
    pub by: String,
    /// The value that they share, such as `es`.
    pub value: String,
    /// Rows of the slice.
    pub rows: u64,
    /// Share of them whose predicted class is the label.
    pub accuracy: f64,
    /// Unweighted mean of the F1 of those classes that are the label of a row.
    pub macro_f1: f64,
}

impl Slice {
    /// Rows of the smallest slice that a figure says something of.
    pub const LEAST_ROWS: u64 = 20;

    /// Where the accuracy lies with 95% confidence.
    pub fn accuracy_interval(&self) -> (f64, f64) {
        interval(self.accuracy, self.rows)
    }
}

/// How long a text is, in words for people; slices are made by it.
pub fn length_class(characters: u32) -> &'static str {
    // About 20 and 100 words of English.
    match characters {
        0..100 => "short (under 100 characters)",
        100..500 => "medium (100 to 499 characters)",
        _ => "long (500 characters or more)",
    }
}

/// How often a model fails a behavioural test: texts that are changed in a way that calls for the same answer, or for another one
/// (Ribeiro et al. 2020, arXiv:2005.04118).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behaviour {
    /// Name of the test, such as `typos`.
    pub test: String,
    /// Texts that were changed.
    pub cases: u64,
    /// Cases that say something of their own: those that differ in one word of many are counted once.
    pub independent: u64,
    /// Cases in which the answer changed although it should not have, or the other way round.
    pub failures: u64,
    /// Cases in which the answer after the change is wrong, whatever it was before.
    pub wrong: u64,
}

impl Behaviour {
    /// Share of the cases that fail; 0 of none.
    pub fn failure_rate(&self) -> f64 {
        self.share(self.failures)
    }

    /// Share of the cases with a wrong answer; 0 of none.
    pub fn error_rate(&self) -> f64 {
        self.share(self.wrong)
    }

    fn share(&self, count: u64) -> f64 {
        if self.cases == 0 { 0.0 } else { count as f64 / self.cases as f64 }
    }
}

/// A figure measured several times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (n - 1); 0 of a single value.
    pub deviation: f64,
}

impl Spread {
    /// Of at least one value; zero of none.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { mean, deviation: (squares / (count - 1.0).max(1.0)).sqrt() }
    }
}

/// Figures of as many models as there are folds, each trained on the other folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossValidation {
    /// Number of folds.
    pub folds: usize,
    /// Share of rows whose predicted class is the label.
    pub accuracy: Spread,
    /// Unweighted mean of the classes' F1.
    pub macro_f1: Spread,
    /// Mean negative log-likelihood of the label, in nats; none of entities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_loss: Option<Spread>,
    /// As [`MetricSet::entity_f1`]; none of classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_f1: Option<Spread>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_mean_and_sample_deviation() {
        // numpy.std([1, 2, 4], ddof=1)
        let spread = Spread::of(&[1.0, 2.0, 4.0]);
        assert!((spread.mean - 7.0 / 3.0).abs() < 1e-12 && (spread.deviation - 1.527_525_231_651_946_7).abs() < 1e-12);
        assert_eq!(Spread::of(&[3.0]), Spread { mean: 3.0, deviation: 0.0 });
        assert_eq!(Spread::of(&[]), Spread { mean: 0.0, deviation: 0.0 });
    }

    #[test]
    fn the_interval_is_wilsons() {
        let of = |hits, rows: u64| {
            let confusion = BTreeMap::from([(1, BTreeMap::from([(1, hits), (2, rows - hits)]))]);
            MetricSet::of_confusion(confusion, None).accuracy_interval()
        };
        // statsmodels.stats.proportion.proportion_confint(8, 10, method="wilson")
        let (low, high) = of(8, 10);
        assert!((low - 0.4901625).abs() < 1e-4 && (high - 0.9433178).abs() < 1e-4, "{low} {high}");
        assert_eq!(of(0, 0), (0.0, 1.0));
    }

    #[test]
    fn figures_follow_from_the_confusion_matrix() {
        let confusion = BTreeMap::from([(1, BTreeMap::from([(1, 8), (2, 2)])), (2, BTreeMap::from([(1, 4), (2, 6)]))]);
        let metrics = MetricSet::of_confusion(confusion, None);
        assert_eq!((metrics.rows, metrics.accuracy), (20, 0.7));
        let negative = metrics.classes[&1];
        assert!((negative.precision - 8.0 / 12.0).abs() < 1e-12 && negative.recall == 0.8 && negative.support == 10);
    }

    #[test]
    fn entities_count_where_kind_and_both_ends_are_right() {
        const NOTHING: i8 = MetricSet::NOTHING;
        // seqeval: 3 labelled of kind 0, 2 of kind 1; found are 2 and 1 of these, one of kind 1 as kind 0, and one where nothing is.
        let confusion = BTreeMap::from([
            (0, BTreeMap::from([(0, 2), (NOTHING, 1)])),
            (1, BTreeMap::from([(1, 1), (0, 1)])),
            (NOTHING, BTreeMap::from([(1, 1)])),
        ]);
        let metrics = MetricSet::of_entities(10, 7, confusion);
        assert_eq!((metrics.rows, metrics.accuracy, metrics.classes.len()), (10, 0.7, 2));
        let (precision, recall) = (3.0 / 5.0, 3.0 / 5.0);
        assert!((metrics.entity_f1.unwrap() - 2.0 * precision * recall / (precision + recall)).abs() < 1e-12);
        let first = metrics.classes[&0];
        assert!((first.precision - 2.0 / 3.0).abs() < 1e-12 && (first.recall - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!((metrics.classes[&1].precision, metrics.classes[&1].recall), (0.5, 0.5));
        let none = MetricSet::of_entities(3, 3, BTreeMap::new());
        assert_eq!((none.accuracy, none.macro_f1, none.entity_f1), (1.0, 0.0, Some(0.0)));
    }

    #[test]
    fn a_class_never_predicted_has_no_precision_and_no_nan() {
        let confusion = BTreeMap::from([(1, BTreeMap::from([(2, 3)])), (2, BTreeMap::from([(2, 3)]))]);
        assert_eq!(MetricSet::of_confusion(confusion, None).classes[&1].f1, 0.0);
        assert_eq!(MetricSet::of_confusion(BTreeMap::new(), None).accuracy, 0.0);
    }
}
