//! What a retraining needs of the world.

use std::sync::Arc;

use jiff::Timestamp;
use tamiz_ports::{Mailer, Stores};
use tamiz_telemetry::Progress;

/// Stores, mail, progress and clock.
pub struct Deps {
    /// Where objects lie.
    pub stores: Arc<dyn Stores>,
    /// Who sends the mail; none sends none.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Rows that steps were taken on, of rows times epochs.
    pub progress: Progress,
    /// The clock.
    pub now: fn() -> Timestamp,
}
