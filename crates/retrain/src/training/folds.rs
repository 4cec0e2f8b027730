//! How much the figures differ from one part of the rows to another: each part is measured by a model that was trained on the others.

use tamiz_domain::{CrossValidation, MetricSet, Spread};
use tamiz_telemetry::Shutdown;

use super::texts::Texts;
use super::{Task, train_aside};
use crate::RetrainError;
use crate::data::folds;
use crate::evaluation::{Evaluation, evaluate};

/// Every row of the training part as a model saw it that was not trained on it.
pub(super) struct Crossed {
    /// Figures over the folds.
    pub figures: CrossValidation,
    /// The rows.
    pub rows: Vec<usize>,
    /// What was said of them.
    pub evaluation: Evaluation,
}

/// Cross-validates over the training and validation rows, if that is asked for; the hold-out is no part of it.
pub(super) fn cross_validate(task: &Task, shutdown: &Shutdown) -> Result<Option<Crossed>, RetrainError> {
    if task.folds == 0 {
        return Ok(None);
    }
    let rows = &task.data.rows;
    let training = folds(rows, &task.split.training, task.folds, task.seed);
    let validation = folds(rows, &task.split.validation, task.folds, task.seed);
    let (mut metrics, mut crossed): (Vec<MetricSet>, Option<(Vec<usize>, Evaluation)>) = (Vec::new(), None);
    for fold in 0..task.folds {
        let texts = Texts::of(rows, &all_but(&training, fold), &all_but(&validation, fold));
        let mut model = train_aside(&task.recipe, &texts, task.device, shutdown)?;
        let measured = [&training[fold][..], &validation[fold]].concat();
        let evaluation = evaluate(model.as_mut(), rows, &measured)?;
        tracing::info!(fold = fold + 1, accuracy = evaluation.metrics.accuracy, "fold done");
        metrics.push(evaluation.metrics.clone());
        crossed = Some(match crossed {
            None => (measured, evaluation),
            Some((rows, before)) => ([rows, measured].concat(), before.followed_by(&evaluation)),
        });
    }
    let spread = |figure: fn(&MetricSet) -> f64| Spread::of(&metrics.iter().map(figure).collect::<Vec<f64>>());
    let spread_if_known = |figure: fn(&MetricSet) -> Option<f64>| {
        metrics.iter().map(figure).collect::<Option<Vec<f64>>>().map(|values| Spread::of(&values))
    };
    let figures = CrossValidation {
        folds: task.folds,
        accuracy: spread(|metrics| metrics.accuracy),
        macro_f1: spread(|metrics| metrics.macro_f1),
        log_loss: spread_if_known(|metrics| metrics.log_loss),
        entity_f1: spread_if_known(|metrics| metrics.entity_f1),
    };
    Ok(crossed.map(|(rows, evaluation)| Crossed { figures, rows, evaluation }))
}

fn all_but(folds: &[Vec<usize>], fold: usize) -> Vec<usize> {
    let mut rest = [&folds[..fold], &folds[fold + 1..]].concat().concat();
    rest.sort_unstable();
    rest
}
