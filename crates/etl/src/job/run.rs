//! From settings to `etl.json`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use tamiz_domain::{EtlReport, Manifest, RunLayout};
use tamiz_ports::{Created, Folder, Stores};
use tamiz_telemetry::{Metric, Progress, Shutdown, emit};
use tokio::runtime::Handle;

use crate::job::Job;
use crate::job::claims::owned_objects;
use crate::job::pipeline::run_job;
use crate::{EtlError, Settings};

/// What the cleaning works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Where objects are.
    pub stores: Arc<dyn Stores>,
    /// Bytes of input read so far.
    pub progress: Progress,
}

/// Cleans the objects of a manifest into shards, and commits them with `etl.json`.
///
/// A run that is committed already is not done again; its report is answered. An interrupted run starts over and
/// writes the same parts again.
///
/// # Errors
/// [`EtlError`]; trouble with single files and records is in the report instead.
pub async fn run(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<EtlReport, EtlError> {
    let started = Instant::now();
    let output = deps.stores.open(&settings.output)?;
    let manifest = read_manifest(&settings, deps.stores.as_ref()).await?;
    if let Some(report) = committed(&output, &manifest).await? {
        tracing::info!(run_id = %report.run_id, stage = "etl", "cleaned already");
        return Ok(report);
    }
    let job = plan(settings, manifest, output.clone(), deps, shutdown).await?;
    let report = tokio::task::spawn_blocking(move || run_job(&job)).await.map_err(|_| EtlError::WorkerLost)??;
    let report = commit(&output, report).await?;
    tell(&report, started);
    Ok(report)
}

async fn read_manifest(settings: &Settings, stores: &dyn Stores) -> Result<Manifest, EtlError> {
    let uri = || settings.manifest.to_string();
    let manifest: Manifest = stores.open(&settings.manifest)?.read_json("").await?;
    if manifest.format_version != Manifest::FORMAT_VERSION {
        return Err(EtlError::UnknownManifest { uri: uri(), found: manifest.format_version });
    }
    let violations = manifest.configuration.violations();
    if !violations.is_empty() {
        return Err(EtlError::Configuration { uri: uri(), violations: violations.join("; ") });
    }
    Ok(manifest)
}

/// The report of a run that is done already.
async fn committed(output: &Folder, manifest: &Manifest) -> Result<Option<EtlReport>, EtlError> {
    let report: Option<EtlReport> = output.read_json_if_exists(RunLayout::ETL).await?;
    match report {
        Some(report) if report.run_id != manifest.run_id => {
            Err(EtlError::OutputTaken { uri: output.uri().to_string(), found: report.run_id })
        }
        other => Ok(other),
    }
}

async fn plan(
    settings: Settings,
    manifest: Manifest,
    output: Folder,
    deps: Deps,
    shutdown: Shutdown,
) -> Result<Job, EtlError> {
    let num_threads = settings.num_threads();
    let run_id = manifest.run_id.clone();
    let configuration = manifest.configuration.clone();
    let objects = owned_objects(manifest, &settings.manifest, deps.stores.as_ref()).await?;
    deps.progress.set_total(objects.iter().map(|object| object.size).sum());
    tracing::info!(%run_id, stage = "etl", files = objects.len(), threads = num_threads, "cleaning");
    Ok(Job {
        run_id,
        objects,
        output,
        rows_per_shard: settings.rows_per_shard.map_or(configuration.etl.rows_per_shard, NonZeroUsize::get),
        num_threads,
        user_key: settings.user_key,
        configuration,
        stores: deps.stores,
        progress: deps.progress,
        shutdown,
        runtime: Handle::current(),
    })
}

/// Writes the commit object last. Where another attempt was faster, its report counts: it is the same.
async fn commit(output: &Folder, report: EtlReport) -> Result<EtlReport, EtlError> {
    match output.create_json(RunLayout::ETL, &report).await? {
        Created::New => Ok(report),
        Created::Exists => Ok(output.read_json(RunLayout::ETL).await?),
    }
}

fn tell(report: &EtlReport, started: Instant) {
    let (run_id, counts, seconds) = (&report.run_id, &report.counts, started.elapsed().as_secs_f64());
    tracing::info!(
        %run_id,
        stage = "etl",
        input = counts.input,
        ok = counts.ok,
        rejected = counts.rejected,
        shards = report.num_shards,
        seconds,
        "cleaned"
    );
    let values = [
        (Metric::RecordsRead, counts.input as f64),
        (Metric::RecordsRejected, counts.rejected as f64),
        (Metric::RejectedShare, 100.0 * counts.rejected_share()),
        (Metric::StageSeconds, seconds),
    ];
    emit("etl", Some(run_id.as_str()), &values);
}
