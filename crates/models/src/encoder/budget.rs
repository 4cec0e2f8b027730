//! How many tokens a device wants at once. Pure.

/// Gain in speed that a doubled batch must bring to be worth its memory and its wait.
const WORTH: f64 = 1.03;

/// Doubles the tokens of a batch from the smallest on, as long as `rate`, in tokens per second, grows by more than a few percent, and
/// answers the best. `rate` answers none where the device has not memory enough.
///
/// # Errors
/// What `rate` fails with.
pub(super) fn find<E>(
    smallest: usize,
    largest: usize,
    mut rate: impl FnMut(usize) -> Result<Option<f64>, E>,
) -> Result<usize, E> {
    let mut best = smallest;
    let mut fastest = 0.0;
    let mut tokens = smallest;
    while tokens <= largest {
        match rate(tokens)? {
            Some(found) if found > fastest * WORTH => (best, fastest) = (tokens, found),
            _ => break,
        }
        tokens *= 2;
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where a batch of so many tokens costs `fixed` and one more for each token, and memory ends at `memory`.
    fn found(fixed: usize, memory: usize) -> usize {
        let rate = |tokens: usize| (tokens <= memory).then_some(tokens as f64 / (fixed + tokens) as f64);
        find::<()>(4_096, 262_144, |tokens| Ok(rate(tokens))).unwrap()
    }

    #[test]
    fn a_batch_grows_while_that_pays_and_memory_lasts() {
        assert_eq!(found(100, usize::MAX), 4_096, "nothing to be gained");
        assert_eq!(found(1_000, usize::MAX), 16_384, "to 32,768 it would be 2.9%");
        assert_eq!(found(1_000_000, usize::MAX), 262_144);
        assert_eq!(found(1_000_000, 50_000), 32_768);
        assert_eq!(found(1_000_000, 0), 4_096, "halved later, where batches are real");
        assert_eq!(find(1, 8, |_| Err("broken")), Err("broken"));
    }
}
