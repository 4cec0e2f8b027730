//! `tamiz-monitor`: reports a run.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tamiz_domain::Stage;
use tamiz_monitor::{Deps, Settings, tell_of_retraining};
use tamiz_ports::{Jobs, Mailer, record_failure};
use tamiz_telemetry::{Attempt, LogSettings, Progress, finish, shutdown_on_signals};

/// Reports a run: counts, quality, page and mail
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
    let Cli { settings, attempt, logs } = Cli::parse();
    logs.init();
    let shutdown = shutdown_on_signals()?;
    let stores = tamiz_aws::stores_for(&[&settings.run, &settings.results, &settings.models]).await;
    let mut mailer: Option<Arc<dyn Mailer>> = None;
    if let Some(arn) = &settings.topic_arn {
        mailer = Some(Arc::new(tamiz_aws::Aws::load().await.mailer(arn)));
    }
    let mut jobs: Option<Arc<dyn Jobs>> = None;
    if !settings.job_queues.is_empty() {
        jobs = Some(Arc::new(tamiz_aws::Aws::load().await.jobs(settings.job_queues.clone())));
    }
    let run = stores.open(&settings.run)?;
    let deps = Deps { stores, mailer, jobs, progress: Progress::default(), now: jiff::Timestamp::now };
    if let Some(cause) = settings.failed_retraining() {
        return Ok(finish(tell_of_retraining(&settings, cause, &deps, shutdown).await));
    }
    let reported = tamiz_monitor::run(settings, deps, shutdown).await;
    if let Err(error) = &reported {
        record_failure(&run, Stage::Monitor, 0, attempt, error).await;
    }
    Ok(finish(reported.map(drop)))
}
