//! Rows as a training takes them.

use tamiz_domain::LabelMap;
use tamiz_models::training::{Corpus, Example, Lesson, Mark, Marked};

use crate::data::{Label, Row, Rows};

/// Rows as a training takes them: texts with classes, or texts with entities.
pub(super) enum Texts<'a> {
    Classes(Sides<Example<'a>>),
    Entities(Sides<Marked<'a>>),
}

/// Rows to train and to validate with.
pub(super) struct Sides<E> {
    labels: LabelMap,
    training: Vec<E>,
    validation: Vec<E>,
}

impl<'a> Texts<'a> {
    /// Some of the rows.
    pub fn of(rows: &'a Rows, training: &[usize], validation: &[usize]) -> Self {
        match rows.have_entities() {
            true => Self::Entities(Sides::of(rows, training, validation, marked)),
            false => Self::Classes(Sides::of(rows, training, validation, example)),
        }
    }

    /// What is to be learnt.
    pub fn lesson(&self) -> Lesson<'_> {
        match self {
            Self::Classes(sides) => Lesson::Classes(sides.corpus()),
            Self::Entities(sides) => Lesson::Entities(sides.corpus()),
        }
    }

    /// Rows to train with.
    pub fn num_training(&self) -> usize {
        match self {
            Self::Classes(sides) => sides.training.len(),
            Self::Entities(sides) => sides.training.len(),
        }
    }

    /// The classes, or the kinds of entities.
    pub fn into_labels(self) -> LabelMap {
        match self {
            Self::Classes(sides) => sides.labels,
            Self::Entities(sides) => sides.labels,
        }
    }
}

impl<E> Sides<E> {
    fn of<'a>(
        rows: &'a Rows,
        training: &[usize],
        validation: &[usize],
        of_row: fn(Row<'a>, &LabelMap) -> Option<E>,
    ) -> Self {
        let labels = rows.labels_of(training);
        let side = |which: &[usize]| which.iter().filter_map(|&row| of_row(rows.get(row), &labels)).collect();
        let (training, validation) = (side(training), side(validation));
        Self { labels, training, validation }
    }

    fn corpus(&self) -> Corpus<'_, E> {
        Corpus { training: &self.training, validation: &self.validation, labels: &self.labels }
    }
}

/// None where the label is none of those to be learnt.
fn example<'a>(row: Row<'a>, labels: &LabelMap) -> Option<Example<'a>> {
    let Label::Class(label) = row.label else { return None };
    Some(Example { text: row.text, class: labels.index_of(label)? })
}

/// Without entities of a kind that is not to be learnt.
fn marked<'a>(row: Row<'a>, labels: &LabelMap) -> Option<Marked<'a>> {
    let Label::Entities(spans) = row.label else { return None };
    let mark =
        |span: &crate::data::Span| Some(Mark { kind: labels.index_of(span.kind)?, start: span.start, end: span.end });
    Some(Marked { text: row.text, marks: spans.iter().filter_map(mark).collect() })
}
