//! `tamiz-inference`: clean shards to predictions, as an AWS Batch job or by hand on local paths.

use std::process::ExitCode;

use clap::Parser;
use tamiz_domain::Stage;
use tamiz_inference::{Deps, Settings, run};
use tamiz_ports::record_failure;
use tamiz_telemetry::{Attempt, LogSettings, Progress, finish, shutdown_on_signals};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Labels the clean shards of a run with a model.
#[derive(Parser)]
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
    let Cli { settings, attempt, logs } = Cli::parse();
    logs.init();
    let shutdown = shutdown_on_signals()?;
    let stores = tamiz_aws::stores_for(&[&settings.shards, &settings.model, &settings.output]).await;
    let run_folder = stores.open(&settings.shards)?;
    let index = settings.array_index.unwrap_or(0);
    let result = run(settings, Deps { stores, progress: Progress::default() }, shutdown).await;
    if let Err(error) = &result {
        record_failure(&run_folder, Stage::Inference, index, attempt, error).await;
    }
    Ok(finish(result.map(drop)))
}
