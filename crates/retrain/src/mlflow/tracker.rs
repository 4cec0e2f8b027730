//! The report of one training, which never stands in the training's way.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::batch::Metric;
use super::client::Client;
use super::error::Error;
use super::link::{Link, warn_away};
use super::recorder::{Record, drain};
use super::run::Run;
use super::{ModelVersion, Recorder, Registration, RunStatus, Settings, TrackingUri};

/// What a run is known by.
#[derive(Debug, Clone, Copy)]
pub struct RunStart<'a> {
    /// Name for people; need not be unique.
    pub name: &'a str,
    /// Tags from the beginning.
    pub tags: &'a [(&'a str, &'a str)],
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// A report under way, or none. No method fails: the first time that the server does, it is said once, and every
/// later call returns at once.
///
/// [`Tracker::end`] belongs on every path out of a training; a run that is not ended stays in progress on the server.
#[derive(Debug)]
pub struct Tracker {
    report: Option<Report>,
    now: fn() -> Timestamp,
}

#[derive(Debug)]
struct Report {
    link: Arc<Link>,
    records: UnboundedSender<Record>,
    /// Sends what comes through the channel; stopped when dropped.
    _drain: JoinSet<()>,
}

impl Tracker {
    /// Begins a run on the server that the settings name; without one, or if it fails, nothing is reported. Within a
    /// runtime.
    pub async fn start(settings: &Settings, start: RunStart<'_>) -> Self {
        let report = match &settings.tracking_uri {
            Some(uri) => begin(uri, settings, start).await.inspect_err(|error| warn_away(uri, error)).ok(),
            None => None,
        };
        Self { report, now: start.now }
    }

    /// The run's id on the server; none if nothing is reported.
    pub fn run_id(&self) -> Option<&str> {
        self.report.as_ref().map(|report| report.link.run.id.as_str())
    }

    /// Adds params: what the training was told. A param once given does not change. Values are cut at 6000 characters.
    pub async fn params(&self, params: &[(&str, &str)]) {
        let Some(Report { link, .. }) = &self.report else { return };
        link.attempt(link.client.log_params(&link.run, params)).await;
    }

    /// Adds tags: what is known of the training. Values are cut at 8000 characters.
    pub async fn tags(&self, tags: &[(&str, &str)]) {
        let Some(Report { link, .. }) = &self.report else { return };
        link.attempt(link.client.log_tags(&link.run, tags)).await;
    }

    /// Adds metrics of a step, at the time of the call; those that are not finite are left out.
    pub async fn metrics(&self, step: u64, values: &[(&str, f64)]) {
        let Some(Report { link, .. }) = &self.report else { return };
        let metrics = Metric::of_step(step, (self.now)().as_millisecond(), values);
        link.attempt(link.client.log_metrics(&link.run, &metrics)).await;
    }

    /// Takes metrics from threads that must not wait; [`Tracker::end`] sends the last of them.
    pub fn recorder(&self) -> Recorder {
        Recorder::new(self.report.as_ref().map(|report| report.records.clone()), self.now)
    }

    /// Adds a file at `path`, which uses `/`. Only by way of the server: where it would have its clients write to
    /// the store themselves, that is said once, and files are left out.
    pub async fn artifact(&self, path: &str, content: Bytes) {
        let Some(Report { link, .. }) = &self.report else { return };
        match link.run.proxied(link.client.uri()) {
            Some(folder) => link.attempt_files(link.client.upload(folder, path, content)).await,
            None => link.give_files_up(
                &format!("files of its runs lie at {}", link.run.artifact_uri),
                "Start the server with --artifacts-destination and a new experiment, which it then serves the files of.",
            ),
        }
    }

    /// Registers a version of a model, unless one of the same identity is registered already: that one is answered,
    /// whichever run it is of. None if there is neither.
    pub async fn register(&self, registration: &Registration<'_>) -> Option<ModelVersion> {
        let Report { link, .. } = self.report.as_ref()?;
        link.attempt(link.client.register(&link.run, registration)).await
    }

    /// Points the alias `champion` of the model at this version.
    pub async fn champion(&self, version: &ModelVersion) {
        let Some(Report { link, .. }) = &self.report else { return };
        link.attempt(link.client.set_champion(version)).await;
    }

    /// Sends what recorders have taken, and ends the run.
    pub async fn end(self, status: RunStatus) {
        let Some(Report { link, records, _drain }) = self.report else { return };
        let (flush, flushed) = oneshot::channel();
        if records.send(Record::Flush(flush)).is_ok() {
            // Without an answer the server is away, which has been said.
            let _ = flushed.await;
        }
        link.attempt(link.client.end_run(&link.run, status, (self.now)().as_millisecond())).await;
    }
}

async fn begin(uri: &TrackingUri, settings: &Settings, start: RunStart<'_>) -> Result<Report, Error> {
    let client = Client::new(uri.clone(), settings.credentials.clone())?;
    let experiment = client.experiment(&settings.experiment).await?;
    let run = client.create_run(&experiment, start.name, (start.now)().as_millisecond(), start.tags).await?;
    tracing::info!(server = %uri, experiment = settings.experiment, mlflow_run = run.id, "reporting to MLflow");
    Ok(report(client, run))
}

fn report(client: Client, run: Run) -> Report {
    let link = Arc::new(Link::new(client, run));
    let (records, received) = unbounded_channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(drain(link.clone(), received));
    Report { link, records, _drain: tasks }
}
