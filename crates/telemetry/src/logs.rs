//! Logs: one JSON object a line in a container, human lines on a terminal; always on stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::prelude::*;

use crate::json_lines::JsonLines;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Human lines when stderr is a terminal, JSON otherwise.
    Auto,
    /// One JSON object a line.
    Json,
    /// Human lines.
    Human,
}

/// The log flags of every binary.
#[derive(Debug, Clone, clap::Args)]
pub struct LogSettings {
    /// What to log: a level, or directives such as `info,tamiz_etl=debug`
    #[arg(long, env = "TAMIZ_LOG", default_value = "info", global = true)]
    pub log: String,
    /// How log lines look
    #[arg(long, env = "TAMIZ_LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto, global = true)]
    pub log_format: LogFormat,
}

impl LogSettings {
    /// Installs the process's logger, once.
    pub fn init(&self) {
        init_logs(self.log_format, &self.log);
    }
}

/// Time of day, for human lines: a person at a terminal knows the date.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, w: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        let mut full = String::new();
        SystemTime.format_time(&mut tracing_subscriber::fmt::format::Writer::new(&mut full))?;
        // RFC 3339: 2026-01-31T12:34:56.789Z
        write!(w, "{}", full.get(11..19).unwrap_or(&full))
    }
}

/// Installs the process's logger, once. `directives` is an env-filter such as `info` or `tamiz_etl=debug`;
/// the SDKs' own chatter stays at `warn` unless it is named.
pub fn init_logs(format: LogFormat, directives: &str) {
    let filter = EnvFilter::builder().parse(format!("warn,{directives}")).unwrap_or_else(|_| EnvFilter::new("info"));
    let human = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let base = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A second call (two jobs in one process) keeps the first logger.
    let _ = if human {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        registry.with(base.with_ansi(colour).with_target(false).with_timer(Clock)).try_init()
    } else {
        registry.with(base.event_format(JsonLines).fmt_fields(JsonFields::new())).try_init()
    };
}
