//! Decisions over examinations that are made up.

use std::collections::BTreeMap;

use tamiz_domain::{Behaviour, MetricSet, Slice};

use super::*;
use crate::data::Answer;
use crate::evaluation::Evaluation;

const RULES: Rules = Rules {
    min_gain: 0.0,
    max_slice_loss: 0.02,
    max_behaviour_loss: 0.05,
    max_calibration_loss: 0.02,
    min_speed: 0.0,
    max_size: None,
};

/// A model with these hits; two classes take turns.
fn examination(hits: &[bool]) -> Examination {
    let mut confusion: BTreeMap<i8, BTreeMap<i8, u64>> = BTreeMap::new();
    for (row, &hit) in hits.iter().enumerate() {
        let label = (row % 2) as i8 + 1;
        let predicted = if hit { label } else { 3 - label };
        *confusion.entry(label).or_default().entry(predicted).or_default() += 1;
    }
    let metrics = MetricSet { calibration_error: Some(0.01), ..MetricSet::of_confusion(confusion, None) };
    let rows = hits.len();
    Examination {
        evaluation: Evaluation {
            metrics,
            answers: vec![Answer::Class(1); rows],
            nothing: Vec::new(),
            readings: vec![None; rows],
            hits: hits.to_vec(),
            confidences: vec![0.9; rows],
            of_labels: vec![0.9; rows],
            texts_per_second: 1_000.0,
        },
        slices: Vec::new(),
        behaviour: vec![Behaviour {
            test: "typos".into(),
            cases: 1_000,
            independent: 1_000,
            failures: 400,
            wrong: 100,
        }],
        weight_bytes: 1_000_000,
    }
}

/// A challenger and a champion of 1,000 rows that disagree on these.
fn pair(challenger_only: usize, champion_only: usize) -> (Examination, Examination) {
    let hits =
        |from: usize, to: usize| (0..1_000).map(|row| (from..to).contains(&row) || row >= 200).collect::<Vec<bool>>();
    (examination(&hits(0, challenger_only)), examination(&hits(challenger_only, challenger_only + champion_only)))
}

fn broken(judgement: &Judgement) -> Vec<&str> {
    judgement.rules.iter().filter(|outcome| !outcome.kept).map(|outcome| outcome.rule.as_str()).collect()
}

#[test]
fn a_challenger_must_win_clearly() {
    let table = [
        (20, 2, Decision::Promoted),
        (5, 0, Decision::Promoted),
        (4, 0, Decision::KeptChampion),
        (0, 0, Decision::KeptChampion),
        (12, 8, Decision::KeptChampion),
        (90, 100, Decision::KeptChampion),
    ];
    for (challenger_only, champion_only, expected) in table {
        let (challenger, champion) = pair(challenger_only, champion_only);
        let judgement = decide(&challenger, &champion, &[], &RULES);
        assert_eq!(judgement.decision, expected, "{challenger_only} to {champion_only}");
        assert!(judgement.why.contains("on the same 1000 rows"), "{}", judgement.why);
    }
}

#[test]
fn a_gain_that_is_asked_for_must_be_reached() {
    let (challenger, champion) = pair(20, 0);
    let asked = |min_gain| decide(&challenger, &champion, &[], &Rules { min_gain, ..RULES }).decision;
    assert_eq!((asked(0.02), asked(0.021)), (Decision::Promoted, Decision::KeptChampion));
}

#[test]
fn a_slice_that_gets_worse_keeps_the_champion() {
    let (mut challenger, mut champion) = pair(40, 12);
    let slice = |accuracy| Slice { by: "language".into(), value: "es".into(), rows: 12, accuracy, macro_f1: accuracy };
    (challenger.slices, champion.slices) = (vec![slice(0.0)], vec![slice(1.0)]);
    let group = |positions: std::ops::Range<usize>| Group {
        by: "language",
        value: "es".into(),
        positions: positions.collect(),
    };
    // The rows that only the champion got right.
    let judgement = decide(&challenger, &champion, &[group(40..52)], &RULES);
    assert_eq!((judgement.decision, broken(&judgement)), (Decision::KeptChampion, vec!["slices"]));
    assert!(
        judgement.why.contains("breaks a rule") && judgement.why.contains("language es: 0.0% against 100.0%"),
        "{}",
        judgement.why
    );
    // Three rows prove nothing.
    let judgement = decide(&challenger, &champion, &[group(40..43)], &RULES);
    assert_eq!(judgement.decision, Decision::Promoted, "{}", judgement.why);
}

#[test]
fn behaviour_calibration_speed_and_size_are_held_to_their_rules() {
    let (_, champion) = pair(20, 0);
    let with = |change: fn(&mut Examination), rules: Rules| {
        let (mut challenger, _) = pair(20, 0);
        change(&mut challenger);
        let judgement = decide(&challenger, &champion, &[], &rules);
        assert_eq!(judgement.decision == Decision::Promoted, broken(&judgement).is_empty());
        broken(&judgement).join(" ")
    };
    assert_eq!(with(|it| it.behaviour[0].wrong = 150, RULES), "");
    assert_eq!(with(|it| it.behaviour[0].wrong = 151, RULES), "behaviour");
    assert_eq!(with(|it| it.behaviour[0].failures = 900, RULES), "", "to change its mind often is no error");
    let few = |it: &mut Examination| (it.behaviour[0].independent, it.behaviour[0].wrong) = (10, 200);
    assert_eq!(with(few, RULES), "", "ten cases prove nothing");
    assert_eq!(with(|it| it.behaviour.clear(), RULES), "", "a test that only the champion took");
    assert_eq!(with(|it| it.evaluation.metrics.calibration_error = Some(0.04), RULES), "calibration");
    assert_eq!(with(|it| it.evaluation.texts_per_second = 1.0, RULES), "", "nothing is asked for");
    assert_eq!(with(|it| it.evaluation.texts_per_second = 400.0, Rules { min_speed: 0.5, ..RULES }), "speed");
    assert_eq!(with(|it| it.weight_bytes = 3_000_000, Rules { max_size: Some(ByteSize::mb(2)), ..RULES }), "size");
}

#[test]
fn the_first_model_must_beat_the_largest_class() {
    /// Two classes with these hits and rows.
    fn metrics(negative: (u64, u64), positive: (u64, u64)) -> MetricSet {
        let row =
            |right: i8, wrong: i8, (hits, rows): (u64, u64)| BTreeMap::from([(right, hits), (wrong, rows - hits)]);
        MetricSet::of_confusion(BTreeMap::from([(1, row(1, 2, negative)), (2, row(2, 1, positive))]), None)
    }
    let table = [
        (metrics((90, 100), (90, 100)), Decision::Promoted),
        (metrics((0, 100), (900, 900)), Decision::NoBaseline),
        (metrics((52, 100), (52, 100)), Decision::NoBaseline),
        // Less accurate than the largest class, and still of use: it finds most of a rare one.
        (metrics((80, 100), (7_200, 9_000)), Decision::Promoted),
        (metrics((2, 2), (2, 2)), Decision::Promoted),
        (metrics((1, 1), (1, 2)), Decision::NoBaseline),
    ];
    for (metrics, expected) in table {
        let mut challenger = examination(&[true]);
        challenger.evaluation.metrics = metrics;
        let judgement = decide_first(&challenger, &RULES);
        assert_eq!(judgement.decision, expected, "{judgement:?}");
    }
    let small = Rules { max_size: Some(ByteSize::kb(1)), ..RULES };
    assert_eq!(broken(&decide_first(&examination(&[true; 100]), &small)), ["size"]);
}
