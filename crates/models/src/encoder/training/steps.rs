//! Which rows make a step, and how large it is. Pure.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Steps whose rows are sorted by length together, so that a step's rows are alike.
const STEPS_SORTED_TOGETHER: usize = 16;

/// Cuts rows in random order into steps of rows of like length, and mixes the steps.
pub(super) fn steps(rows: &[usize], lengths: &[usize], step_rows: usize, seed: u64, epoch: usize) -> Vec<Vec<usize>> {
    let mut steps: Vec<Vec<usize>> = Vec::new();
    for together in rows.chunks(step_rows * STEPS_SORTED_TOGETHER) {
        let mut sorted = together.to_vec();
        sorted.sort_by_key(|&row| lengths[row]);
        steps.extend(sorted.chunks(step_rows).map(<[usize]>::to_vec));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // The same number draws the order of the rows.
    rng.set_stream(u64::MAX - epoch as u64);
    steps.shuffle(&mut rng);
    steps
}

/// Share of the learning rate at a step, from 0: up in a straight line over the warm-up, down to zero over the rest.
pub(super) fn rate(step: usize, total: usize, warm_up: f64) -> f64 {
    let warm = (total as f64 * warm_up).round();
    let at = step as f64 + 1.0;
    if at <= warm { at / warm } else { (total as f64 + 1.0 - at) / (total as f64 - warm) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_step_with_rows_like_it() {
        let lengths: Vec<usize> = (0..1_000).map(|row| row * 37 % 100).collect();
        let rows: Vec<usize> = (0..1_000).collect();
        let made = steps(&rows, &lengths, 8, 1, 1);
        let mut all = made.concat();
        all.sort_unstable();
        assert_eq!(all, rows);
        let spread = |step: &Vec<usize>| {
            let own = || step.iter().map(|&row| lengths[row]);
            own().max().unwrap() - own().min().unwrap()
        };
        assert!(made.iter().all(|step| spread(step) <= 20), "{:?}", made.iter().map(spread).max());
        assert_eq!(made, steps(&rows, &lengths, 8, 1, 1));
        assert_ne!(made, steps(&rows, &lengths, 8, 1, 2));
        assert_ne!(made, steps(&rows, &lengths, 8, 2, 1));
    }

    #[test]
    fn the_rate_goes_up_and_then_down_to_nearly_nothing() {
        let rates: Vec<f64> = (0..10).map(|step| rate(step, 10, 0.2)).collect();
        assert_eq!(rates[..3], [0.5, 1.0, 1.0]);
        assert!(rates[2..].is_sorted_by(|a, b| a > b) && rates[9] > 0.0, "{rates:?}");
        assert_eq!(rate(0, 5, 0.0), 1.0);
    }
}
