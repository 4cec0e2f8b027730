//! From settings to `etl.json`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use tamiz_domain::{EtlPlan, EtlReport, Manifest, ManifestObject, RunId, RunLayout, ShardCount};
use tamiz_ports::{Created, Folder, Stores};
use tamiz_telemetry::{Metric, Progress, Shutdown, emit};
use tokio::runtime::Handle;

use crate::job::Job;
use crate::job::claims::owned_objects;
use crate::job::pipeline::clean;
use crate::job::plan::Plan;
use crate::job::portion::Portion;
use crate::job::report::Outcome;
use crate::settings::Step;
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
    let settings = Settings { step: Step::All, ..settings };
    run_step(settings, deps, shutdown).await?.ok_or(EtlError::WorkerLost)
}

/// Takes the step of the cleaning that the settings name; answers the report, if the step led to it.
///
/// A run that is committed already is not done again; its report is answered. An interrupted step starts over and
/// writes the same objects again.
///
/// # Errors
/// [`EtlError`]; trouble with single files and records is in the report instead.
pub async fn run_step(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Option<EtlReport>, EtlError> {
    let started = Instant::now();
    let output = deps.stores.open(&settings.output)?;
    let manifest = read_manifest(&settings, deps.stores.as_ref()).await?;
    let step = settings.step;
    let report = match committed(&output, &manifest).await? {
        Some(report) => {
            tracing::info!(run_id = %report.run_id, stage = "etl", "cleaned already");
            Some(report)
        }
        None => {
            let report = take_step(settings, manifest, deps, shutdown).await?;
            if let Some(report) = &report {
                tell(report, started);
            }
            report
        }
    };
    if let (Some(report), Step::Plan) = (&report, step) {
        write_plan(&output, &report.run_id, 0).await?;
    }
    Ok(report)
}

async fn take_step(
    settings: Settings,
    manifest: Manifest,
    deps: Deps,
    shutdown: Shutdown,
) -> Result<Option<EtlReport>, EtlError> {
    let (step, index) = (settings.step, settings.array_index);
    match step {
        Step::All | Step::Plan => {
            let objects = owned_objects(manifest.clone(), &settings.manifest, deps.stores.as_ref()).await?;
            let job = Arc::new(job(settings, manifest, objects, deps, shutdown)?);
            let is_large = job.num_bytes() > job.configuration.etl.bytes_per_job;
            if step == Step::Plan && is_large && divide(&job).await? {
                return Ok(None);
            }
            clean_all(&job).await.map(Some)
        }
        Step::Split | Step::Join => {
            let output = deps.stores.open(&settings.output)?;
            let mut plan: Plan = output.read_json(RunLayout::SPLITS).await?;
            let objects = std::mem::take(&mut plan.objects);
            let settings = Settings { rows_per_shard: NonZeroUsize::new(plan.records_per_split), ..settings };
            let job = Arc::new(job(settings, manifest, objects, deps, shutdown)?);
            match step {
                Step::Join => join(&job, plan).await.map(Some),
                _ => clean_portion(&job, &plan, index).await.map(|()| None),
            }
        }
    }
}

/// Everything at once.
async fn clean_all(job: &Arc<Job>) -> Result<EtlReport, EtlError> {
    let (outcome, files) = blocking(job, |job| clean(job, Portion::all())).await?;
    commit(job, outcome.report(&job.run_id, files, &job.configuration)?).await
}

/// Divides a run among jobs; answers whether there is work for more than one.
async fn divide(job: &Arc<Job>) -> Result<bool, EtlError> {
    let wanted = usize::try_from(job.num_bytes().div_ceil(job.configuration.etl.bytes_per_job)).unwrap_or(usize::MAX);
    let max_jobs = wanted.min(job.max_array_size());
    let plan = blocking(job, move |job| Plan::make(job, max_jobs)).await?;
    if plan.num_jobs < 2 {
        return Ok(false);
    }
    tracing::info!(run_id = %job.run_id, stage = "etl", jobs = plan.num_jobs, "divided");
    job.output.write_json(RunLayout::SPLITS, &plan).await?;
    write_plan(&job.output, &job.run_id, plan.num_jobs).await?;
    Ok(true)
}

async fn write_plan(output: &Folder, run_id: &RunId, array_size: usize) -> Result<(), EtlError> {
    let plan = EtlPlan { run_id: run_id.clone(), array_size };
    Ok(output.write_json(RunLayout::PLAN, &plan).await?)
}

/// One job's share of a planned run.
async fn clean_portion(job: &Arc<Job>, plan: &Plan, index: usize) -> Result<(), EtlError> {
    let outcome = match plan.portion(index) {
        None => Outcome::default(),
        Some(portion) => blocking(job, move |job| clean(job, portion)).await?.0,
    };
    Ok(job.output.write_json(&split_report(index), &outcome).await?)
}

/// Adds up what the jobs did.
async fn join(job: &Arc<Job>, plan: Plan) -> Result<EtlReport, EtlError> {
    let mut outcome = Outcome::default();
    for index in 0..plan.num_jobs {
        outcome.add(job.output.read_json(&split_report(index)).await?, job.configuration.etl.sample_rows);
    }
    commit(job, outcome.report(&job.run_id, plan.files, &job.configuration)?).await
}

fn split_report(index: usize) -> String {
    format!("{}/{index:05}.json", RunLayout::SPLIT_REPORTS)
}

async fn blocking<T: Send + 'static>(
    job: &Arc<Job>,
    work: impl FnOnce(&Job) -> Result<T, EtlError> + Send + 'static,
) -> Result<T, EtlError> {
    let job = job.clone();
    tokio::task::spawn_blocking(move || work(&job)).await.map_err(|_| EtlError::WorkerLost)?
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

fn job(
    settings: Settings,
    manifest: Manifest,
    objects: Vec<ManifestObject>,
    deps: Deps,
    shutdown: Shutdown,
) -> Result<Job, EtlError> {
    let Manifest { run_id, configuration, .. } = manifest;
    let num_threads = settings.num_threads();
    deps.progress.set_total(objects.iter().map(|object| object.size).sum());
    let step = settings.step;
    tracing::info!(%run_id, stage = "etl", ?step, files = objects.len(), threads = num_threads, "cleaning");
    Ok(Job {
        run_id,
        objects,
        output: deps.stores.open(&settings.output)?,
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
async fn commit(job: &Job, report: EtlReport) -> Result<EtlReport, EtlError> {
    job.output.write_json(RunLayout::SHARD_COUNT, &ShardCount::of(&report)).await?;
    match job.output.create_json(RunLayout::ETL, &report).await? {
        Created::New => Ok(report),
        Created::Exists => Ok(job.output.read_json(RunLayout::ETL).await?),
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
