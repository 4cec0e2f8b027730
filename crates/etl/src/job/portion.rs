//! Which part of a run a job reads.

use serde::{Deserialize, Serialize};

/// Where a split begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SplitStart {
    pub split: usize,
    /// Number of the object among the run's own.
    pub object: usize,
    /// Bytes of the object before the first record; none where reading has to begin with the object's first.
    pub offset: Option<u64>,
    /// Row number of the first record.
    pub row: u64,
}

impl SplitStart {
    /// Whether a job can begin here.
    pub(crate) fn is_direct(&self) -> bool {
        self.row == 1 || self.offset.is_some()
    }
}

/// Which part of a run is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portion {
    pub start: SplitStart,
    /// The split before which to stop.
    pub end: usize,
}

impl Portion {
    /// All of it.
    pub(crate) fn all() -> Self {
        Self::between(SplitStart { split: 0, object: 0, offset: None, row: 1 }, None)
    }

    /// From a split on, up to another or to the end.
    pub(crate) fn between(start: SplitStart, end: Option<usize>) -> Self {
        Self { start, end: end.unwrap_or(usize::MAX) }
    }

    /// Numbers of its splits.
    #[cfg(test)]
    pub(crate) fn splits(&self) -> std::ops::Range<usize> {
        self.start.split..self.end
    }
}
