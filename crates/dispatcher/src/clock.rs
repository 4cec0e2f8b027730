//! Time, behind a seam: a simulation lets it pass as it likes.

use std::time::{Duration, Instant};

/// Time that only moves forward.
#[async_trait::async_trait]
pub trait Clock: Send + Sync {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The machine's own clock.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
