//! Rows that have something in common, and how well a model does on them. Pure.

use std::collections::BTreeMap;

use tamiz_domain::{MetricSet, Slice, length_class};

use super::Evaluation;
use super::tally::Tally;
use crate::data::{Row, Rows};

/// Rows of a slice.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// What they have in common.
    pub by: &'static str,
    /// The value that they share.
    pub value: String,
    /// Their positions among the rows that were grouped.
    pub positions: Vec<usize>,
}

/// What a row is grouped by, if it tells.
type Feature = fn(&Row<'_>) -> Option<String>;

/// Groups rows by language, length and verified purchase, as far as the rows tell and differ.
pub(crate) fn groups(rows: &Rows, which: &[usize]) -> Vec<Group> {
    let features: [(&str, Feature); 3] = [
        ("language", |row| row.language.map(str::to_owned)),
        ("length", |row| Some(length_class(characters(row.text)).to_owned())),
        ("verified purchase", |row| row.verified.map(|verified| if verified { "yes" } else { "no" }.to_owned())),
    ];
    features.into_iter().flat_map(|(by, feature)| groups_by(rows, which, by, feature)).collect()
}

fn groups_by(rows: &Rows, which: &[usize], by: &'static str, feature: Feature) -> Vec<Group> {
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (position, row) in rows.pick(which).enumerate() {
        if let Some(value) = feature(&row) {
            found.entry(value).or_default().push(position);
        }
    }
    found.retain(|_, positions| positions.len() as u64 >= Slice::LEAST_ROWS);
    // A group that has no other beside it says what all rows say.
    if found.len() < 2 {
        return Vec::new();
    }
    found.into_iter().map(|(value, positions)| Group { by, value, positions }).collect()
}

fn characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// Figures of each group.
pub(crate) fn slices(groups: &[Group], rows: &Rows, which: &[usize], evaluation: &Evaluation) -> Vec<Slice> {
    let slice = |group: &Group| {
        let mut tally = Tally::default();
        for &position in &group.positions {
            tally.add(rows.get(which[position]).label, &evaluation.answers[position]);
        }
        let MetricSet { rows, accuracy, macro_f1, .. } = tally.figures();
        Slice { by: group.by.to_owned(), value: group.value.clone(), rows, accuracy, macro_f1 }
    };
    groups.iter().map(slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{self, Answer};

    #[test]
    fn rows_are_grouped_by_what_differs() {
        let (long, medium) = ("word ".repeat(100), "word ".repeat(20));
        let texts = |count: usize, text: &'static str| std::iter::repeat_n((text.to_owned(), 1), count);
        let mut pairs: Vec<(String, i8)> = texts(25, "good").collect();
        pairs.extend(std::iter::repeat_n((long, 2), 30));
        pairs.extend(std::iter::repeat_n((medium, 1), 19));
        let rows = data::rows(&pairs);
        let all: Vec<usize> = (0..rows.len()).rev().collect();
        let found = groups(&rows, &all);
        let sizes: Vec<(&str, usize)> =
            found.iter().map(|group| (group.value.split(' ').next().unwrap(), group.positions.len())).collect();
        assert_eq!(
            sizes,
            [("long", 30), ("short", 25)],
            "19 rows are too few; no language is known, and nobody's purchase"
        );
        assert_eq!(found[1].positions, (49..74).collect::<Vec<_>>(), "positions among the rows that were asked for");
        assert!(groups(&rows, &all[49..]).is_empty(), "all of these are short");
    }

    #[test]
    fn figures_of_a_slice_are_those_of_its_rows() {
        let rows = data::rows(&[("good", 2), ("bad", 1), ("fine", 2)]);
        let group = Group { by: "length", value: "short".into(), positions: vec![0, 1] };
        let evaluation = Evaluation {
            metrics: MetricSet::of_confusion(BTreeMap::new(), None),
            answers: [1, 2, 2].map(Answer::Class).to_vec(),
            nothing: Vec::new(),
            readings: vec![None; 3],
            hits: vec![false, true, true],
            confidences: vec![0.9; 3],
            of_labels: vec![0.9; 3],
            texts_per_second: 1.0,
        };
        let [slice] = &slices(&[group], &rows, &[1, 2, 0], &evaluation)[..] else { panic!("one slice") };
        assert_eq!((slice.rows, slice.accuracy), (2, 1.0));
    }
}
