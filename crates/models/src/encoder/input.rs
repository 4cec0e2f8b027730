//! A batch's tokens on their way to the device.

use tch::{TchError, Tensor};

use super::packing::{Batch, Group, starts};
use crate::tensors::upload;
use crate::{Device, ModelError};

/// The tokens of a batch on the device.
pub(super) struct Input {
    /// `[tokens]`, and more behind them that nobody asks about.
    pub ids: Tensor,
    /// Row of each token in the table of positions, `[tokens]`.
    pub positions: Tensor,
    /// Row of each window's first token, and the number of tokens: `[windows + 1]`.
    pub starts: Tensor,
    /// The tokens' windows, in order, the longest first.
    pub groups: Vec<Group>,
    /// Tokens that are there to round the number up.
    pub num_spare: usize,
}

impl Input {
    /// Lays a batch's windows end to end, as `add` puts the tokens of each behind others; positions count from `first_position` in each.
    /// The number of tokens is rounded up to a multiple of `step`.
    pub fn upload(
        batch: &Batch,
        add: impl Fn(usize, &mut Vec<i32>),
        first_position: i64,
        step: usize,
        device: Device,
    ) -> Result<Self, ModelError> {
        let num_tokens = batch.num_tokens();
        let num_rows = num_tokens.next_multiple_of(step);
        let starts = starts(&batch.groups);
        // One buffer, so that it is one copy.
        let mut numbers: Vec<i32> = Vec::with_capacity(2 * num_rows + starts.len());
        batch.windows.iter().for_each(|&window| add(window, &mut numbers));
        numbers.resize(num_rows, 0);
        let place = |token: usize| first_position as i32 + token as i32;
        let lengths = batch.groups.iter().flat_map(|group| std::iter::repeat_n(group.length, group.windows));
        numbers.extend(lengths.flat_map(|length| (0..length).map(place)));
        numbers.resize(2 * num_rows, place(0));
        numbers.extend(&starts);
        let numbers = upload(&numbers, device)?;
        let part = |start: usize, length: usize| {
            numbers.f_narrow(0, start as i64, length as i64).map_err(ModelError::torch("lay out a batch"))
        };
        let (ids, positions) = (part(0, num_rows)?, part(num_rows, num_rows)?);
        let starts = part(2 * num_rows, starts.len())?;
        Ok(Self { ids, positions, starts, groups: batch.groups.clone(), num_spare: num_rows - num_tokens })
    }

    /// Adds the tokens of a window; a reader's are all in the network's vocabulary, which is far smaller than 2³¹.
    pub fn add_window(window: &[u32], to: &mut Vec<i32>) {
        to.extend(window.iter().map(|&id| i32::try_from(id).unwrap_or(0)));
    }

    /// Windows of the first token only, over and over: to try out what only depends on the lengths.
    pub fn of_zeros(groups: &[Group], device: Device) -> Result<Self, TchError> {
        let starts = Tensor::f_from_slice(&starts(groups))?.f_to_device(device.0)?;
        let num_tokens = groups.iter().map(|group| (group.windows * group.length) as i64).sum::<i64>();
        let zeros = || Tensor::f_zeros([num_tokens], (tch::Kind::Int, device.0));
        Ok(Self { ids: zeros()?, positions: zeros()?, starts, groups: groups.to_vec(), num_spare: 0 })
    }

    /// Tokens of all windows.
    pub fn num_tokens(&self) -> usize {
        self.groups.iter().map(|group| group.windows * group.length).sum()
    }

    /// How many windows there are.
    pub fn num_windows(&self) -> usize {
        self.groups.iter().map(|group| group.windows).sum()
    }

    /// Tokens of the longest window.
    pub fn longest(&self) -> usize {
        self.groups.first().map_or(0, |group| group.length)
    }
}
