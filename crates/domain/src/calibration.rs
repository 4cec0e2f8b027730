//! How far a model's probabilities are from what happens, counted row by row.

/// Bins of confidence of equal width.
const BINS: usize = 15;
/// Smallest probability of a label that counts: one confident error must not make the mean infinite.
const FLOOR: f64 = 1e-7;

/// Confidence against hits; see [`crate::MetricSet::calibration_error`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CalibrationGaps {
    /// Sum of confidence less hits in each bin.
    gaps: [f64; BINS],
    rows: u64,
}

impl CalibrationGaps {
    /// Counts a prediction, of this probability, that was right or not.
    pub fn add(&mut self, confidence: f32, is_right: bool) {
        let confidence = f64::from(confidence);
        let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
        self.gaps[bin] += confidence - f64::from(u8::from(is_right));
        self.rows += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.gaps.iter_mut().zip(other.gaps).for_each(|(gap, more)| *gap += more);
        self.rows += other.rows;
    }

    /// The expected calibration error; none of no row.
    pub fn error(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.gaps.iter().map(|gap| gap.abs()).sum::<f64>() / self.rows as f64)
    }
}

/// Negative log-likelihood of labels; see [`crate::MetricSet::log_loss`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LogLoss {
    sum: f64,
    rows: u64,
}

impl LogLoss {
    /// Counts a row whose label has this probability.
    pub fn add(&mut self, of_label: f32) {
        self.sum -= f64::from(of_label).max(FLOOR).ln();
        self.rows += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.rows += other.rows;
    }

    /// The mean in nats; none of no row.
    pub fn mean(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.sum / self.rows as f64)
    }
}
