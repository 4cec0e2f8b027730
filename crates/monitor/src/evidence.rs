//! What a run left behind, read from its folders.

use jiff::{SignedDuration, Timestamp};
use tamiz_domain::{Drift, EtlReport, FailureNote, JobUse, Manifest, ModelMetrics, RunId, RunLayout};
use tamiz_ports::{Folder, StoreError};
use tamiz_telemetry::{Progress, error_chain};

use crate::comparison::Comparison;
use crate::history::{self, History};
use crate::predictions::{Predictions, read_predictions};
use crate::rejects::{Examples, examples};
use crate::retraining::count_new_labels;
use crate::{Deps, MonitorError, Settings};

/// Failure notes quoted at most; an array job may leave thousands of the same.
const MAX_NOTES: usize = 50;

/// Everything about a run whose stages all ended well.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// What was to be processed.
    pub(crate) manifest: Manifest,
    /// What the cleaning counted.
    pub(crate) etl: EtlReport,
    /// What the labelling left.
    pub(crate) predictions: Predictions,
    /// What the model's folder says of it.
    pub(crate) model: Option<ModelMetrics>,
    /// Labelled rows that the model has not seen; none if nobody can say.
    pub(crate) new_labels: Option<u64>,
    /// What the jobs used; none where nobody can say.
    pub(crate) jobs: Vec<JobUse>,
    /// Examples of rejected records.
    pub(crate) examples: Examples,
    /// How far the run is from what the model was measured on.
    pub(crate) drift: Drift,
    /// The runs before.
    pub(crate) history: History,
    /// When one of them last asked for a new model, within the cool-down.
    pub(crate) last_asked: Option<Timestamp>,
}

/// Whatever a run left that a stage broke off.
#[derive(Debug, Clone)]
pub(crate) struct PartialEvidence {
    /// The run.
    pub(crate) run_id: RunId,
    /// What was to be processed.
    pub(crate) manifest: Option<Manifest>,
    /// What the cleaning counted.
    pub(crate) etl: Option<EtlReport>,
    /// What the labelling left.
    pub(crate) predictions: Predictions,
    /// What the jobs used; none where nobody can say.
    pub(crate) jobs: Vec<JobUse>,
    /// Examples of rejected records.
    pub(crate) examples: Examples,
    /// What the jobs say themselves.
    pub(crate) notes: Vec<FailureNote>,
}

/// Reads everything about a finished run.
///
/// # Errors
/// [`MonitorError`] for anything that is missing or unreadable.
pub(crate) async fn gather(settings: &Settings, deps: &Deps, now: Timestamp) -> Result<Evidence, MonitorError> {
    let run = deps.stores.open(&settings.run)?;
    let manifest: Manifest = run.read_json(RunLayout::MANIFEST).await?;
    known_format(&run, &manifest)?;
    let etl: EtlReport = run.read_json(RunLayout::ETL).await?;
    if manifest.run_id != etl.run_id {
        let uri = run.uri_of(RunLayout::MANIFEST);
        let (found, expected) = (manifest.run_id.to_string(), etl.run_id.to_string());
        return Err(MonitorError::MixedRuns { uri, found, expected });
    }
    deps.progress.set_total(etl.counts.ok);
    let results = deps.stores.open(&settings.results)?;
    let predictions = read_predictions(&results, &manifest.run_id, &deps.progress).await?;
    let models = deps.stores.open(&settings.models)?;
    let model = metrics(&models, &predictions).await?;
    let new_labels = match (&model, settings.run.split_last()) {
        (Some(model), Some((runs, _))) => Some(count_new_labels(&deps.stores.open(&runs)?, model).await?),
        _ => None,
    };
    let (history, last_asked) = match history::folder(deps.stores.as_ref(), &settings.results)? {
        None => (History::default(), None),
        Some(folder) => {
            let hours = manifest.configuration.retrain.cool_down_hours;
            let since = now.checked_sub(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MIN);
            let own = &manifest.run_id;
            (History::read(&folder, own).await?, history::last_asked(&folder, own, since).await?)
        }
    };
    let comparison = Comparison {
        run: &run,
        models: &models,
        model: predictions.model.as_ref(),
        profile: &predictions.tally.profile,
        etl: &etl,
        history: &history,
        now,
        configuration: &manifest.configuration.drift,
    };
    let drift = comparison.drift().await?;
    let examples = examples(&run, &etl).await?;
    let jobs = jobs(deps, &manifest.run_id).await;
    Ok(Evidence { manifest, etl, predictions, model, new_labels, jobs, examples, drift, history, last_asked })
}

/// Reads whatever a broken-off run left. What cannot be read is logged and left out: the failure is told anyway.
///
/// # Errors
/// [`MonitorError::NamelessRun`] when not even the run's id can be known.
pub(crate) async fn gather_partially(settings: &Settings, deps: &Deps) -> Result<PartialEvidence, MonitorError> {
    let run = deps.stores.open(&settings.run)?;
    let manifest: Option<Manifest> = readable(run.read_json_if_exists(RunLayout::MANIFEST).await).flatten();
    let etl: Option<EtlReport> = readable(run.read_json_if_exists(RunLayout::ETL).await).flatten();
    let run_id = match &manifest {
        Some(manifest) => manifest.run_id.clone(),
        None => run_id_of_folder(&run)?,
    };
    let results = deps.stores.open(&settings.results)?;
    let predictions = readable(read_predictions(&results, &run_id, &Progress::default()).await).unwrap_or_default();
    let examples = match &etl {
        Some(etl) => readable(examples(&run, etl).await).unwrap_or_default(),
        None => Examples::new(),
    };
    let jobs = jobs(deps, &run_id).await;
    Ok(PartialEvidence { run_id, manifest, etl, predictions, jobs, examples, notes: notes(&run).await })
}

fn known_format(run: &Folder, manifest: &Manifest) -> Result<(), MonitorError> {
    if manifest.format_version == Manifest::FORMAT_VERSION {
        return Ok(());
    }
    Err(MonitorError::UnknownManifest { uri: run.uri_of(RunLayout::MANIFEST), found: manifest.format_version })
}

/// What the folder of the model says of it; none where it has no `metrics.json`, or no model was needed.
async fn metrics(models: &Folder, predictions: &Predictions) -> Result<Option<ModelMetrics>, StoreError> {
    let Some(model) = &predictions.model else { return Ok(None) };
    models.read_json_if_exists(&format!("{}/metrics.json", model.version)).await
}

/// What the run's jobs used. A report without its cost is better than none, so what cannot be asked is logged and left out.
async fn jobs(deps: &Deps, run_id: &RunId) -> Vec<JobUse> {
    match &deps.jobs {
        Some(jobs) => readable(jobs.of_run(run_id).await).unwrap_or_default(),
        None => Vec::new(),
    }
}

fn run_id_of_folder(run: &Folder) -> Result<RunId, MonitorError> {
    let name = run.uri().split_last().map(|(_, name)| name).unwrap_or_default();
    name.parse().map_err(|source| MonitorError::NamelessRun { uri: run.uri().to_string(), source })
}

/// The failure notes of every stage, in the order of stage and array index.
pub(crate) async fn notes(run: &Folder) -> Vec<FailureNote> {
    let objects = readable(run.list(RunLayout::ERRORS).await).unwrap_or_default();
    let mut notes = Vec::new();
    for object in objects.iter().take(MAX_NOTES) {
        let name = format!("{}/{}", RunLayout::ERRORS, object.location.filename().unwrap_or_default());
        notes.extend(readable(run.read_json(&name).await));
    }
    notes
}

/// The value, or none and a line in the log.
fn readable<T, E: std::error::Error + 'static>(result: Result<T, E>) -> Option<T> {
    result
        .inspect_err(|error| {
            let chain = error_chain(error).join(": ");
            tracing::warn!(error = chain, "left out of the report what cannot be read");
        })
        .ok()
}
