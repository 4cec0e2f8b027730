//! The retraining as a job: flags or `TAMIZ_…` variables in, an exit code out.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches, Parser};
use jiff::Timestamp;
use tamiz_aws::Aws;
use tamiz_ports::{Mailer, ObjectUri};
use tamiz_retrain::{Deps, Settings, parse_with_files, run};
use tamiz_telemetry::{LogSettings, Progress, finish, shutdown_on_signals};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a model on labelled reviews and promotes it if it is proven better
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    logs: LogSettings,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let matches = Cli::command().get_matches_from(&arguments);
    let Cli { settings, logs } = Cli::from_arg_matches(&matches)?;
    logs.init();
    let shutdown = shutdown_on_signals()?;
    let files: Vec<&ObjectUri> = settings.training.model_config.iter().collect();
    let stores = tamiz_aws::stores_for(&files).await;
    let Cli { settings, .. } = match parse_with_files(arguments, &matches, &*stores).await {
        Ok(cli) => cli,
        Err(error) => return Ok(finish(Err(error))),
    };
    let stores = tamiz_aws::stores_for(&settings.places()).await;
    let mailer: Option<Arc<dyn Mailer>> = match &settings.topic_arn {
        Some(topic) => Some(Arc::new(Aws::load().await.mailer(topic))),
        None => None,
    };
    let deps = Deps { stores, mailer, progress: Progress::default(), now: Timestamp::now };
    Ok(finish(run(settings, deps, shutdown).await.map(drop)))
}
