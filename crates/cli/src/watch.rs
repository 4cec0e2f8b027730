//! `tamiz watch`: a run, stage by stage, until its verdict.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tamiz_domain::{ExitCode as Code, RunId};
use tamiz_telemetry::Shutdown;

use crate::error::CommandError;
use crate::output::{Format, put};
use crate::place::{Place, Where};
use crate::run_view::{Progress, RunView};
use crate::show;

/// Between two looks: often enough for a person, seldom enough for the services' quotas.
const PAUSE: Duration = Duration::from_secs(2);

/// Watch a run until its end; ends with 0 where it is a success, else with 3
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The first digits of the run's id
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    format: Format,
}

/// Watches.
pub async fn watch(arguments: Arguments, shutdown: Shutdown) -> Result<ExitCode, CommandError> {
    let place = arguments.place.open(None).await?;
    let run_id = place.run(&arguments.run).await?;
    until_the_end(&place, &run_id, arguments.format, shutdown).await
}

/// Tells on stderr what a run does, and at its end on stdout what came of it.
pub async fn until_the_end(
    place: &Place,
    run_id: &RunId,
    format: Format,
    shutdown: Shutdown,
) -> Result<ExitCode, CommandError> {
    let (begin, line) = (Instant::now(), ProgressBar::new_spinner().with_style(style()));
    line.enable_steady_tick(Duration::from_millis(100));
    let mut told = None;
    let view = loop {
        let view = RunView::load(place, run_id).await?;
        let progress = view.progress();
        line.set_message(in_words(&view));
        if told != Some(progress) {
            tell(&line, &view, begin.elapsed());
            told = Some(progress);
        }
        if progress == Progress::Unknown {
            let where_ = place.staging.uri();
            return Err(CommandError::Usage(format!("{where_} knows no run {run_id}; `tamiz runs` lists the runs")));
        }
        if progress.is_end() {
            break view;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = shutdown.cancelled() => return Ok(ExitCode::from(Code::Stopped.code())),
        }
    };
    line.finish_and_clear();
    put(&view.summary, format, || outcome(&view))?;
    let code = if view.progress() == Progress::Ok { Code::Done } else { Code::Input };
    Ok(ExitCode::from(code.code()))
}

/// A line that stays, for each stage: also where stderr is no terminal and the spinner is not seen.
#[expect(clippy::print_stderr, reason = "progress goes to stderr")]
fn tell(line: &ProgressBar, view: &RunView, elapsed: Duration) {
    line.suspend(|| eprintln!("{:>6.0} s  {}", elapsed.as_secs_f64(), in_words(view)));
}

fn in_words(view: &RunView) -> String {
    let run = view.run_id.short();
    match (view.progress(), &view.etl) {
        (Progress::Labelling, Some(etl)) => {
            format!("run {run}: labelling, {} of {} shards done", view.labelled_parts, etl.num_shards)
        }
        (progress, _) => format!("run {run}: {}", progress.name()),
    }
}

/// The verdict, as `tamiz show` begins; of a run without a report what the engine says.
fn outcome(view: &RunView) -> String {
    match &view.summary {
        Some(summary) => {
            let findings = summary.findings.iter().map(|finding| format!("\n  - {finding}"));
            format!("{}\n\n{}{}", show::headline(summary), show::counts(summary), findings.collect::<String>())
        }
        None => {
            let cause = view.execution.as_ref().and_then(|execution| execution.cause.as_deref());
            format!("FAILED run {} without a report: {}", view.run_id.short(), cause.unwrap_or("no cause is told"))
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}
