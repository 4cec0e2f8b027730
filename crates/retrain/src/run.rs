//! One retraining, from labelled rows to a written verdict.

use std::sync::Arc;

use jiff::Timestamp;
use tamiz_domain::{ModelMetrics, ModelReference};
use tamiz_models::Registry;
use tamiz_ports::{Mailer, ObjectUri, Stores};
use tamiz_telemetry::{Metric, Progress, Shutdown, emit};
use tokio::task::spawn_blocking;
use tracing::Instrument;

use crate::challenge::{Challenge, Verdict};
use crate::checkpoint::CheckpointObject;
use crate::mail::mail;
use crate::recipe::Recipe;
use crate::rows::Row;
use crate::split::{SplitSettings, split};
use crate::training::{Task, train};
use crate::{RetrainError, Settings, rows, sources};

/// What a retraining needs of the world.
pub struct Deps {
    /// Where objects lie.
    pub stores: Arc<dyn Stores>,
    /// Who sends the mail; none sends none.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Rows that steps were taken on, of rows times epochs.
    pub progress: Progress,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// What a retraining came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The new version.
    pub model: ModelReference,
    /// Where it lies.
    pub folder: ObjectUri,
    /// Content of its `metrics.json`.
    pub metrics: ModelMetrics,
    /// Size of its weights in bytes.
    pub weight_bytes: usize,
    /// What was decided about it.
    pub verdict: Verdict,
}

/// Trains a model, registers it and lets it meet the champion. Running it again on the same data gives the same
/// version and repeats the verdict that is written down, mail included.
///
/// # Errors
/// [`RetrainError`]; a challenger that loses is no error.
pub async fn run(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Outcome, RetrainError> {
    retrain(settings, deps, shutdown).instrument(tracing::info_span!("job", stage = "retrain")).await
}

async fn retrain(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Outcome, RetrainError> {
    let hyperparameters = &settings.hyperparameters;
    let plan = hyperparameters.resolve()?;
    let device = hyperparameters.device.open()?;
    let registry = Registry::open(&deps.stores.open(&settings.models)?, &settings.name)?;

    let recipe = Recipe::prepare(plan, deps.stores.as_ref()).await?;
    let data = sources::find(deps.stores.as_ref(), &settings.training_data).await?;
    let rows = rows::read(deps.stores.as_ref(), &data.files, &shutdown).await?;
    let test = read_test(deps.stores.as_ref(), &hyperparameters.test_data, &shutdown).await?;
    tracing::info!(
        files = data.files.len(),
        runs = data.runs.len(),
        labelled = rows.len(),
        test = test.len(),
        "rows read"
    );
    let split = split(
        rows,
        &test,
        SplitSettings {
            holdout: hyperparameters.holdout,
            seed: hyperparameters.seed,
            min_rows_per_class: hyperparameters.min_rows_per_class,
        },
    )?;
    let task = Arc::new(Task { split, test, runs: data.runs, recipe, device });
    let (work, progress, stop) = (task.clone(), deps.progress.clone(), shutdown.clone());
    let mut keeper = CheckpointObject::new(registry.folder().clone());
    let training = spawn_blocking(move || {
        let trained = train(&work, &mut keeper, &progress, &stop);
        trained.map(|trained| (trained, keeper))
    });
    let (trained, keeper) = training.await.map_err(RetrainError::Thread)??;

    let model = registry.publish(&trained.artifact).await?;
    keeper.clear().await;
    let folder = registry.version(&model.version).uri().clone();
    tracing::info!(version = model.version, accuracy = trained.metrics.holdout.accuracy, "model registered");
    let challenge =
        Challenge { registry: &registry, challenger: &model, trained: &trained, task: &task, now: deps.now };
    let verdict = challenge.settle().await?;
    tracing::info!(version = model.version, decision = ?verdict.promotion.decision, why = verdict.promotion.why, "verdict");
    emit("retrain", None, &[(Metric::HoldoutAccuracy, 100.0 * trained.metrics.holdout.accuracy)]);
    if let Some(mailer) = &deps.mailer {
        let mail = mail(&model, &verdict.promotion, &folder.to_string());
        mailer.send(&format!("retrain-{}", model.version), &mail).await?;
    }
    Ok(Outcome { model, folder, weight_bytes: trained.artifact.weight_bytes(), metrics: trained.metrics, verdict })
}

async fn read_test(stores: &dyn Stores, places: &[ObjectUri], shutdown: &Shutdown) -> Result<Vec<Row>, RetrainError> {
    let data = sources::find(stores, places).await?;
    let test = rows::read(stores, &data.files, shutdown).await?;
    if test.is_empty() && !places.is_empty() {
        return Err(RetrainError::TooFewRows { found: "the test data holds no label".into() });
    }
    Ok(test)
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
