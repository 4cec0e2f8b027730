//! From labels and answers to figures. Pure.

use std::collections::BTreeMap;

use tamiz_domain::MetricSet;

use crate::data::{Answer, Label, NO_LABEL, Span};

/// What was counted of answers about labelled rows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: u64,
    /// Rows whose answer is the label.
    exact: u64,
    /// By label and by answer.
    confusion: BTreeMap<i8, BTreeMap<i8, u64>>,
    has_entities: bool,
}

impl Tally {
    /// Adds a row.
    pub fn add(&mut self, label: Label<'_>, answer: &Answer) {
        self.rows += 1;
        self.exact += u64::from(label == answer.as_label());
        match (label, answer) {
            (Label::Class(label), Answer::Class(found)) => self.count(label, *found),
            (Label::Entities(labelled), Answer::Entities(found)) => self.add_entities(labelled, found),
            // Nobody asks a model about classes for entities, or the other way round.
            (Label::Class(label), Answer::Entities(_)) => self.count(label, NO_LABEL),
            (Label::Entities(labelled), Answer::Class(_)) => self.add_entities(labelled, &[]),
        }
    }

    fn add_entities(&mut self, labelled: &[Span], found: &[Span]) {
        self.has_entities = true;
        let same = |one: &Span, other: &Span| (one.start, one.end) == (other.start, other.end);
        for span in labelled {
            self.count(span.kind, found.iter().find(|other| same(span, other)).map_or(NO_LABEL, |other| other.kind));
        }
        for span in found.iter().filter(|span| !labelled.iter().any(|other| same(span, other))) {
            self.count(NO_LABEL, span.kind);
        }
    }

    fn count(&mut self, label: i8, found: i8) {
        *self.confusion.entry(label).or_default().entry(found).or_default() += 1;
    }

    /// The figures.
    pub fn figures(self) -> MetricSet {
        match self.has_entities {
            true => MetricSet::of_entities(self.rows, self.exact, self.confusion),
            false => MetricSet::of_confusion(self.confusion, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_found_where_both_ends_are() {
        let span = |start, end, kind| Span { start, end, kind };
        let labelled = [span(0, 4, 0), span(6, 9, 1), span(12, 20, 0)];
        let found = vec![span(0, 4, 0), span(6, 9, 0), span(12, 19, 0)];
        let mut tally = Tally::default();
        tally.add(Label::Entities(&labelled), &Answer::Entities(found));
        tally.add(Label::Entities(&[]), &Answer::Entities(Vec::new()));
        let figures = tally.figures();
        assert_eq!((figures.rows, figures.accuracy), (2, 0.5));
        assert_eq!(figures.confusion[&0], BTreeMap::from([(0, 1), (NO_LABEL, 1)]));
        assert_eq!(figures.confusion[&1], BTreeMap::from([(0, 1)]));
        assert_eq!(figures.confusion[&NO_LABEL], BTreeMap::from([(0, 1)]));
        assert!((figures.entity_f1.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    }
}
