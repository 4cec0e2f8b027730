//! From split rows to a model folder in memory.

mod card;
mod checkpoint;
mod folds;
mod lineage;
mod recipe;
mod search;
mod texts;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bytes::Bytes;
use tamiz_domain::{ModelMetrics, SuspectedLabels};
use tamiz_models::training::{Event, Watch};
use tamiz_models::transformer::Keeper;
use tamiz_models::{Artifact, ArtifactParts, Device, Model, ModelError};
use tamiz_telemetry::{Progress, Shutdown};

pub(crate) use checkpoint::{CheckpointObject, Nowhere};
pub(crate) use recipe::{Made, Recipe};
pub(crate) use search::{Searched, Space, search};

use self::card::{Card, card};
use self::texts::Texts;
use crate::RetrainError;
use crate::data::{Labelled, Rows, Split};
use crate::evaluation::{Evaluation, Examination, Group, Noise, baseline, evaluate, examine, noise};
use crate::mlflow::Recorder;

/// Rows whose label is probably wrong, in the model's folder.
const NOISE: &str = "label_noise.csv";
/// Trials of the search, in the model's folder.
pub(crate) const SEARCH: &str = "search.json";

/// A trained model, measured and packed.
#[derive(Debug)]
pub(crate) struct Trained {
    /// What will be registered.
    pub artifact: Artifact,
    /// Content of its `metrics.json`.
    pub metrics: ModelMetrics,
    /// The card, but for what is decided about it.
    pub card: String,
    /// What it does on the hold-out.
    pub examination: Examination,
}

/// Everything that decides what is trained.
#[derive(Debug)]
pub(crate) struct Task {
    /// Labelled rows.
    pub data: Labelled,
    /// Which of them are for what.
    pub split: Split,
    /// The hold-out by groups.
    pub groups: Vec<Group>,
    /// Rows from elsewhere to measure on; may be empty.
    pub test: Rows,
    /// Runs that the rows come from.
    pub runs: Vec<String>,
    /// What is trained, and how.
    pub recipe: Recipe,
    /// The column that the labels were read from.
    pub column: String,
    /// The flags that say so, as they are written down.
    pub record: BTreeMap<String, String>,
    /// The search that they come from, if there was one.
    pub searched: Option<Searched>,
    /// Parts of the training rows to train without in turn.
    pub folds: usize,
    /// Decides the folds, and how texts are changed in tests.
    pub seed: u64,
    /// Where.
    pub device: Device,
}

/// Whoever is told of a training: the bar that shows it, and the tracking server.
pub(crate) struct Audience {
    /// Rows that steps were taken on.
    pub progress: Progress,
    /// Takes the figures of each epoch.
    pub recorder: Option<Recorder>,
    /// Asked to stop.
    pub shutdown: Shutdown,
}

/// Trains, measures and packs. Blocks: for a thread of its own.
pub(crate) fn train(task: &Task, keeper: &mut dyn Keeper, audience: &Audience) -> Result<Trained, RetrainError> {
    let Task { data, split, recipe, .. } = task;
    let texts = Texts::of(&data.rows, &split.training, &split.validation);
    let total = (split.training.len() * recipe.epochs()) as u64;
    audience.progress.set_total(total);
    let mut seen = 0;
    let mut watch = |event: Event<'_>| {
        if let Event::Step { rows } = event {
            seen += rows as u64;
            audience.progress.advance(rows as u64);
        }
        tell(event, audience)
    };
    let mut made = recipe.train(&texts.lesson(), task.device, keeper, &mut watch)?;
    audience.progress.advance(total.saturating_sub(seen));
    let crossed = folds::cross_validate(task, &audience.shutdown)?;

    let examination =
        examine(made.model.as_mut(), made.weights.len(), &data.rows, &split.holdout, &task.groups, task.seed)?;
    let test = test_figures(made.model.as_mut(), &task.test)?;
    let noise = noise_report(
        task,
        &examination.evaluation,
        crossed.as_ref().map(|crossed| (&crossed.rows[..], &crossed.evaluation)),
    )?;
    let metrics = ModelMetrics {
        architecture: recipe.architecture().to_owned(),
        labels: texts.into_labels(),
        train_rows: (split.training.len() + split.validation.len()) as u64,
        weight_bytes: made.weights.len() as u64,
        holdout: examination.evaluation.metrics.clone(),
        slices: examination.slices.clone(),
        behaviour: examination.behaviour.clone(),
        test: test.map(|test| test.metrics),
        cross_validation: crossed.map(|crossed| crossed.figures),
        suspected_labels: noise.as_ref().map(|noise| SuspectedLabels { rows: noise.rows, suspected: noise.suspected }),
        training_runs: task.runs.clone(),
        lineage: Some(lineage::of(task)),
    };
    let artifact = pack(task, made, &metrics, &examination.evaluation, noise)?;
    let card = card(&Card { metrics: &metrics, recipe, split, searched: task.searched.as_ref() });
    Ok(Trained { artifact, metrics, card, examination })
}

/// Tells of an epoch, and says whether to go on.
fn tell(event: Event<'_>, audience: &Audience) -> ControlFlow<()> {
    if let Event::Epoch(epoch) = event {
        tracing::info!(
            epoch = epoch.number,
            training_loss = epoch.training_loss,
            validation_loss = epoch.validation_loss,
            validation_accuracy = epoch.validation_accuracy,
            "epoch done"
        );
        let figures = [
            ("training_loss", epoch.training_loss),
            ("validation_loss", epoch.validation_loss),
            ("validation_accuracy", epoch.validation_accuracy),
        ];
        audience.recorder.iter().for_each(|recorder| recorder.record(epoch.number as u64, &figures));
    }
    if audience.shutdown.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Trains a model on the way to another one: nothing of it is kept, and nothing but a wish to stop is heard.
fn train_aside(
    recipe: &Recipe,
    texts: &Texts<'_>,
    device: Device,
    shutdown: &Shutdown,
) -> Result<Box<dyn Model>, ModelError> {
    let watch: &mut Watch<'_> =
        &mut |_| if shutdown.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    Ok(recipe.train(&texts.lesson(), device, &mut Nowhere, watch)?.model)
}

fn test_figures(model: &mut dyn Model, test: &Rows) -> Result<Option<Evaluation>, ModelError> {
    let all: Vec<usize> = (0..test.len()).collect();
    (!all.is_empty()).then(|| evaluate(model, test, &all)).transpose()
}

/// Looks for wrong labels on the hold-out, and on the folds if there are any: on rows that the model which is asked never saw. Not for
/// wrong entities: no probability is known of those that a model does not find.
fn noise_report(
    task: &Task,
    holdout: &Evaluation,
    folds: Option<(&[usize], &Evaluation)>,
) -> Result<Option<Noise>, RetrainError> {
    let rows = &task.data.rows;
    if rows.have_entities() {
        return Ok(None);
    }
    let found = match folds {
        None => noise(rows, &task.split.holdout, holdout),
        Some((crossed, evaluation)) => {
            let which = [&task.split.holdout, crossed].concat();
            noise(rows, &which, &holdout.followed_by(evaluation))
        }
    };
    found.map(Some).map_err(|error| RetrainError::Report(Box::new(error)))
}

fn pack(
    task: &Task,
    made: Made,
    metrics: &ModelMetrics,
    holdout: &Evaluation,
    noise: Option<Noise>,
) -> Result<Artifact, RetrainError> {
    let mut reports: BTreeMap<&str, Bytes> = noise.into_iter().map(|noise| (NOISE, noise.csv.into())).collect();
    if let Some(searched) = &task.searched {
        let json = serde_json::to_vec_pretty(searched).map_err(|error| RetrainError::Report(Box::new(error)))?;
        reports.insert(SEARCH, json.into());
    }
    let parts = ArtifactParts {
        config: &made.config,
        weights: made.weights,
        tokenizer: made.tokenizer,
        metrics,
        baseline: &baseline(&task.data.rows, &task.split.holdout, holdout),
        reports,
    };
    Ok(Artifact::assemble(parts)?)
}
