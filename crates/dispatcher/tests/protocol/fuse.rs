//! Something that happens at exactly one step of the protocol.

use std::sync::atomic::{AtomicUsize, Ordering};

use tamiz_ports::Moment;
use tokio::sync::Notify;

/// What happens at the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The call answers with an error.
    Fail,
    /// Neither this call nor any later one ever returns; whoever waits for [`Fuse::blown`] drops the process.
    Crash,
    /// The call does not return before [`Fuse::mend`].
    Stall,
}

/// Counts the calls to all seams of one dispatcher and acts at the n-th, before or after the call's own effect.
#[derive(Debug)]
pub struct Fuse {
    at: usize,
    moment: Moment,
    effect: Effect,
    calls: AtomicUsize,
    blown: Notify,
    mended: Notify,
}

impl Fuse {
    pub fn new(at: usize, moment: Moment, effect: Effect) -> Self {
        Self { at, moment, effect, calls: AtomicUsize::new(0), blown: Notify::new(), mended: Notify::new() }
    }

    /// A fuse that never blows.
    pub fn none() -> Self {
        Self::new(usize::MAX, Moment::Before, Effect::Fail)
    }

    /// Whether the step was reached.
    pub fn is_blown(&self) -> bool {
        self.num_calls() >= self.at
    }

    pub fn num_calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Waits for a crash or a stall.
    pub async fn blown(&self) {
        self.blown.notified().await;
    }

    /// Lets the stalled call go on.
    pub fn mend(&self) {
        self.mended.notify_one();
    }

    /// Makes a call through the fuse.
    pub async fn guard<T, E>(&self, call: impl Future<Output = Result<T, E>>, error: impl Fn() -> E) -> Result<T, E> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if number > self.at && self.effect == Effect::Crash {
            std::future::pending::<()>().await;
        }
        if number == self.at && self.moment == Moment::Before {
            self.act(&error).await?;
        }
        let result = call.await;
        if number == self.at && self.moment == Moment::After {
            self.act(&error).await?;
        }
        result
    }

    async fn act<E>(&self, error: impl Fn() -> E) -> Result<(), E> {
        if self.effect == Effect::Fail {
            return Err(error());
        }
        self.blown.notify_one();
        if self.effect == Effect::Crash {
            std::future::pending::<()>().await;
        }
        self.mended.notified().await;
        Ok(())
    }
}
