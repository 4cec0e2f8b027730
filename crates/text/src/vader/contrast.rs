//! "But": what comes before it counts half, what comes after it half as much again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::word::{Keyword, Word};

const BEFORE: f64 = 0.5;
const AFTER: f64 = 1.5;

/// Up to this many valences, looking through them is faster than an index of them.
const FEW: usize = 32;

/// Weighs the valences (word number, value; none of them zero) around the first "but".
///
/// The reference looks each value up **by value** and changes the first one equal to it, which is not always the one it
/// was looking at. The scores are to be equal, so this does the same.
pub(super) fn weigh_around_but(words: &[Word], valences: &mut [(usize, f64)]) {
    let Some(but) = words.iter().position(|word| word.is(Keyword::But)) else { return };
    if valences.len() <= FEW {
        weigh_few(but, valences);
    } else {
        weigh_many(but, valences);
    }
}

fn weigh_few(but: usize, valences: &mut [(usize, f64)]) {
    for i in 0..valences.len() {
        let value = valences[i].1;
        if let Some(first) = valences.iter_mut().find(|other| other.1 == value) {
            first.1 = weigh(first.0, but, value);
        }
    }
}

/// The same with the places of each value in a heap: a text of a million words must not take a million squared steps.
fn weigh_many(but: usize, valences: &mut [(usize, f64)]) {
    let mut places: FxHashMap<u64, BinaryHeap<Reverse<usize>>> = FxHashMap::default();
    for (place, &(_, value)) in valences.iter().enumerate() {
        places.entry(value.to_bits()).or_default().push(Reverse(place));
    }
    for i in 0..valences.len() {
        let value = valences[i].1;
        let Some(Reverse(first)) = places.get_mut(&value.to_bits()).and_then(BinaryHeap::pop) else { continue };
        let weighed = weigh(valences[first].0, but, value);
        valences[first].1 = weighed;
        places.entry(weighed.to_bits()).or_default().push(Reverse(first));
    }
}

fn weigh(word: usize, but: usize, value: f64) -> f64 {
    if word < but { value * BEFORE } else { value * AFTER }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_equal_value_is_weighed_in_place_of_the_right_one() {
        let mut valences = [(0, 1.0), (1, 0.5), (5, 2.0)];
        weigh_few(3, &mut valences);
        assert_eq!(valences, [(0, 0.25), (1, 0.5), (5, 3.0)]);
    }

    proptest! {
        #[test]
        fn an_index_changes_nothing_but_the_time(values in prop::collection::vec(1i8..5, 0..80), but in 0usize..80) {
            let mut few: Vec<_> = values.iter().map(|&value| f64::from(value) - 2.5).enumerate().collect();
            let mut many = few.clone();
            weigh_few(but, &mut few);
            weigh_many(but, &mut many);
            prop_assert_eq!(few, many);
        }
    }
}
