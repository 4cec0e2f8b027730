//! Shards are read ahead of each other, but have the device one after the other: whoever is stopped has lost one at most.

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::sync::oneshot;

/// A shard's turn on the device.
pub(crate) struct Turn {
    before: Shared<BoxFuture<'static, ()>>,
    /// Dropped when the turn ends, which the next one waits for.
    ends: oneshot::Sender<()>,
}

impl Turn {
    /// Turns one after the other, the first of which begins at once.
    pub(crate) fn sequence() -> impl Iterator<Item = Self> {
        let mut before = futures::future::ready(()).boxed().shared();
        std::iter::repeat_with(move || {
            let (ends, ended) = oneshot::channel::<()>();
            // A sender that is dropped is an end too.
            let next = ended.map(|_| ()).boxed().shared();
            Self { before: std::mem::replace(&mut before, next), ends }
        })
    }

    /// Waits until the turns before have ended.
    pub(crate) async fn begin(&self) {
        self.before.clone().await;
    }

    /// Lets the next one begin.
    pub(crate) fn end(self) {
        drop(self.ends);
    }
}

#[cfg(test)]
mod tests {
    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn a_turn_begins_when_the_one_before_has_ended_or_is_gone() {
        let mut turns = Turn::sequence();
        let [first, second, third] = [turns.next().unwrap(), turns.next().unwrap(), turns.next().unwrap()];
        first.begin().await;
        assert!(poll!(Box::pin(second.begin())).is_pending());
        first.end();
        second.begin().await;
        assert!(poll!(Box::pin(third.begin())).is_pending());
        drop(second);
        third.begin().await;
    }
}
