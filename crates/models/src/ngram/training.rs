//! Training: what goes in and what comes out. The arithmetic of a step is in `optimiser`, the batches in `batches`.

use std::sync::mpsc;

use rayon::prelude::*;
use tamiz_domain::LabelMap;

use super::batches::Batch;
use super::features::Features;
use super::featuriser::{Featuriser, FeaturiserConfig};
use super::format::WeightFormat;
use super::model::{Ngram, NgramConfig};
use super::network::Network;
use super::optimiser::Optimiser;
use super::weights::Weights;
use crate::calibration::temperature;
use crate::training::{self, Balance, Corpus, Epoch, Event, Example, Watch, class_weights, epoch_rows};
use crate::{Device, ModelError};

/// Batches that the cores gather side by side before the steps are taken one after the other.
const STEPS_GATHERED_TOGETHER: usize = 16;

/// How to train.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSettings {
    /// How text becomes features.
    pub featuriser: FeaturiserConfig,
    /// Columns of the embedding table in training; those that say nothing are not kept.
    pub dimensions: usize,
    /// How the table is stored.
    pub weights: WeightFormat,
    /// Passes over the rows at most.
    pub epochs: usize,
    /// Step size at the start; it falls to zero in a straight line.
    pub learning_rate: f64,
    /// Classes of unequal size.
    pub balance: Balance,
    /// Rows in a step.
    pub batch_rows: usize,
    /// Epochs without a better validation loss after which training ends.
    pub patience: usize,
    /// Decides order and first weights.
    pub seed: u64,
}

impl TrainingSettings {
    fn config(&self, labels: &LabelMap) -> NgramConfig {
        NgramConfig::new(labels.clone(), self.featuriser.clone(), self.dimensions, self.weights)
    }
}

/// Trains a model and keeps the weights of the epoch with the smallest validation loss, at the temperature that fits the
/// validation rows best.
///
/// The same rows, settings and device give the same weights, bit for bit on a CPU. `watch` is
/// told of each epoch and may end the training, as being asked to stop does.
///
/// # Errors
/// [`ModelError::InvalidTraining`] for settings or rows that cannot be trained with; [`ModelError::Stopped`]
/// when `watch` breaks; [`ModelError::Diverged`].
pub fn train(
    corpus: &Corpus<'_>,
    settings: &TrainingSettings,
    device: Device,
    watch: &mut Watch<'_>,
) -> Result<Ngram, ModelError> {
    let _guard = (tch::no_grad_guard(), SingleThread::new());
    check(corpus, settings)?;
    let Corpus { training, validation, labels } = *corpus;
    let mut config = settings.config(labels);
    let data = Data::of(training, validation, &config)?;
    let weights = class_weights(&data.classes, labels.len(), settings.balance);
    let mut optimiser = Optimiser::new(Network::fresh(config.sizes(), settings.seed, device)?, &weights, device)?;
    let mut best: Option<(Epoch, Network)> = None;
    for number in 1..=settings.epochs {
        let training_loss = run_epoch(&mut optimiser, &data, settings, number, watch)?;
        let (validation_loss, validation_accuracy) = optimiser.evaluate(&data.validation, &data.validation_classes)?;
        if !training_loss.is_finite() || !validation_loss.is_finite() {
            return Err(ModelError::Diverged { epoch: number });
        }
        let epoch = Epoch { number, training_loss, validation_loss, validation_accuracy };
        if watch(Event::Epoch(&epoch)).is_break() {
            return Err(ModelError::Stopped);
        }
        if best.as_ref().is_none_or(|(best, _)| validation_loss < best.validation_loss) {
            best = Some((epoch, optimiser.network.snapshot()?));
        } else if best.as_ref().is_some_and(|(best, _)| number - best.number >= settings.patience) {
            break;
        }
    }
    let Some((_, network)) = best else {
        return Err(ModelError::InvalidTraining { why: "no epoch was asked for".into() });
    };
    // Everything from here on, the temperature first, sees the numbers that the folder will hold.
    let network = network.condensed()?;
    config.dimensions = network.dimensions();
    let mut weights = Weights::of(network, settings.weights)?;
    let logits = weights.network()?.logits_of(&data.validation, device)?;
    weights.cool(temperature(logits.chunks_exact(labels.len()).zip(data.validation_classes.iter().copied())))?;
    Ngram::new(config, weights, device)
}

/// The rows as features.
struct Data {
    training: Features,
    classes: Vec<usize>,
    validation: Features,
    validation_classes: Vec<usize>,
}

impl Data {
    fn of(training: &[Example<'_>], validation: &[Example<'_>], config: &NgramConfig) -> Result<Self, ModelError> {
        let featuriser = Featuriser::new(&config.featuriser)
            .map_err(|problem| ModelError::InvalidTraining { why: problem.to_string() })?;
        let classes = |rows: &[Example<'_>]| rows.iter().map(|row| row.class).collect();
        Ok(Self {
            training: Features::of(&featuriser, training)?,
            classes: classes(training),
            validation: Features::of(&featuriser, validation)?,
            validation_classes: classes(validation),
        })
    }
}

/// Passes over the rows once; answers the mean loss of the steps. All cores but this thread's gather batches
/// ahead of it.
fn run_epoch(
    optimiser: &mut Optimiser,
    data: &Data,
    settings: &TrainingSettings,
    epoch: usize,
    watch: &mut Watch<'_>,
) -> Result<f64, ModelError> {
    let rows = epoch_rows(&data.classes, optimiser.num_classes(), settings.balance, settings.seed, epoch);
    let steps: Vec<&[usize]> = rows.chunks(settings.batch_rows).collect();
    let first = (epoch - 1) * steps.len();
    let total = (steps.len() * settings.epochs) as f64;
    let gather = |rows: &&[usize]| Batch::gather(&data.training, &data.classes, rows);
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<Vec<Batch>>(1);
        scope.spawn(|| {
            let sender = sender;
            for group in steps.chunks(STEPS_GATHERED_TOGETHER) {
                let batches = group.par_iter().map(gather).collect();
                // Nobody receives any more once a step has failed.
                if sender.send(batches).is_err() {
                    return;
                }
            }
        });
        let (mut loss, mut taken) = (0.0, 0);
        for batch in receiver.into_iter().flatten() {
            let progress = (first + taken) as f64 / total;
            loss += optimiser.step(&batch, settings.learning_rate * (1.0 - progress))?;
            taken += 1;
            if watch(Event::Step { rows: batch.classes.len() }).is_break() {
                return Err(ModelError::Stopped);
            }
        }
        Ok(loss / taken.max(1) as f64)
    })
}

/// One libtorch thread while it lives: the tensors of a step are small, threads would wait for each other most
/// of the time, and sums would depend on how many there are.
struct SingleThread {
    before: i32,
}

impl SingleThread {
    fn new() -> Self {
        let before = tch::get_num_threads();
        tch::set_num_threads(1);
        Self { before }
    }
}

impl Drop for SingleThread {
    fn drop(&mut self) {
        tch::set_num_threads(self.before);
    }
}

/// Refuses what no model can be trained with.
fn check(corpus: &Corpus<'_>, settings: &TrainingSettings) -> Result<(), ModelError> {
    let TrainingSettings { epochs, batch_rows, learning_rate, .. } = *settings;
    let problem = settings.config(corpus.labels).problem().map(|problem| problem.to_string());
    match problem.or_else(|| training::problem(corpus, epochs, batch_rows, learning_rate).map(str::to_owned)) {
        Some(why) => Err(ModelError::InvalidTraining { why }),
        None => Ok(()),
    }
}
