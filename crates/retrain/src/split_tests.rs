use super::*;

const SETTINGS: SplitSettings = SplitSettings { holdout: 0.2, seed: 1, min_rows_per_class: 50 };

fn rows(count: usize) -> Vec<Row> {
    (0..count).map(|n| Row { text: format!("review number {n}"), label: if n % 4 == 0 { 1 } else { 2 } }).collect()
}

fn keys(rows: &[Row]) -> HashSet<Key> {
    rows.iter().map(|row| key(&row.text)).collect()
}

#[test]
fn no_text_is_on_two_sides_whatever_its_case_and_spaces() {
    let mut all = rows(1_000);
    all.extend(rows(1_000).into_iter().map(|row| Row { text: format!("  {}\n", row.text.to_uppercase()), ..row }));
    let split = split(all, &[], SETTINGS).unwrap();
    let parts = [keys(&split.training), keys(&split.validation), keys(&split.holdout)];
    let together: HashSet<Key> = parts.iter().flatten().copied().collect();
    assert_eq!(together.len(), parts.iter().map(HashSet::len).sum::<usize>());
    assert_eq!((together.len(), split.dropped.repeated), (1_000, 1_000));
}

#[test]
fn every_class_is_divided_by_the_share() {
    let split = split(rows(20_000), &[], SETTINGS).unwrap();
    for (label, total) in [(1, 5_000.0), (2, 15_000.0)] {
        let held = split.holdout.iter().filter(|row| row.label == label).count() as f64;
        assert!((held / total - 0.2).abs() < 0.02, "{label}: {held}");
    }
    let validation = split.validation.len() as f64 / (split.validation.len() + split.training.len()) as f64;
    assert!((validation - VALIDATION_SHARE).abs() < 0.01, "{validation}");
}

#[test]
fn a_text_stays_on_its_side_when_rows_are_added_and_moves_with_the_seed() {
    let small = split(rows(1_000), &[], SETTINGS).unwrap();
    let large = split(rows(2_000), &[], SETTINGS).unwrap();
    assert!(keys(&small.holdout).is_subset(&keys(&large.holdout)));
    assert!(keys(&small.holdout).is_disjoint(&keys(&large.training)));
    let other = split(rows(1_000), &[], SplitSettings { seed: 2, ..SETTINGS }).unwrap();
    assert_ne!(keys(&small.holdout), keys(&other.holdout));
}

#[test]
fn texts_with_two_labels_and_texts_of_the_test_are_left_out() {
    let mut all = rows(1_000);
    all.push(Row { text: "Review number 7".into(), label: 1 });
    let test = [Row { text: "review number 9".into(), label: 2 }];
    let split = split(all, &test, SETTINGS).unwrap();
    assert_eq!(split.dropped, Dropped { repeated: 1, contradictory: 1, in_test: 1 });
    let parts = [&split.training, &split.validation, &split.holdout];
    assert!(
        parts.iter().all(|part| part.iter().all(|row| !["review number 7", "review number 9"].contains(&&*row.text)))
    );
}

#[test]
fn too_few_rows_of_a_class_are_refused_with_the_numbers() {
    let message = |rows: Vec<Row>| split(rows, &[], SETTINGS).unwrap_err().to_string();
    assert_eq!(message(rows(100)), "too few labelled texts: label 1 has 25, and 50 are needed of each");
    assert_eq!(message(Vec::new()), "too few labelled texts: none at all, but a model needs two classes");
    let one: Vec<Row> = rows(900).into_iter().filter(|row| row.label == 2).collect();
    assert_eq!(message(one), "too few labelled texts: only label 2, but a model needs two classes");
}
