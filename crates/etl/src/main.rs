//! The cleaning as a job: flags or `TAMIZ_…` variables in, an exit code out.

use std::process::ExitCode;

use clap::Parser;
use tamiz_domain::Stage;
use tamiz_etl::{Deps, Settings, run_step};
use tamiz_ports::record_failure;
use tamiz_telemetry::{Attempt, LogSettings, Progress, finish, shutdown_on_signals};

/// Cleans the review files of one run into Parquet shards
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

/// Has the allocator keep what a worker frees, which takes as much again for its next batch: memory that went back to the
/// system has to be fetched page by page and cleared, which costs 16 threads a fifth of their time.
#[cfg(target_env = "gnu")]
fn keep_freed_memory() {
    const MMAP_THRESHOLD: libc::c_int = 4 << 20;
    const TRIM_THRESHOLD: libc::c_int = 8 << 20;
    // SAFETY: sets two numbers of the allocator, before there is another thread.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MMAP_THRESHOLD);
        libc::mallopt(libc::M_TRIM_THRESHOLD, TRIM_THRESHOLD);
    }
}

fn main() -> anyhow::Result<ExitCode> {
    #[cfg(target_env = "gnu")]
    keep_freed_memory();
    run()
}

#[tokio::main]
async fn run() -> anyhow::Result<ExitCode> {
    let Cli { settings, attempt, logs } = Cli::parse();
    logs.init();
    let shutdown = shutdown_on_signals()?;
    let stores = tamiz_aws::stores_for(&[&settings.manifest, &settings.output]).await;
    let output = stores.open(&settings.output);
    let deps = Deps { stores, progress: Progress::default() };
    let index = settings.array_index;
    let result = run_step(settings, deps, shutdown).await;
    if let (Err(error), Ok(output)) = (&result, output) {
        record_failure(&output, Stage::Etl, index, attempt, error).await;
    }
    Ok(finish(result.map(drop)))
}
