//! Labels that are probably wrong: those that a model which never saw the row contradicts with confidence (Northcutt et al. 2021,
//! arXiv:1911.00068).

use std::collections::BTreeMap;

use super::Evaluation;
use crate::data::{Label, Rows};

/// Rows that the report lists at most.
const LISTED: usize = 10_000;

/// What the report says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noise {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows whose label is probably wrong.
    pub suspected: u64,
    /// The rows as CSV, the surest first. Names them, and says nothing of their text.
    pub csv: Vec<u8>,
}

/// Looks for labels that `evaluation` contradicts. Its model must not have been trained on the rows.
///
/// A class is believed where its probability is at least what the model gives it, on average, in rows that are labelled with it.
///
/// # Errors
/// [`csv::Error`], which a list in memory does not meet.
pub(crate) fn noise(rows: &Rows, which: &[usize], evaluation: &Evaluation) -> Result<Noise, csv::Error> {
    let usual = usual_probabilities(rows, which, evaluation);
    let believed = |at: usize| {
        let said = evaluation.answers[at].as_label().classes().next();
        let confidence = f64::from(evaluation.confidences[at]);
        !evaluation.hits[at] && said.and_then(|said| usual.get(&said)).is_some_and(|&usual| confidence >= usual)
    };
    let mut suspects: Vec<usize> = (0..which.len()).filter(|&at| believed(at)).collect();
    let margin = |at: usize| evaluation.confidences[at] - evaluation.of_labels[at];
    suspects.sort_by(|&a, &b| margin(b).total_cmp(&margin(a)).then(which[a].cmp(&which[b])));
    let named = |label: Label<'_>| label.classes().map(|class| rows.labels().name_of(class)).collect::<String>();
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["review_id", "source", "row", "label", "predicted", "confidence", "probability_of_label"])?;
    for &at in suspects.iter().take(LISTED) {
        let row = rows.get(which[at]);
        csv.write_record([
            row.id.unwrap_or_default(),
            row.source.unwrap_or_default(),
            &row.number.map(|number| number.to_string()).unwrap_or_default(),
            &named(row.label),
            &named(evaluation.answers[at].as_label()),
            &format!("{:.4}", evaluation.confidences[at]),
            &format!("{:.4}", evaluation.of_labels[at]),
        ])?;
    }
    let csv = csv.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(Noise { rows: which.len() as u64, suspected: suspects.len() as u64, csv })
}

/// Mean probability of each class in the rows that are labelled with it.
fn usual_probabilities(rows: &Rows, which: &[usize], evaluation: &Evaluation) -> BTreeMap<i8, f64> {
    let mut sums: BTreeMap<i8, (f64, f64)> = BTreeMap::new();
    for (row, &probability) in rows.pick(which).zip(&evaluation.of_labels) {
        for class in row.label.classes() {
            let (sum, count) = sums.entry(class).or_default();
            *sum += f64::from(probability);
            *count += 1.0;
        }
    }
    sums.into_iter().map(|(label, (sum, count))| (label, sum / count)).collect()
}

#[cfg(test)]
mod tests {
    use tamiz_domain::MetricSet;

    use super::*;
    use crate::data::{self, Answer};

    /// An evaluation of rows by label, predicted class, and the two's probabilities.
    fn evaluation(of: &[(i8, i8, f32, f32)]) -> Evaluation {
        Evaluation {
            metrics: MetricSet::of_confusion(BTreeMap::new(), None),
            answers: of.iter().map(|row| Answer::Class(row.1)).collect(),
            nothing: Vec::new(),
            readings: Vec::new(),
            hits: of.iter().map(|row| row.0 == row.1).collect(),
            confidences: of.iter().map(|row| row.2).collect(),
            of_labels: of.iter().map(|row| row.3).collect(),
            texts_per_second: 1.0,
        }
    }

    #[test]
    fn labels_that_are_contradicted_with_confidence_are_listed_the_surest_first() {
        // Class 2 has 0.7 on average where it is the label: 0.6 against it is no proof, 0.8 and 0.95 are.
        let of = [(2, 2, 0.7, 0.7), (1, 2, 0.8, 0.2), (1, 2, 0.6, 0.4), (1, 2, 0.95, 0.05), (1, 1, 0.9, 0.9)];
        let rows = data::rows(&of.map(|row| ("text", row.0)));
        let found = noise(&rows, &[0, 1, 2, 3, 4], &evaluation(&of)).unwrap();
        assert_eq!((found.rows, found.suspected), (5, 2));
        let csv = String::from_utf8(found.csv).unwrap();
        assert_eq!(csv.lines().nth(1), Some(",,,negative,positive,0.9500,0.0500"));
        assert_eq!((csv.lines().count(), csv.contains("text")), (3, false));
    }

    #[test]
    fn a_class_that_nobody_labelled_accuses_nobody() {
        let of = [(1, 7, 0.99, 0.01), (2, 2, 0.9, 0.9)];
        let rows = data::rows(&of.map(|row| ("text", row.0)));
        assert_eq!(noise(&rows, &[0, 1], &evaluation(&of)).unwrap().suspected, 0);
    }
}
