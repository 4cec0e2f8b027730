//! Which rows make a step, and the two views of their features that a step needs. Pure: no tensor, one seed.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::bags::Bags;

/// What is done about classes of unequal size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Balance {
    /// Each row weighs in inverse proportion to its class's share.
    #[default]
    Weights,
    /// Every epoch draws as many rows of each class as the smallest one has.
    Undersample,
    /// Nothing.
    None,
}

/// The rows of an epoch in random order, `balance` applied; the same seed and epoch give the same order.
pub(super) fn epoch_rows(
    classes: &[usize],
    num_classes: usize,
    balance: Balance,
    seed: u64,
    epoch: usize,
) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64);
    let mut rows: Vec<usize> = (0..classes.len()).collect();
    rows.shuffle(&mut rng);
    if balance == Balance::Undersample {
        let smallest = counts(classes, num_classes).into_iter().filter(|&count| count > 0).min().unwrap_or(0);
        let mut left = vec![smallest; num_classes];
        rows.retain(|&row| {
            let left = &mut left[classes[row]];
            let kept = *left > 0;
            *left = left.saturating_sub(1);
            kept
        });
        // The quota of a large class is used up early; without another shuffle the epoch would end on small ones.
        rows.shuffle(&mut rng);
    }
    rows
}

/// Weight of each class in the loss; their mean over the rows is 1.
pub(super) fn class_weights(classes: &[usize], num_classes: usize, balance: Balance) -> Vec<f32> {
    let counts = counts(classes, num_classes);
    let weight = |count: usize| match balance {
        Balance::Weights if count > 0 => classes.len() as f32 / (num_classes * count) as f32,
        _ => 1.0,
    };
    counts.into_iter().map(weight).collect()
}

/// Rows of each class.
pub(super) fn counts(classes: &[usize], num_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; num_classes];
    classes.iter().for_each(|&class| counts[class] += 1);
    counts
}

/// A step's features by text, and by row of the table.
#[derive(Debug)]
pub(super) struct Batch {
    /// Features of each text.
    pub indices: Vec<i32>,
    /// Where each text's features begin, and the end of the last.
    pub offsets: Vec<i32>,
    /// Class of each text.
    pub classes: Vec<i64>,
    /// The rows of the table that occur, ascending, each once.
    pub table_rows: Vec<i32>,
    /// For each of these rows the texts that it occurs in, as often as it does, end to end.
    pub occurrences: Vec<i32>,
    /// Where each row's occurrences begin, and the end of the last.
    pub occurrence_offsets: Vec<i32>,
}

impl Batch {
    /// Gathers the features of `rows`.
    pub fn gather(bags: &Bags, classes: &[usize], rows: &[usize]) -> Self {
        let mut indices = Vec::new();
        let mut offsets = vec![0];
        for &row in rows {
            indices.extend_from_slice(bags.text(row));
            offsets.push(indices.len() as i32);
        }
        let (table_rows, occurrences, occurrence_offsets) = transpose(&indices, &offsets);
        let classes = rows.iter().map(|&row| classes[row] as i64).collect();
        Self { indices, offsets, classes, table_rows, occurrences, occurrence_offsets }
    }
}

/// From "which rows has a text" to "which texts has a row".
fn transpose(indices: &[i32], offsets: &[i32]) -> (Vec<i32>, Vec<i32>, Vec<i32>) {
    let mut pairs: Vec<u64> = Vec::with_capacity(indices.len());
    for (text, bounds) in offsets.windows(2).enumerate() {
        let features = &indices[bounds[0] as usize..bounds[1] as usize];
        pairs.extend(features.iter().map(|&row| (row as u64) << 32 | text as u64));
    }
    pairs.sort_unstable();
    let mut rows = Vec::new();
    let mut starts = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let row = (pair >> 32) as i32;
        if rows.last() != Some(&row) {
            rows.push(row);
            starts.push(at as i32);
        }
    }
    starts.push(pairs.len() as i32);
    let texts = pairs.iter().map(|&pair| pair as u32 as i32).collect();
    (rows, texts, starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_keeps_every_occurrence() {
        let (rows, texts, starts) = transpose(&[5, 7, 5, 9, 5], &[0, 3, 3, 5]);
        assert_eq!(rows, [5, 7, 9]);
        assert_eq!(texts, [0, 0, 2, 0, 2]);
        assert_eq!(starts, [0, 3, 4, 5]);
    }

    #[test]
    fn an_epoch_has_every_row_once_in_an_order_of_its_own() {
        let classes = [0, 1].repeat(50);
        let first = epoch_rows(&classes, 2, Balance::Weights, 1, 1);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(first, epoch_rows(&classes, 2, Balance::Weights, 1, 1));
        assert_ne!(first, epoch_rows(&classes, 2, Balance::Weights, 1, 2));
        assert_ne!(first, epoch_rows(&classes, 2, Balance::Weights, 2, 1));
    }

    #[test]
    fn undersampling_draws_the_classes_evenly() {
        let classes: Vec<usize> = (0..100).map(|n| usize::from(n % 5 != 0)).collect();
        let rows = epoch_rows(&classes, 2, Balance::Undersample, 1, 1);
        let small = |rows: &[usize]| rows.iter().filter(|&&row| classes[row] == 0).count();
        assert_eq!((rows.len(), small(&rows)), (40, 20));
        assert!((5..=15).contains(&small(&rows[20..])), "both halves hold both classes");
    }

    #[test]
    fn weights_make_the_classes_even_and_average_to_one() {
        let classes = [0, 0, 0, 1];
        let weights = class_weights(&classes, 2, Balance::Weights);
        assert!((3.0 * weights[0] - weights[1]).abs() < 1e-6);
        assert!((3.0 * weights[0] + weights[1] - 4.0).abs() < 1e-6);
        assert_eq!(class_weights(&classes, 2, Balance::None), [1.0, 1.0]);
    }
}
