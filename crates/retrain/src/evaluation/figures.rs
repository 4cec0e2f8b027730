//! A model's figures on labelled rows.

use std::time::Instant;

use tamiz_domain::{CalibrationGaps, LabelMap, LogLoss, MetricSet};
use tamiz_models::{Model, ModelError, Prediction, Reading};

use super::tally::Tally;
use crate::data::{Answer, Label, NO_LABEL, Row, Rows, Span};

/// Texts that go to the model at once.
const BATCH_ROWS: usize = 4_096;
/// Number of a kind of entity that no row is labelled with.
const UNKNOWN_KIND: i8 = NO_LABEL + 1;

/// What a model makes of labelled rows.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// The figures.
    pub metrics: MetricSet,
    /// What it says of each row.
    pub answers: Vec<Answer>,
    /// For each row whether that is the label.
    pub hits: Vec<bool>,
    /// For each row whether saying that nothing is there would be right; empty where labels are classes.
    pub nothing: Vec<bool>,
    /// How each row's text was read; none of one that the model fails on.
    pub readings: Vec<Option<Reading>>,
    /// Confidence of each row's prediction; empty where labels are entities.
    pub confidences: Vec<f32>,
    /// Probability of each row's label; empty where labels are entities.
    pub of_labels: Vec<f32>,
    /// Texts labelled in a second. Of no use but to be compared with what was measured on the same machine at the same time.
    pub texts_per_second: f64,
}

impl Evaluation {
    /// What is said of these rows and, behind them, of others; the figures stay those of these rows.
    pub fn followed_by(&self, other: &Self) -> Self {
        Self {
            metrics: self.metrics.clone(),
            answers: [&self.answers[..], &other.answers].concat(),
            hits: [&self.hits[..], &other.hits].concat(),
            nothing: [&self.nothing[..], &other.nothing].concat(),
            readings: [&self.readings[..], &other.readings].concat(),
            confidences: [&self.confidences[..], &other.confidences].concat(),
            of_labels: [&self.of_labels[..], &other.of_labels].concat(),
            texts_per_second: self.texts_per_second,
        }
    }
}

/// Runs the model over some of the rows.
pub(crate) fn evaluate(model: &mut dyn Model, rows: &Rows, which: &[usize]) -> Result<Evaluation, ModelError> {
    let numbers = Numbers::of(model.labels(), rows.labels(), rows.have_entities());
    let mut found = Evaluation {
        metrics: MetricSet::of_confusion(Default::default(), None),
        answers: Vec::with_capacity(which.len()),
        hits: Vec::with_capacity(which.len()),
        nothing: Vec::new(),
        readings: Vec::with_capacity(which.len()),
        confidences: Vec::new(),
        of_labels: Vec::new(),
        texts_per_second: 0.0,
    };
    let (mut tally, mut loss, start) = (Tally::default(), LogLoss::default(), Instant::now());
    for batch in which.chunks(BATCH_ROWS) {
        let texts: Vec<&str> = rows.pick(batch).map(|row| row.text).collect();
        for (Row { label, .. }, labelled) in rows.pick(batch).zip(model.read_and_label(&texts)?) {
            found.readings.push(labelled.as_ref().ok().map(|prediction| prediction.reading));
            // A text that the model fails on is one that it gets wrong.
            let prediction = labelled.unwrap_or_default();
            let answer = numbers.answer(&prediction);
            match label {
                Label::Class(label) => {
                    let index = numbers.index_of(label);
                    let of_label = index.and_then(|index| prediction.scores.get(index)).copied().unwrap_or(0.0);
                    loss.add(of_label);
                    found.confidences.push(prediction.confidence.unwrap_or(0.0));
                    found.of_labels.push(of_label);
                }
                Label::Entities(spans) => found.nothing.push(spans.is_empty()),
            }
            tally.add(label, &answer);
            found.hits.push(label == answer.as_label());
            found.answers.push(answer);
        }
    }
    found.metrics = tally.figures();
    if !rows.have_entities() {
        found.metrics.log_loss = loss.mean();
        found.metrics.calibration_error = calibration_error(&found.confidences, &found.hits);
    }
    found.texts_per_second = which.len() as f64 / start.elapsed().as_secs_f64().max(f64::EPSILON);
    Ok(found)
}

/// The number of each of a model's classes among the labels of the rows. Classes with names are numbered by each model for itself, so
/// where every name is known the name decides, and otherwise the number. Kinds of entities have names only.
pub(super) struct Numbers {
    model: LabelMap,
    numbers: Vec<i8>,
    /// The kinds of the rows' entities, where these are the labels.
    kinds: Option<LabelMap>,
}

impl Numbers {
    /// For rows with these labels, which are kinds of entities if `are_kinds` is set.
    pub fn of(model: LabelMap, rows: &LabelMap, are_kinds: bool) -> Self {
        let by_name = |name: &str| rows.0.iter().find(|class| class.name == name).map(|class| class.value);
        let named: Option<Vec<i8>> = model.0.iter().map(|class| by_name(&class.name)).collect();
        let numbers = named.unwrap_or_else(|| model.0.iter().map(|class| class.value).collect());
        Self { model, numbers, kinds: are_kinds.then(|| rows.clone()) }
    }

    /// What the model says, in the numbers of the rows.
    pub fn answer(&self, said: &Prediction) -> Answer {
        let Some(kinds) = &self.kinds else {
            let number = said.label.and_then(|said| self.numbers.get(self.model.index_of(said)?));
            return Answer::Class(number.copied().unwrap_or(NO_LABEL));
        };
        let kind = |name: &str| kinds.0.iter().find(|kind| kind.name == name).map_or(UNKNOWN_KIND, |kind| kind.value);
        let entities = said.entities.iter();
        Answer::Entities(entities.map(|one| Span { start: one.start, end: one.end, kind: kind(&one.kind) }).collect())
    }

    /// Position of a row's label among the model's scores.
    fn index_of(&self, label: i8) -> Option<usize> {
        self.numbers.iter().position(|&number| number == label)
    }
}

/// Expected calibration error; see [`MetricSet::calibration_error`].
fn calibration_error(confidences: &[f32], hits: &[bool]) -> Option<f64> {
    let mut gaps = CalibrationGaps::default();
    confidences.iter().zip(hits).for_each(|(&confidence, &hit)| gaps.add(confidence, hit));
    gaps.error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_told_by_their_names_where_all_are_known() {
        let rows = LabelMap::of_names(["fault", "praise", "question"]).unwrap();
        let older = LabelMap::of_names(["question", "fault"]).unwrap();
        assert_eq!(Numbers::of(older, &rows, false).numbers, [0, 2]);
        let foreign = LabelMap::of_names(["LABEL_0", "LABEL_1"]).unwrap();
        assert_eq!(Numbers::of(foreign, &rows, false).numbers, [0, 1]);
    }

    #[test]
    fn a_confidence_that_is_the_share_of_hits_has_no_error() {
        let hits: Vec<bool> = (0..100).map(|row| row % 4 != 0).collect();
        assert!(calibration_error(&[0.75; 100], &hits).unwrap() < 1e-9);
        assert!((calibration_error(&[0.95; 100], &hits).unwrap() - 0.2).abs() < 1e-6);
        // Too sure in one bin and not sure enough in another do not make up for each other.
        let confidences = [[0.9; 50], [0.6; 50]].concat();
        assert!((calibration_error(&confidences, &hits).unwrap() - 0.15).abs() < 0.02);
        assert_eq!(calibration_error(&[1.0, 0.0], &[true, false]), Some(0.0));
        assert_eq!(calibration_error(&[], &[]), None);
    }
}
