//! How long the labelling took.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// What labelling jobs did and how long it took them. Each leaves its own beside the predictions, which do not name it: they are the
/// same bytes whoever made them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Labelling {
    /// Jobs that labelled something.
    pub jobs: u64,
    /// Where they worked, `cpu` or `cuda`.
    pub devices: BTreeSet<String>,
    /// Rows labelled, those that failed among them; not those of parts that were there already.
    pub rows: u64,
    /// Sum over the jobs of the time from the loaded model to the last part.
    pub seconds: f64,
    /// Sum over the jobs of the time in which the device had work.
    pub device_busy_seconds: f64,
}

impl Labelling {
    /// Share of the time in which the devices had work, from 0 to 1; none where nothing took any time.
    pub fn busy_share(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| (self.device_busy_seconds / self.seconds).min(1.0))
    }

    /// Rows that a job labels in a second; none where nothing took any time.
    pub fn rows_per_second(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.rows as f64 / self.seconds)
    }
}

impl AddAssign<&Self> for Labelling {
    fn add_assign(&mut self, other: &Self) {
        self.jobs += other.jobs;
        self.devices.extend(other.devices.iter().cloned());
        self.rows += other.rows;
        self.seconds += other.seconds;
        self.device_busy_seconds += other.device_busy_seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_add_up() {
        let job = |device: &str, rows, seconds, busy| Labelling {
            jobs: 1,
            devices: [device.to_owned()].into(),
            rows,
            seconds,
            device_busy_seconds: busy,
        };
        let mut all = Labelling::default();
        assert_eq!((all.busy_share(), all.rows_per_second()), (None, None));
        all += &job("cuda", 900, 3.0, 2.5);
        all += &job("cpu", 100, 1.0, 0.5);
        assert_eq!(all.devices, ["cpu".to_owned(), "cuda".to_owned()].into());
        assert_eq!((all.jobs, all.busy_share(), all.rows_per_second()), (2, Some(0.75), Some(250.0)));
    }
}
