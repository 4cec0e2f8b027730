//! `tamiz-dispatcher`: upload events to runs, and uploads without an event to the queue; as a plain process or as an AWS
//! Lambda function.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use jiff::Timestamp;
use tamiz_aws::Aws;
use tamiz_dispatcher::{Deps, DispatchError, ReconcileJob, Reconciliation, Settings, SystemClock, run, serve};
use tamiz_ports::{Mailer, ObjectUri};
use tamiz_telemetry::{LogSettings, Shutdown, finish, shutdown_on_signals};

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
    let in_lambda = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    finish(match settings.reconcile.clone() {
        Some(input) => reconcile(&settings, input, &aws, in_lambda, shutdown).await,
        None => dispatch(settings, &aws, in_lambda, shutdown).await,
    })
}

async fn dispatch(settings: Settings, aws: &Aws, in_lambda: bool, shutdown: Shutdown) -> Result<(), DispatchError> {
    let deps = Deps {
        stores: aws.stores(),
        queue: Arc::new(aws.queue(&settings.queue_url)),
        workflow: Arc::new(aws.workflow(&settings.state_machine_arn)),
        capacity: Arc::new(aws.capacity(settings.job_queues.clone())),
        clock: Arc::new(SystemClock::default()),
    };
    if in_lambda { serve(settings, deps, shutdown).await } else { run(settings, deps, shutdown).await.map(drop) }
}

async fn reconcile(
    settings: &Settings,
    input: ObjectUri,
    aws: &Aws,
    in_lambda: bool,
    shutdown: Shutdown,
) -> Result<(), DispatchError> {
    let job = ReconcileJob {
        reconciliation: Reconciliation {
            staging: aws.stores().open(&settings.staging)?,
            uploads: Arc::new(aws.uploads(&input)?),
            queue: Arc::new(aws.queue(&settings.queue_url)),
            workflow: Arc::new(aws.workflow(&settings.state_machine_arn)),
            older_than: settings.older_than,
            dry_run: false,
        },
        input,
        mailer: settings.topic_arn.as_deref().map(|topic| Arc::new(aws.mailer(topic)) as Arc<dyn Mailer>),
        project: settings.project.clone(),
        now: Timestamp::now,
    };
    if in_lambda { job.serve(shutdown).await } else { job.run().await.map(drop) }
}
