//! Confidence that can be believed. Pure.

/// Temperatures beyond these are those of too few rows, or of rows that are all right.
const RANGE: [f64; 2] = [0.25, 10.0];
/// Halvings of the range: to the last digits of a 32-bit float.
const HALVINGS: usize = 40;

/// The temperature by which logits are to be divided so that labels are as likely as they can be (Guo et al. 2017,
/// arXiv:1706.04599), from logits that no step was taken on, each with its class. No class changes by it.
pub(crate) fn temperature<'a>(labelled: impl Iterator<Item = (&'a [f32], usize)>) -> f64 {
    let labelled: Vec<(&[f32], usize)> = labelled.collect();
    if labelled.is_empty() || labelled.iter().flat_map(|(logits, _)| *logits).any(|logit| !logit.is_finite()) {
        return 1.0;
    }
    // The loss is convex in the temperature's inverse: its slope changes sign once.
    let slope = |inverse: f64| -> f64 {
        let of_row = |&(row, class): &(&[f32], usize)| {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let (mut sum, mut mean) = (0.0, 0.0);
            for &logit in row {
                let weight = (inverse * f64::from(logit - largest)).exp();
                sum += weight;
                mean += weight * f64::from(logit);
            }
            mean / sum - f64::from(row[class])
        };
        labelled.iter().map(of_row).sum()
    };
    let [mut low, mut high] = [1.0 / RANGE[1], 1.0 / RANGE[0]];
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if slope(middle) < 0.0 { low = middle } else { high = middle }
    }
    1.0 / f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of((logits, classes): &(Vec<f32>, Vec<usize>)) -> f64 {
        temperature(logits.chunks_exact(2).zip(classes.iter().copied()))
    }

    /// Rows of two classes: of each hundred so many are of the class that the logit speaks for.
    fn rows(logit: f32, right: usize) -> (Vec<f32>, Vec<usize>) {
        ([logit, 0.0].repeat(100), (0..100).map(|row| usize::from(row >= right)).collect())
    }

    #[test]
    fn confidence_becomes_the_share_of_hits() {
        for (logit, right) in [(6.0, 80), (0.5, 80), (3.0, 60)] {
            let confidence = 1.0 / (1.0 + (-f64::from(logit) / of(&rows(logit, right))).exp());
            assert!((confidence - right as f64 / 100.0).abs() < 1e-6, "{logit} and {right}: {confidence}");
        }
    }

    #[test]
    fn where_there_is_nothing_to_learn_from_it_stays_in_its_range() {
        assert!((of(&rows(1.0, 100)) - RANGE[0]).abs() < 1e-6, "all right");
        assert!((of(&rows(1.0, 0)) - RANGE[1]).abs() < 1e-6, "all wrong");
        assert_eq!((of(&(vec![], vec![])), of(&(vec![f32::NAN, 1.0], vec![0]))), (1.0, 1.0));
    }
}
