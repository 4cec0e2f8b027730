//! One line of progress a stage, on stderr.

use std::future::Future;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tamiz_telemetry::Progress;

/// What a stage counts.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    /// Bytes of input.
    Bytes,
    /// Rows.
    Rows,
}

/// Runs a stage under a bar (on a terminal), then leaves one line: name, what `describe` says of the result, time.
#[expect(clippy::print_stderr, reason = "progress goes to stderr")]
pub async fn show<T, E>(
    name: &str,
    unit: Unit,
    progress: Progress,
    stage: impl Future<Output = Result<T, E>>,
    describe: impl FnOnce(&T) -> String,
) -> Result<T, E> {
    let started = Instant::now();
    let bar = bar(name, unit);
    tokio::pin!(stage);
    let result = loop {
        tokio::select! {
            result = &mut stage => break result,
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                let (done, total) = progress.read();
                bar.set_length(total);
                bar.set_position(done);
            }
        }
    };
    bar.finish_and_clear();
    if let Ok(value) = &result {
        eprintln!("{name:<8} {:<60} {:>6.1} s", describe(value), started.elapsed().as_secs_f64());
    }
    result
}

/// A bar; indicatif hides it by itself when stderr is no terminal.
fn bar(name: &str, unit: Unit) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = match unit {
        Unit::Bytes => "{prefix:<8} {bar:40} {bytes:>10} of {total_bytes} {elapsed:>5}",
        Unit::Rows => "{prefix:<8} {bar:40} {human_pos:>10} of {human_len} rows {elapsed:>5}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style).with_prefix(name.to_owned())
}
