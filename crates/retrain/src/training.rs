//! From split rows to a model folder in memory.

use std::ops::ControlFlow;

use tamiz_domain::{LabelMap, ModelMetrics};
use tamiz_models::ngram::{self, TrainingSettings};
use tamiz_models::training::{Epoch, Example};
use tamiz_models::{Artifact, ArtifactParts, Device};
use tamiz_telemetry::{Progress, Shutdown};

use crate::RetrainError;
use crate::baseline::baseline;
use crate::card::{Card, card};
use crate::evaluation::{Evaluation, evaluate};
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
    /// How to train.
    pub settings: TrainingSettings,
    /// Where.
    pub device: Device,
}

/// Trains, measures and packs. Blocks: for a thread of its own.
pub(crate) fn train(task: &Task, progress: &Progress, shutdown: &Shutdown) -> Result<Trained, RetrainError> {
    let Task { split, settings, .. } = task;
    let labels = LabelMap::of_values(split.training.iter().map(|row| row.label));
    let rows_per_epoch = split.training.len() as u64;
    progress.set_total(rows_per_epoch * settings.epochs as u64);
    let mut epochs = 0;
    let mut watch = |epoch: &Epoch| {
        tracing::info!(
            epoch = epoch.number,
            training_loss = epoch.training_loss,
            validation_loss = epoch.validation_loss,
            validation_accuracy = epoch.validation_accuracy,
            "epoch done"
        );
        epochs = epoch.number;
        progress.advance(rows_per_epoch);
        if shutdown.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let (training, validation) = (examples(&split.training, &labels), examples(&split.validation, &labels));
    let mut model = ngram::train(&training, &validation, &labels, settings, task.device, &mut watch)?;
    progress.advance(rows_per_epoch * (settings.epochs - epochs) as u64);

    let holdout = evaluate(&mut model, &split.holdout)?;
    let test = if task.test.is_empty() { None } else { Some(evaluate(&mut model, &task.test)?.metrics) };
    let metrics = ModelMetrics {
        architecture: ngram::ARCHITECTURE.to_owned(),
        labels,
        train_rows: (training.len() + validation.len()) as u64,
        holdout: holdout.metrics.clone(),
        test,
        training_runs: task.runs.clone(),
    };
    let artifact = pack(task, &model, &metrics, &holdout)?;
    Ok(Trained { artifact, metrics, hits: holdout.hits })
}

fn examples<'a>(rows: &'a [Row], labels: &LabelMap) -> Vec<Example<'a>> {
    let example = |row: &'a Row| Some(Example { text: &row.text, class: labels.index_of(row.label)? });
    rows.iter().filter_map(example).collect()
}

fn pack(
    task: &Task,
    model: &ngram::Ngram,
    metrics: &ModelMetrics,
    holdout: &Evaluation,
) -> Result<Artifact, RetrainError> {
    let parts = ArtifactParts {
        config: model.config(),
        weights: model.weights()?.into(),
        tokenizer: None,
        metrics,
        baseline: &baseline(&task.split.holdout, holdout),
        card: card(&Card { metrics, settings: &task.settings, split: &task.split }),
    };
    Ok(Artifact::assemble(parts)?)
}
