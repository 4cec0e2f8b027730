use super::super::label::Label;
use super::super::rows::tests::rows;
use super::*;

const SETTINGS: SplitSettings = SplitSettings { holdout: 0.2, seed: 1, min_rows_per_class: 50 };

type Pairs = Vec<(String, i8)>;

fn pairs(count: usize) -> Pairs {
    (0..count).map(|n| (format!("review number {n}"), if n % 4 == 0 { 1 } else { 2 })).collect()
}

fn split(pairs: &Pairs, test: &Pairs, settings: SplitSettings) -> Result<(Rows, Split), RetrainError> {
    let (all, test) = (rows(pairs), rows(test));
    super::split(&all, &test, settings).map(|split| (all, split))
}

fn keys(rows: &Rows, part: &[usize]) -> HashSet<Key> {
    rows.pick(part).map(|row| key(row.text)).collect()
}

#[test]
fn no_text_is_on_two_sides_whatever_its_case_and_spaces() {
    let mut all = pairs(1_000);
    all.extend(pairs(1_000).into_iter().map(|(text, label)| (format!("  {}\n", text.to_uppercase()), label)));
    let (rows, split) = split(&all, &Pairs::new(), SETTINGS).unwrap();
    let parts = [&split.training, &split.validation, &split.holdout].map(|part| keys(&rows, part));
    let together: HashSet<Key> = parts.iter().flatten().copied().collect();
    assert_eq!(together.len(), parts.iter().map(HashSet::len).sum::<usize>());
    assert_eq!((together.len(), split.dropped.repeated), (1_000, 1_000));
}

#[test]
fn every_class_is_divided_by_the_share() {
    let (rows, split) = split(&pairs(20_000), &Pairs::new(), SETTINGS).unwrap();
    for (label, total) in [(1, 5_000.0), (2, 15_000.0)] {
        let held = rows.pick(&split.holdout).filter(|row| row.label == Label::Class(label)).count() as f64;
        assert!((held / total - 0.2).abs() < 0.02, "{label}: {held}");
    }
    let validation = split.validation.len() as f64 / (split.validation.len() + split.training.len()) as f64;
    assert!((validation - VALIDATION_SHARE).abs() < 0.01, "{validation}");
}

#[test]
fn a_text_stays_on_its_side_when_rows_are_added_and_moves_with_the_seed() {
    let of = |count, seed| {
        let (rows, split) = split(&pairs(count), &Pairs::new(), SplitSettings { seed, ..SETTINGS }).unwrap();
        (keys(&rows, &split.holdout), keys(&rows, &split.training))
    };
    let ((small, _), (large, trained), (other, _)) = (of(1_000, 1), of(2_000, 1), of(1_000, 2));
    assert!(small.is_subset(&large) && small.is_disjoint(&trained));
    assert_ne!(small, other);
}

#[test]
fn texts_with_two_labels_and_texts_of_the_test_are_left_out() {
    let mut all = pairs(1_000);
    all.push(("Review number 7".into(), 1));
    let (rows, split) = split(&all, &vec![("review number 9".into(), 2)], SETTINGS).unwrap();
    assert_eq!(split.dropped, Dropped { repeated: 1, contradictory: 1, in_test: 1 });
    let kept = [&split.training, &split.validation, &split.holdout].map(|part| rows.pick(part));
    assert!(kept.into_iter().flatten().all(|row| !["review number 7", "review number 9"].contains(&row.text)));
}

#[test]
fn folds_are_disjoint_of_one_size_and_hold_every_row() {
    let rows = rows(&pairs(10_000));
    let all: Vec<usize> = (0..rows.len()).collect();
    let parts = folds(&rows, &all, 5, 1);
    assert!(
        parts.iter().all(|part| (1_850..2_150).contains(&part.len())),
        "{:?}",
        parts.iter().map(Vec::len).collect::<Vec<_>>()
    );
    let mut together = parts.concat();
    together.sort_unstable();
    assert_eq!(together, all);
}

#[test]
fn too_few_rows_of_a_class_are_refused_with_the_numbers() {
    let message = |pairs: Pairs| split(&pairs, &Pairs::new(), SETTINGS).unwrap_err().to_string();
    assert_eq!(message(pairs(100)), "too few labelled texts: label 1 (negative) has 25, and 50 are needed of each");
    assert_eq!(message(Vec::new()), "too few labelled texts: none at all, but a model needs two classes");
    let one: Pairs = pairs(900).into_iter().filter(|(_, label)| *label == 2).collect();
    assert_eq!(message(one), "too few labelled texts: only label 2, but a model needs two classes");
}
