//! Logs, metrics, settings and shutdown, the same for every job.

mod exit;
mod json_lines;
mod logs;
mod metrics;
mod progress;
mod settings;
mod shutdown;

pub use exit::{error_chain, finish};
pub use logs::{LogFormat, LogSettings, init_logs};
pub use metrics::{METRICS, Metric, MetricDefinition, Unit, emit};
pub use progress::Progress;
pub use settings::{SettingsError, parse_toml};
pub use shutdown::{Shutdown, shutdown_on_signals};
