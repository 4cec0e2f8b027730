//! `tamiz-dispatcher`: upload events to runs, by long polling or as an AWS Lambda function.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tamiz_aws::Aws;
use tamiz_dispatcher::{Deps, Settings, SystemClock, run, serve};
use tamiz_telemetry::{LogSettings, finish, shutdown_on_signals};

/// Turns upload events into runs, exactly once
#[derive(Parser)]
#[command(name = "tamiz-dispatcher", version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    logs: LogSettings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { settings, logs } = Cli::parse();
    logs.init();
    // Without handlers a signal ends the process at once, which loses nothing either.
    let shutdown = shutdown_on_signals().unwrap_or_default();
    let aws = Aws::load().await;
    let deps = Deps {
        stores: aws.stores(),
        queue: Arc::new(aws.queue(&settings.queue_url)),
        workflow: Arc::new(aws.workflow(&settings.state_machine_arn)),
        capacity: Arc::new(aws.capacity(settings.job_queues.clone())),
        clock: Arc::new(SystemClock::default()),
    };
    finish(match std::env::var_os("AWS_LAMBDA_RUNTIME_API") {
        Some(_) => serve(settings, deps, shutdown).await,
        None => run(settings, deps, shutdown).await.map(drop),
    })
}
