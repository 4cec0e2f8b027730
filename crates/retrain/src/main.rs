//! The retraining as a job: flags or `TAMIZ_…` variables in, an exit code out.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use jiff::Timestamp;
use tamiz_aws::Aws;
use tamiz_ports::Mailer;
use tamiz_retrain::{Deps, Settings, run};
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
    let Cli { settings, logs } = Cli::parse();
    logs.init();
    let shutdown = shutdown_on_signals()?;
    let stores = tamiz_aws::stores_for(&settings.places()).await;
    let mailer: Option<Arc<dyn Mailer>> = match &settings.topic_arn {
        Some(topic) => Some(Arc::new(Aws::load().await.mailer(topic))),
        None => None,
    };
    let deps = Deps { stores, mailer, progress: Progress::default(), now: Timestamp::now };
    Ok(finish(run(settings, deps, shutdown).await.map(drop)))
}
