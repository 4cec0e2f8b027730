//! Logs, metrics, settings and shutdown, the same for every job.

mod attempt;
mod exit;
mod flags;
mod json_lines;
mod layers;
mod logs;
mod metrics;
mod progress;
mod settings;
mod shutdown;

pub use attempt::Attempt;
pub use exit::{error_chain, finish};
pub use flags::{FileFlag, completed, file_flags, key_of};
pub use layers::{Layer, Layered, flattened, known_keys, parse_layers};
pub use logs::{LogFormat, LogSettings, init_logs};
pub use metrics::{METRICS, Metric, MetricDefinition, Unit, emit};
pub use progress::Progress;
pub use settings::{SettingsError, parse_toml};
pub use shutdown::{Shutdown, shutdown_on_signals};
