//! From split rows to a model folder in memory.

mod card;
mod checkpoint;
mod folds;
mod lineage;
mod recipe;
mod search;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bytes::Bytes;
use tamiz_domain::{LabelMap, ModelMetrics, SuspectedLabels};
use tamiz_models::training::{Corpus, Event, Example, Watch};
use tamiz_models::transformer::Keeper;
use tamiz_models::{Artifact, ArtifactParts, Device, Model, ModelError};
use tamiz_telemetry::{Progress, Shutdown};

pub(crate) use checkpoint::{CheckpointObject, Nowhere};
pub(crate) use recipe::{Made, Recipe};
pub(crate) use search::{Searched, Space, search};

use self::card::{Card, card};
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
    let corpus = Texts::of(&data.rows, &split.training, &split.validation);
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
    let mut made = recipe.train(&corpus.corpus(), task.device, keeper, &mut watch)?;
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
        labels: corpus.labels,
        train_rows: (split.training.len() + split.validation.len()) as u64,
        weight_bytes: made.weights.len() as u64,
        holdout: examination.evaluation.metrics.clone(),
        slices: examination.slices.clone(),
        behaviour: examination.behaviour.clone(),
        test: test.map(|test| test.metrics),
        cross_validation: crossed.map(|crossed| crossed.figures),
        suspected_labels: Some(SuspectedLabels { rows: noise.rows, suspected: noise.suspected }),
        training_runs: task.runs.clone(),
        lineage: Some(lineage::of(task)),
    };
    let artifact = pack(task, made, &metrics, &examination.evaluation, noise)?;
    Ok(Trained { artifact, metrics, examination })
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

/// Rows as a training takes them.
struct Texts<'a> {
    labels: LabelMap,
    training: Vec<Example<'a>>,
    validation: Vec<Example<'a>>,
}

impl<'a> Texts<'a> {
    fn of(rows: &'a Rows, training: &[usize], validation: &[usize]) -> Self {
        let labels = rows.labels_of(training);
        let examples = |which: &[usize]| -> Vec<Example<'a>> {
            let example = |&row: &usize| {
                let row = rows.get(row);
                Some(Example { text: row.text, class: labels.index_of(row.label)? })
            };
            which.iter().filter_map(example).collect()
        };
        let (training, validation) = (examples(training), examples(validation));
        Self { labels, training, validation }
    }

    fn corpus(&self) -> Corpus<'_> {
        Corpus { training: &self.training, validation: &self.validation, labels: &self.labels }
    }
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
    Ok(recipe.train(&texts.corpus(), device, &mut Nowhere, watch)?.model)
}

fn test_figures(model: &mut dyn Model, test: &Rows) -> Result<Option<Evaluation>, ModelError> {
    let all: Vec<usize> = (0..test.len()).collect();
    (!all.is_empty()).then(|| evaluate(model, test, &all)).transpose()
}

/// Looks for wrong labels on the hold-out, and on the folds if there are any: on rows that the model which is asked never saw.
fn noise_report(
    task: &Task,
    holdout: &Evaluation,
    folds: Option<(&[usize], &Evaluation)>,
) -> Result<Noise, RetrainError> {
    let rows = &task.data.rows;
    let found = match folds {
        None => noise(rows, &task.split.holdout, holdout),
        Some((crossed, evaluation)) => {
            let which = [&task.split.holdout, crossed].concat();
            noise(rows, &which, &holdout.followed_by(evaluation))
        }
    };
    found.map_err(|error| RetrainError::Report(Box::new(error)))
}

fn pack(
    task: &Task,
    made: Made,
    metrics: &ModelMetrics,
    holdout: &Evaluation,
    noise: Noise,
) -> Result<Artifact, RetrainError> {
    let mut reports = BTreeMap::from([(NOISE, Bytes::from(noise.csv))]);
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
        card: card(&Card { metrics, recipe: &task.recipe, split: &task.split, searched: task.searched.as_ref() }),
        reports,
    };
    Ok(Artifact::assemble(parts)?)
}
