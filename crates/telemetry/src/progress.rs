//! How far a stage has come, for whoever wants to show it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A counter shared between a stage, which advances it, and a display, which reads it. The unit is the
/// stage's own: bytes of input for the cleaning, rows for the labelling.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Sets how much there is to do.
    pub fn set_total(&self, total: u64) {
        self.state.total.store(total, Ordering::Relaxed);
    }

    /// Adds to what is done.
    pub fn advance(&self, amount: u64) {
        self.state.done.fetch_add(amount, Ordering::Relaxed);
    }

    /// Done and total so far; a total of 0 is not known yet.
    pub fn read(&self) -> (u64, u64) {
        (self.state.done.load(Ordering::Relaxed), self.state.total.load(Ordering::Relaxed))
    }
}
