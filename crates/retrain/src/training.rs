//! From split rows to a model folder in memory.

use std::ops::ControlFlow;

use tamiz_domain::{LabelMap, ModelMetrics};
use tamiz_models::training::{Corpus, Event, Example};
use tamiz_models::transformer::Keeper;
use tamiz_models::{Artifact, ArtifactParts, Device};
use tamiz_telemetry::{Progress, Shutdown};

use crate::RetrainError;
use crate::baseline::baseline;
use crate::card::{Card, card};
use crate::evaluation::{Evaluation, evaluate};
use crate::recipe::{Made, Recipe};
use crate::rows::Row;
use crate::split::Split;

/// A trained model, measured and packed.
#[derive(Debug)]
pub(crate) struct Trained {
    /// What will be registered.
    pub artifact: Artifact,
    /// Content of its `metrics.json`.
    pub metrics: ModelMetrics,
    /// For each row of the hold-out whether it was classified as labelled.
    pub hits: Vec<bool>,
}

/// Everything that decides what is trained.
#[derive(Debug)]
pub(crate) struct Task {
    /// Rows by part.
    pub split: Split,
    /// Rows from elsewhere to measure on; may be empty.
    pub test: Vec<Row>,
    /// Runs that the rows come from.
    pub runs: Vec<String>,
    /// What is trained, and how.
    pub recipe: Recipe,
    /// Where.
    pub device: Device,
}

/// Trains, measures and packs. Blocks: for a thread of its own.
pub(crate) fn train(
    task: &Task,
    keeper: &mut dyn Keeper,
    progress: &Progress,
    shutdown: &Shutdown,
) -> Result<Trained, RetrainError> {
    let Task { split, recipe, .. } = task;
    let labels = LabelMap::of_values(split.training.iter().map(|row| row.label));
    let total = (split.training.len() * recipe.epochs()) as u64;
    progress.set_total(total);
    let mut seen = 0;
    let mut watch = |event: Event<'_>| {
        match event {
            Event::Step { rows } => {
                seen += rows as u64;
                progress.advance(rows as u64);
            }
            Event::Epoch(epoch) => tracing::info!(
                epoch = epoch.number,
                training_loss = epoch.training_loss,
                validation_loss = epoch.validation_loss,
                validation_accuracy = epoch.validation_accuracy,
                "epoch done"
            ),
        }
        if shutdown.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let (training, validation) = (examples(&split.training, &labels), examples(&split.validation, &labels));
    let corpus = Corpus { training: &training, validation: &validation, labels: &labels };
    let mut made = recipe.train(&corpus, task.device, keeper, &mut watch)?;
    progress.advance(total.saturating_sub(seen));

    let holdout = evaluate(made.model.as_mut(), &split.holdout)?;
    let test = if task.test.is_empty() { None } else { Some(evaluate(made.model.as_mut(), &task.test)?.metrics) };
    let metrics = ModelMetrics {
        architecture: recipe.architecture().to_owned(),
        labels,
        train_rows: (training.len() + validation.len()) as u64,
        holdout: holdout.metrics.clone(),
        test,
        training_runs: task.runs.clone(),
    };
    let artifact = pack(task, made, &metrics, &holdout)?;
    Ok(Trained { artifact, metrics, hits: holdout.hits })
}

fn examples<'a>(rows: &'a [Row], labels: &LabelMap) -> Vec<Example<'a>> {
    let example = |row: &'a Row| Some(Example { text: &row.text, class: labels.index_of(row.label)? });
    rows.iter().filter_map(example).collect()
}

fn pack(task: &Task, made: Made, metrics: &ModelMetrics, holdout: &Evaluation) -> Result<Artifact, RetrainError> {
    let parts = ArtifactParts {
        config: &made.config,
        weights: made.weights,
        tokenizer: made.tokenizer,
        metrics,
        baseline: &baseline(&task.split.holdout, holdout),
        card: card(&Card { metrics, recipe: &task.recipe, split: &task.split }),
    };
    Ok(Artifact::assemble(parts)?)
}
