//! The cleaning as a job: flags or `TAMIZ_…` variables in, an exit code out.

use std::process::ExitCode;

use clap::Parser;
use tamiz_domain::Stage;
use tamiz_etl::{Deps, Settings, run_step};
use tamiz_ports::record_failure;
use tamiz_telemetry::{LogSettings, Progress, finish, shutdown_on_signals};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Cleans the review files of one run into Parquet shards
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    logs: LogSettings,
}

/// Number of mimalloc's option for the milliseconds after which freed memory goes back to the system (`mimalloc.h`).
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keeps freed memory for a second: the next batch wants as much again, and getting it from the system page by page
/// costs a tenth of the run.
fn keep_freed_memory() {
    // SAFETY: sets a number in a table of the allocator; the function may be called at any time, from one thread.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 1_000) };
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    keep_freed_memory();
    let Cli { settings, logs } = Cli::parse();
    logs.init();
    let shutdown = shutdown_on_signals()?;
    let stores = tamiz_aws::stores_for(&[&settings.manifest, &settings.output]).await;
    let output = stores.open(&settings.output);
    let deps = Deps { stores, progress: Progress::default() };
    let index = settings.array_index;
    let result = run_step(settings, deps, shutdown).await;
    if let (Err(error), Ok(output)) = (&result, output) {
        record_failure(&output, Stage::Etl, index, error).await;
    }
    Ok(finish(result.map(drop)))
}
