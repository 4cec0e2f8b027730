//! When a request is sent again. This is the only place that retries: neither the HTTP crate nor the callers do.

use std::time::Duration;

/// How often a request is sent at most.
const TRIES: u32 = 3;
/// After this long no further try begins: the training waits.
const BUDGET: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Whether a request may be sent again when nobody knows whether the server acted on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Acting twice comes to the same.
    Always,
    /// Acting twice would leave two things behind.
    UnlessActedOn,
}

/// How often a request was sent, and how long that took in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Number of tries.
    pub tries: u32,
    /// From the first try to the end of the last.
    pub elapsed: Duration,
}

impl Effort {
    /// The pause before the next try, if there is to be one.
    pub fn pause(self) -> Option<Duration> {
        let pause = FIRST_PAUSE * 4_u32.pow(self.tries.saturating_sub(1));
        (self.tries < TRIES && self.elapsed + pause < BUDGET).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(tries: u32, seconds: u64) -> Option<Duration> {
        Effort { tries, elapsed: Duration::from_secs(seconds) }.pause()
    }

    #[test]
    fn pauses_grow_and_end_after_three_tries() {
        assert_eq!(pause(1, 0), Some(Duration::from_millis(250)));
        assert_eq!(pause(2, 1), Some(Duration::from_secs(1)));
        assert_eq!(pause(3, 2), None);
    }

    #[test]
    fn no_try_begins_after_ten_seconds() {
        assert_eq!(pause(1, 10), None);
        assert_eq!(pause(2, 9), None);
    }
}
