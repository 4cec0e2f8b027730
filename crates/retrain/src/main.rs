//! The retraining as a job: flags or `TAMIZ_…` variables in, an exit code out.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use jiff::Timestamp;
use tamiz_aws::Aws;
use tamiz_domain::Stage;
use tamiz_ports::{Mailer, Stores, record_failure};
use tamiz_retrain::{Deps, RetrainError, Settings, parse_with_files, run};
use tamiz_telemetry::{Attempt, LogSettings, Progress, Shutdown, finish, shutdown_on_signals};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a model on labelled reviews and promotes it if it is proven better
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    attempt: Attempt,
    #[command(flatten)]
    logs: LogSettings,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let matches = Cli::command().get_matches_from(&arguments);
    let Cli { settings, attempt, logs } = Cli::from_arg_matches(&matches)?;
    logs.init();
    let shutdown = shutdown_on_signals()?;
    let stores = tamiz_aws::stores_for(&settings.places()).await;
    let notes = settings.notes.as_ref().map(|notes| stores.open(notes)).transpose()?;
    let retrained = retrain(arguments, &matches, stores, shutdown).await;
    if let (Err(error), Some(notes)) = (&retrained, notes) {
        record_failure(&notes, Stage::Retrain, 0, attempt, error).await;
    }
    Ok(finish(retrained))
}

async fn retrain(
    arguments: Vec<OsString>,
    matches: &ArgMatches,
    stores: Arc<dyn Stores>,
    shutdown: Shutdown,
) -> Result<(), RetrainError> {
    let Cli { settings, .. } = parse_with_files(arguments, matches, &*stores).await?;
    let stores = tamiz_aws::stores_for(&settings.places()).await;
    let mailer: Option<Arc<dyn Mailer>> = match &settings.topic_arn {
        Some(topic) => Some(Arc::new(Aws::load().await.mailer(topic))),
        None => None,
    };
    let deps = Deps { stores, mailer, progress: Progress::default(), now: Timestamp::now };
    run(settings, deps, shutdown).await.map(drop)
}
