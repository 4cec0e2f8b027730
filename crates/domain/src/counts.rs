//! Conservation of records: every input record ends in exactly one of ok, rejected, failed.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Records counted by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read from the input.
    pub input: u64,
    /// Records that went through.
    pub ok: u64,
    /// Records that could not be used, each with a reason in `rejected/`.
    pub rejected: u64,
    /// Clean rows that could not be labelled, each with an error in `predictions/`.
    pub failed: u64,
}

impl Counts {
    /// Share of the input that was rejected; 0 for no input.
    pub fn rejected_share(&self) -> f64 {
        share(self.rejected, self.input)
    }

    /// Share of the input that failed; 0 for no input.
    pub fn failed_share(&self) -> f64 {
        share(self.failed, self.input)
    }

    /// Whether the outcomes add up to the input.
    pub fn is_conserved(&self) -> bool {
        self.input == self.ok + self.rejected + self.failed
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.ok += other.ok;
        self.rejected += other.rejected;
        self.failed += other.failed;
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Checks that a stage's counts add up.
pub trait Conservation {
    /// Answers the counts, or names the difference and the place.
    ///
    /// # Errors
    /// [`NotConserved`] when input differs from ok + rejected + failed.
    fn conserved(self, place: &str) -> Result<Counts, NotConserved>;
}

impl Conservation for Counts {
    fn conserved(self, place: &str) -> Result<Counts, NotConserved> {
        if self.is_conserved() { Ok(self) } else { Err(NotConserved { place: place.to_owned(), counts: self }) }
    }
}

/// Counts that do not add up: records were lost or invented, so the run fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "records are not conserved in {place}: {} in, but {} ok + {} rejected + {} failed",
    counts.input, counts.ok, counts.rejected, counts.failed
)]
pub struct NotConserved {
    /// The stage or file.
    pub place: String,
    /// What was counted.
    pub counts: Counts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_record_is_named() {
        let error = Counts { input: 3, ok: 1, rejected: 1, failed: 0 }.conserved("a.csv").unwrap_err();
        assert_eq!(error.to_string(), "records are not conserved in a.csv: 3 in, but 1 ok + 1 rejected + 0 failed");
    }

    #[test]
    fn shares_of_nothing_are_zero() {
        assert_eq!(Counts::default().rejected_share(), 0.0);
    }
}
