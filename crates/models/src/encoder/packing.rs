//! Which windows go through the network together. Pure.

use std::collections::VecDeque;

/// Windows that go through the network at once, end to end, without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    /// Indices of the windows, the longest first.
    pub windows: Vec<usize>,
    /// How many windows there are of each length, in the same order.
    pub groups: Vec<Group>,
}

/// Consecutive windows of one length: attention takes them together, since nothing in them is padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    pub windows: usize,
    /// Tokens of each.
    pub length: usize,
}

impl Batch {
    /// Tokens of all windows.
    pub fn num_tokens(&self) -> usize {
        self.groups.iter().map(|group| group.windows * group.length).sum()
    }
}

/// Batches of at most `budget` tokens, or of one window that is longer, the longest windows first. `lengths` has the tokens of
/// every window, `windows` those that are wanted; the order of windows of one length is kept, so that the same windows make the
/// same batches.
pub(super) fn plan(windows: impl IntoIterator<Item = usize>, lengths: &[usize], budget: usize) -> VecDeque<Batch> {
    let mut order: Vec<usize> = windows.into_iter().collect();
    order.sort_by_key(|&window| std::cmp::Reverse(lengths[window]));
    let mut batches: VecDeque<Batch> = VecDeque::new();
    let mut room = 0;
    for window in order {
        let length = lengths[window];
        match batches.back_mut() {
            Some(batch) if length <= room => {
                batch.windows.push(window);
                match batch.groups.last_mut() {
                    Some(group) if group.length == length => group.windows += 1,
                    _ => batch.groups.push(Group { windows: 1, length }),
                }
                room -= length;
            }
            _ => {
                batches.push_back(Batch { windows: vec![window], groups: vec![Group { windows: 1, length }] });
                room = budget.saturating_sub(length);
            }
        }
    }
    batches
}

/// Row of each window's first token where windows lie end to end, and behind them the number of tokens.
pub(super) fn starts(groups: &[Group]) -> Vec<i32> {
    let lengths = groups.iter().flat_map(|group| std::iter::repeat_n(group.length as i32, group.windows));
    let ends = lengths.scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    std::iter::once(0).chain(ends).collect()
}

/// Runs all windows through `run`, batch by batch. Where a batch takes more memory than there is, the budget is halved and what is
/// left is planned again; the budget that works is kept.
///
/// # Errors
/// What `run` fails with, unless it is want of memory for more than one window.
pub(super) fn run_all<E>(
    lengths: &[usize],
    budget: &mut usize,
    is_want_of_memory: impl Fn(&E) -> bool,
    mut run: impl FnMut(&Batch) -> Result<(), E>,
) -> Result<(), E> {
    let mut waiting = plan(0..lengths.len(), lengths, *budget);
    while let Some(batch) = waiting.pop_front() {
        match run(&batch) {
            Ok(()) => {}
            Err(error) if batch.windows.len() > 1 && is_want_of_memory(&error) => {
                *budget = batch.num_tokens() / 2;
                waiting.push_front(batch);
                let left = waiting.iter().flat_map(|batch| batch.windows.iter().copied());
                waiting = plan(left, lengths, *budget);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_lengths_share_a_group() {
        let batches = plan(0..5, &[3, 5, 3, 9, 3], 9);
        let group = |windows, length| Group { windows, length };
        assert_eq!(batches[0], Batch { windows: vec![3], groups: vec![group(1, 9)] });
        assert_eq!(batches[1], Batch { windows: vec![1, 0], groups: vec![group(1, 5), group(1, 3)] });
        assert_eq!(batches[2], Batch { windows: vec![2, 4], groups: vec![group(2, 3)] });
        assert_eq!(plan(0..0, &[], 9), []);
        assert_eq!(starts(&batches[1].groups), [0, 5, 8]);
    }

    #[test]
    fn want_of_memory_halves_the_budget_and_loses_nothing() {
        let lengths: Vec<usize> = (1..=40).collect();
        let mut budget = 400;
        let mut done = Vec::new();
        let mut run = |batch: &Batch| match batch.num_tokens() {
            tokens if tokens > 90 => Err("out of memory"),
            _ => {
                done.extend_from_slice(&batch.windows);
                Ok(())
            }
        };
        run_all(&lengths, &mut budget, |_| true, &mut run).unwrap();
        done.sort_unstable();
        assert_eq!(done, (0..40).collect::<Vec<_>>());
        assert!((45..=90).contains(&budget), "{budget}");
        assert_eq!(
            run_all(&[91, 1], &mut 400, |_| true, |_| Err("out of memory")),
            Err("out of memory"),
            "one window alone"
        );
        assert_eq!(run_all(&[1, 1], &mut 400, |_| false, |_| Err("broken")), Err("broken"));
    }

    proptest! {
        #[test]
        fn every_window_is_in_one_batch_within_the_budget(lengths in prop::collection::vec(1_usize..50, 0..200), budget in 1_usize..300) {
            let batches = plan(0..lengths.len(), &lengths, budget);
            let mut windows: Vec<usize> = batches.iter().flat_map(|batch| batch.windows.clone()).collect();
            windows.sort_unstable();
            prop_assert_eq!(windows, (0..lengths.len()).collect::<Vec<_>>());
            for batch in &batches {
                prop_assert!(batch.num_tokens() <= budget || batch.windows.len() == 1);
                let listed: Vec<usize> = batch.groups.iter().flat_map(|group| vec![group.length; group.windows]).collect();
                prop_assert_eq!(listed, batch.windows.iter().map(|&window| lengths[window]).collect::<Vec<_>>());
            }
        }
    }
}
