//! Holds the redactor to a labelled set: real review sentences with planted personal data, with what only looks like
//! it, and with what stood in them from the start (`reference/make_redaction_set.py`). `--no-capture` prints the table.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use tamiz_domain::PersonalData;
use tamiz_text::redact::Redactor;

const LABELLED: &str = include_str!("redaction/labelled.jsonl");

/// Recall and precision of every kind are at least this.
const GOAL: f64 = 0.98;

#[derive(Deserialize)]
struct Row {
    text: String,
    spans: Vec<(usize, usize, PersonalData)>,
    case: String,
}

/// What became of one kind. A finding counts only when kind, first and last byte are those of the label.
#[derive(Default)]
struct Score {
    labelled: usize,
    found: usize,
    right: usize,
}

impl Score {
    fn recall(&self) -> f64 {
        self.right as f64 / self.labelled as f64
    }

    fn precision(&self) -> f64 {
        self.right as f64 / self.found as f64
    }
}

type Span = (PersonalData, Range<usize>);

fn rows() -> Vec<Row> {
    LABELLED.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn labels(row: &Row) -> Vec<Span> {
    row.spans.iter().map(|&(start, end, kind)| (kind, start..end)).collect()
}

fn findings(redactor: &Redactor, row: &Row) -> Vec<Span> {
    redactor.find(&row.text).into_iter().map(|found| (found.kind, found.span)).collect()
}

#[test]
fn recall_and_precision_of_every_kind_reach_the_goal() {
    let redactor = Redactor::new(PersonalData::ALL);
    let mut scores: BTreeMap<PersonalData, Score> = BTreeMap::new();
    for row in rows() {
        let (labels, findings) = (labels(&row), findings(&redactor, &row));
        for label in &labels {
            let score = scores.entry(label.0).or_default();
            score.labelled += 1;
            score.right += usize::from(findings.contains(label));
        }
        for found in &findings {
            scores.entry(found.0).or_default().found += 1;
        }
        if labels != findings {
            println!("{}: {}\n    labelled {labels:?}, found {findings:?}", row.case, row.text);
        }
    }
    println!("| kind | labelled | recall | precision |\n|---|---:|---:|---:|");
    for (kind, score) in &scores {
        println!("| {kind:?} | {} | {:.3} | {:.3} |", score.labelled, score.recall(), score.precision());
    }
    assert_eq!(scores.len(), PersonalData::ALL.len());
    for (kind, score) in &scores {
        assert!(score.labelled >= 100, "{kind:?} is labelled {} times", score.labelled);
        assert!(score.recall() >= GOAL && score.precision() >= GOAL, "{kind:?} misses the goal");
    }
}

#[test]
fn each_kind_alone_finds_what_it_finds_among_the_others() {
    for kind in PersonalData::ALL {
        let redactor = Redactor::new([kind]);
        for row in rows().iter().filter(|row| row.case == format!("planted {}", name(kind))) {
            assert_eq!(findings(&redactor, row), labels(row).as_slice(), "{}", row.text);
        }
    }
}

fn name(kind: PersonalData) -> String {
    serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned()
}
