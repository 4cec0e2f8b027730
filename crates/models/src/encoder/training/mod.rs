//! Fine-tuning of an encoder (Devlin et al. 2018): all weights are trained, with a head for the classes of texts.
//!
//! Weights are 32-bit floats; where the device is made for them, products are made in brain floats and everything else in 32 bits, as
//! PyTorch's autocast does it. The same rows, settings and device give the same weights, bit for bit on one CPU with one number of
//! cores.

mod adamw;
mod checkpoint;
mod parameters;
mod start;
mod steps;
#[cfg(test)]
mod training_tests;

use bytes::Bytes;
use serde_json::Value;
use tamiz_domain::{LabelMap, LongTexts};
use tch::{Reduction, TchError, Tensor};

use self::adamw::AdamW;
use self::checkpoint::{Checkpoint, Position};
pub use self::checkpoint::{KeepNothing, Keeper};
use self::parameters::{Parameter, Parameters, save};
use self::start::Start;
use self::steps::{rate, steps};
use super::attention::Attention;
use super::config::EncoderConfig;
use super::input::Input;
use super::layers::{Dropout, Placement};
use super::load::build;
use super::model::kind;
use super::network::Network;
use super::packing::plan;
use super::reading::TextReader;
use super::weights::Weights;
use crate::artifact::{Artifact, CONFIG, TOKENIZER, WEIGHTS};
use crate::calibration::temperature;
use crate::model::{LoadSettings, Model, load};
use crate::tensors::{download, upload};
use crate::training::{Balance, Corpus, Epoch, Event, Example, Watch, class_weights, epoch_rows};
use crate::{Device, ModelError, Precision, libtorch};

/// The architecture's name in `metrics.json`.
pub const ARCHITECTURE: &str = "transformer";

/// Tokens that go through the network at once; a step's gradients are summed over as many of these as it takes.
const TOKENS_AT_ONCE: usize = 4_096;

/// How to train.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSettings {
    /// Tokens of a text that are read, special ones included; the encoder's own window at most.
    pub max_tokens: usize,
    /// Passes over the rows at most.
    pub epochs: usize,
    /// Step size at its highest, after the warm-up.
    pub learning_rate: f64,
    /// Share of the steps over which the step size rises.
    pub warm_up: f64,
    /// How strongly weights are drawn towards zero.
    pub weight_decay: f64,
    /// Length that gradients are cut to.
    pub max_norm: f64,
    /// Probability that a number is zeroed.
    pub dropout: f64,
    /// Rows of a step.
    pub step_rows: usize,
    /// Classes of unequal size.
    pub balance: Balance,
    /// Epochs without a better validation loss after which training ends.
    pub patience: usize,
    /// Decides order, first weights of the head, and what is zeroed.
    pub seed: u64,
    /// Number format of the products.
    pub precision: Precision,
}

/// What training makes: with what is written about it, a model folder.
#[derive(Debug)]
pub struct Trained {
    /// Content of `config.json`.
    pub config: Value,
    /// Content of `model.safetensors`.
    pub weights: Bytes,
    /// Content of `tokenizer.json`.
    pub tokenizer: Bytes,
}

impl Trained {
    /// Makes a model of it, as of any folder.
    ///
    /// # Errors
    /// As [`crate::load`]'s.
    pub fn load(&self, settings: &LoadSettings) -> Result<Box<dyn Model>, ModelError> {
        let artifact = Artifact::of_files([
            (CONFIG, self.config.to_string().into()),
            (WEIGHTS, self.weights.clone()),
            (TOKENIZER, self.tokenizer.clone()),
        ]);
        load(&artifact, settings)
    }
}

/// Trains the encoder of a Hugging Face folder to tell classes of texts, and keeps the weights of the epoch with the smallest validation
/// loss, at the temperature that fits the validation rows best. A checkpoint goes to `keeper` after each epoch and where `watch` breaks; a training that finds its own goes on
/// there, and ends with the same weights.
///
/// # Errors
/// [`ModelError::Unusable`] for a folder that cannot be started from; [`ModelError::InvalidTraining`] for settings or rows
/// that cannot be trained with; [`ModelError::Stopped`] when `watch` breaks; [`ModelError::Diverged`].
pub fn train(
    init: &Artifact,
    corpus: &Corpus<'_>,
    settings: &TrainingSettings,
    device: Device,
    keeper: &mut dyn Keeper,
    watch: &mut Watch<'_>,
) -> Result<Trained, ModelError> {
    let Corpus { training, validation, labels } = *corpus;
    check(training, validation, labels, settings)?;
    let start = Start::of(init, labels)?;
    let config = &start.config;
    let window = settings.max_tokens.min(config.window());
    let reader = TextReader::new(init.file(TOKENIZER)?, window, config.vocabulary, config.head, LongTexts::Truncate)
        .map_err(|problem| init.unusable(TOKENIZER, problem))?;
    let (training, validation) = (Rows::read(training, &reader)?, Rows::read(validation, &reader)?);
    let weights = class_weights(&training.classes, labels.len(), settings.balance);
    let mut trainer = Trainer::new(init, config, settings, &weights, device)?;
    let fingerprint = checkpoint::fingerprint(init, settings, corpus, [&training, &validation]);
    let mut position = match keeper.read() {
        Some(bytes) => trainer.restore(&bytes, &fingerprint)?.unwrap_or(Position::START),
        None => Position::START,
    };

    let steps_of = |epoch| {
        let rows = epoch_rows(&training.classes, labels.len(), settings.balance, settings.seed, epoch);
        steps(&rows, &training.lengths, settings.step_rows, settings.seed, epoch)
    };
    let per_epoch = steps_of(1).len();
    let is_exhausted =
        |position: &Position| position.best.is_some_and(|best| position.epoch - 1 - best.number >= settings.patience);
    while position.epoch <= settings.epochs && !is_exhausted(&position) {
        for step in &steps_of(position.epoch)[position.steps..] {
            let taken = (position.epoch - 1) * per_epoch + position.steps;
            let share = rate(taken, per_epoch * settings.epochs, settings.warm_up);
            position.loss += trainer.step(&training, step, settings.learning_rate * share, taken)?;
            position.steps += 1;
            if watch(Event::Step { rows: step.len() }).is_break() {
                keeper.write(trainer.checkpoint(&fingerprint, &position)?);
                return Err(ModelError::Stopped);
            }
        }
        let (validation_loss, validation_accuracy) = trainer.evaluate(&validation)?;
        let (number, training_loss) = (position.epoch, position.loss / per_epoch as f64);
        if !training_loss.is_finite() || !validation_loss.is_finite() {
            return Err(ModelError::Diverged { epoch: number });
        }
        let epoch = Epoch { number, training_loss, validation_loss, validation_accuracy };
        let is_best = position.best.is_none_or(|best| validation_loss < best.validation_loss);
        if is_best {
            trainer.keep_best()?;
        }
        position =
            Position { epoch: number + 1, best: if is_best { Some(epoch) } else { position.best }, ..Position::START };
        let is_over = watch(Event::Epoch(&epoch)).is_break();
        keeper.write(trainer.checkpoint(&fingerprint, &position)?);
        if is_over {
            return Err(ModelError::Stopped);
        }
    }
    trainer.return_to_best()?;
    let temperature = temperature(&trainer.logits(&validation)?, &validation.classes);
    let weights = save(&trainer.parameters, |parameter| match parameter.is_last() {
        true => parameter.master.f_div_scalar(temperature),
        false => Ok(parameter.master.shallow_clone()),
    })?;
    Ok(Trained {
        config: start.json,
        weights: weights.into(),
        tokenizer: Bytes::copy_from_slice(init.file(TOKENIZER)?),
    })
}

/// Texts as the network reads them.
struct Rows {
    windows: Vec<Vec<u32>>,
    lengths: Vec<usize>,
    classes: Vec<usize>,
}

impl Rows {
    fn read(examples: &[Example<'_>], reader: &TextReader) -> Result<Self, ModelError> {
        use rayon::prelude::*;
        let read = |example: &Example<'_>| {
            let read = reader.read(example.text).map(|text| text.windows.into_iter().next().unwrap_or_default());
            read.map_err(|why| ModelError::InvalidTraining { why: why.to_string() })
        };
        let windows = examples.par_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let lengths = windows.iter().map(Vec::len).collect();
        Ok(Self { windows, lengths, classes: examples.iter().map(|example| example.class).collect() })
    }
}

/// The network and what is done with it.
struct Trainer<'a> {
    config: &'a EncoderConfig,
    network: Network,
    parameters: Vec<Parameter>,
    /// Which of them is the table of tokens: its gradient is put together from the rows that occur.
    table: usize,
    optimiser: AdamW,
    class_weights: &'a [f32],
    placement: Placement,
    seed: u64,
    dropout: Dropout,
    /// The masters of the best epoch so far; empty before the first.
    best: Vec<Tensor>,
    _cores: Cores,
}

impl<'a> Trainer<'a> {
    fn new(
        init: &Artifact,
        config: &'a EncoderConfig,
        settings: &TrainingSettings,
        class_weights: &'a [f32],
        device: Device,
    ) -> Result<Self, ModelError> {
        let cores = Cores::all();
        if device == Device::CPU {
            libtorch::keep_memory();
        }
        tch::manual_seed(settings.seed as i64);
        let kind = kind(settings.precision, device);
        let placement = Placement { device, kind, rows: TOKENS_AT_ONCE as i64 };
        let weights = Weights::open_to_train(init, config.family.prefix())?;
        let mut source = Parameters { weights, placement, all: Vec::new() };
        let dropout = Dropout(settings.dropout);
        let mut network = build(&mut source, config, placement, dropout)?;
        if network.attention == Attention::VariableLength {
            // Its backward pass is another operator.
            network.attention = Attention::Grouped;
        }
        let parameters = source.all;
        let table = parameters.iter().position(|one| one.names[0].ends_with("word_embeddings.weight")).unwrap_or(0);
        let optimiser = AdamW::new(&parameters, settings.weight_decay, settings.max_norm)
            .map_err(ModelError::torch("make the optimiser"))?;
        let seed = settings.seed;
        Ok(Self {
            config,
            network,
            parameters,
            table,
            optimiser,
            class_weights,
            placement,
            seed,
            dropout,
            best: Vec::new(),
            _cores: cores,
        })
    }

    /// Takes a step on some rows. Answers their mean loss under the classes' weights.
    fn step(&mut self, rows: &Rows, step: &[usize], rate: f64, number: usize) -> Result<f64, ModelError> {
        // From its number, so that a step does not depend on where training began.
        tch::manual_seed((self.seed as i64).wrapping_add(1 + number as i64));
        let (loss, gradients) = self.gradients(rows, step)?;
        let stepped = self.optimiser.step(&mut self.parameters, &gradients, rate);
        stepped.map_err(ModelError::torch("take a step"))?;
        Ok(loss)
    }

    /// Mean loss of some rows under the classes' weights, and its gradient for each parameter.
    fn gradients(&self, rows: &Rows, step: &[usize]) -> Result<(f64, Vec<Tensor>), ModelError> {
        let total: f32 = step.iter().map(|&row| self.class_weights[rows.classes[row]]).sum();
        let zeros = |parameter: &Parameter| parameter.master.f_zeros_like();
        let zeros = self.parameters.iter().map(zeros).collect::<Result<Vec<_>, _>>();
        let mut gradients = zeros.map_err(ModelError::torch("make room for gradients"))?;
        let windows: Vec<&[u32]> = rows.windows.iter().map(Vec::as_slice).collect();
        let mut loss = 0.0;
        for batch in plan(step.iter().copied(), &rows.lengths, TOKENS_AT_ONCE) {
            let input = Input::upload(&batch, &windows, self.config.first_position, 1, self.placement.device)?;
            let classes: Vec<i64> = batch.windows.iter().map(|&row| rows.classes[row] as i64).collect();
            let classes = upload(&classes, self.placement.device)?;
            loss += self
                .add_gradients(&input, &classes, f64::from(total), &mut gradients)
                .map_err(ModelError::torch("compute gradients"))?;
        }
        Ok((loss, gradients))
    }

    /// Adds the gradients of a batch's part of the loss to those that are there. Answers that part.
    fn add_gradients(
        &self,
        input: &Input,
        classes: &Tensor,
        total: f64,
        gradients: &mut [Tensor],
    ) -> Result<f64, TchError> {
        // The table of tokens is by far the largest parameter, and few of its rows occur: these alone are differentiated.
        let rows = tch::no_grad(|| self.network.embeddings.of_tokens(input))?.f_set_requires_grad(true)?;
        let logits = self.network.forward_embedded(&rows, input, self.config.activation)?;
        let loss = (self.loss(&logits, classes)? / total).f_sum(None)?;
        let others = || self.parameters.iter().enumerate().filter(|(index, _)| *index != self.table);
        let inputs: Vec<&Tensor> = [&rows].into_iter().chain(others().map(|(_, one)| &one.worker)).collect();
        let mut found = Tensor::f_run_backward(&[&loss], &inputs, false, false)?.into_iter();
        let _guard = tch::no_grad_guard();
        if let Some(found) = found.next() {
            let _ = gradients[self.table].f_index_add_(0, &input.ids, &found)?;
        }
        for ((index, _), found) in others().zip(found) {
            let _ = gradients[index].f_add_(&found)?;
        }
        loss.f_double_value(&[])
    }

    /// Sum of the rows' losses, in nats, under the classes' weights.
    fn loss(&self, logits: &Tensor, classes: &Tensor) -> Result<Tensor, TchError> {
        let weights = Tensor::f_from_slice(self.class_weights)?.f_to_device(logits.device())?;
        logits.f_cross_entropy_loss(classes, Some(&weights), Reduction::Sum, -100, 0.0)
    }

    /// Mean loss under the classes' weights, and the share of rows classified as labelled.
    fn evaluate(&mut self, rows: &Rows) -> Result<(f64, f64), ModelError> {
        let logits = self.logits(rows)?;
        let (mut loss, mut total, mut hits) = (0.0, 0.0, 0);
        for (logits, &class) in logits.chunks_exact(self.class_weights.len()).zip(&rows.classes) {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = logits.iter().map(|&logit| f64::from(logit - largest).exp()).sum();
            let weight = f64::from(self.class_weights[class]);
            loss += weight * (sum.ln() - f64::from(logits[class] - largest));
            total += weight;
            hits += usize::from(logits.iter().position(|&logit| logit == largest) == Some(class));
        }
        Ok((loss / total, hits as f64 / rows.windows.len() as f64))
    }

    /// Logits of rows, end to end, nothing zeroed.
    fn logits(&mut self, rows: &Rows) -> Result<Vec<f32>, ModelError> {
        let _guard = tch::no_grad_guard();
        self.set_dropout(Dropout::NONE);
        let windows: Vec<&[u32]> = rows.windows.iter().map(Vec::as_slice).collect();
        let classes = self.class_weights.len();
        let mut all = vec![0.0; windows.len() * classes];
        for batch in plan(0..windows.len(), &rows.lengths, TOKENS_AT_ONCE) {
            let input = Input::upload(&batch, &windows, self.config.first_position, 1, self.placement.device)?;
            let run = || self.network.forward(&input, self.config.activation);
            let logits = download(&run().map_err(ModelError::torch("validate"))?)?;
            for (logits, &row) in logits.chunks_exact(classes).zip(&batch.windows) {
                all[row * classes..][..classes].copy_from_slice(logits);
            }
        }
        self.set_dropout(self.dropout);
        Ok(all)
    }

    fn set_dropout(&mut self, dropout: Dropout) {
        self.network.dropout = dropout;
        self.network.heads.dropout = dropout;
    }

    /// Keeps copies of all masters as the best so far.
    fn keep_best(&mut self) -> Result<(), ModelError> {
        let copy = |parameter: &Parameter| parameter.master.f_detach_copy();
        let copies: Result<Vec<_>, TchError> = self.parameters.iter().map(copy).collect();
        self.best = copies.map_err(ModelError::torch("keep the weights"))?;
        Ok(())
    }

    /// Puts the weights of the best epoch back.
    fn return_to_best(&mut self) -> Result<(), ModelError> {
        let mut put_back = || -> Result<(), TchError> {
            let _guard = tch::no_grad_guard();
            for (parameter, best) in self.parameters.iter_mut().zip(&self.best) {
                parameter.master.f_copy_(best)?;
                parameter.refresh()?;
            }
            Ok(())
        };
        put_back().map_err(ModelError::torch("return to the best weights"))
    }

    /// Everything that later steps depend on, with the names that it has in a checkpoint.
    fn state(&self) -> Vec<(String, &Tensor)> {
        let masters = self.parameters.iter().map(|parameter| &parameter.master).enumerate();
        let mut state: Vec<_> = masters.map(|(index, tensor)| (format!("master.{index}"), tensor)).collect();
        state.extend(self.optimiser.state());
        state.extend(self.best.iter().enumerate().map(|(index, tensor)| (format!("best.{index}"), tensor)));
        state
    }

    fn checkpoint(&self, fingerprint: &str, position: &Position) -> Result<Vec<u8>, ModelError> {
        checkpoint::write(fingerprint, position, &self.state())
    }

    /// Goes back to where a checkpoint of this training was written; not at all if it is none.
    fn restore(&mut self, bytes: &[u8], fingerprint: &str) -> Result<Option<Position>, ModelError> {
        let Some(checkpoint) = Checkpoint::read(bytes, fingerprint) else { return Ok(None) };
        if checkpoint.position.best.is_some() {
            self.keep_best()?;
        }
        let mut restore = || -> Result<bool, TchError> {
            let _guard = tch::no_grad_guard();
            let mut found = Vec::new();
            for (name, tensor) in self.state() {
                let Some(content) = checkpoint.tensor(&name, &tensor.size())? else { return Ok(false) };
                found.push((tensor.shallow_clone(), content));
            }
            for (mut tensor, content) in found {
                tensor.f_copy_(&content)?;
            }
            self.parameters.iter_mut().try_for_each(Parameter::refresh)?;
            Ok(true)
        };
        let is_restored = restore().map_err(ModelError::torch("restore a checkpoint"))?;
        Ok(is_restored.then_some(checkpoint.position))
    }
}

/// libtorch works with all cores while this lives, whatever it was told before.
struct Cores {
    before: i32,
}

impl Cores {
    fn all() -> Self {
        let before = tch::get_num_threads();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        tch::set_num_threads(i32::try_from(cores).unwrap_or(1));
        Self { before }
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        tch::set_num_threads(self.before);
    }
}

/// Refuses what no encoder can be trained with.
fn check(
    training: &[Example<'_>],
    validation: &[Example<'_>],
    labels: &LabelMap,
    settings: &TrainingSettings,
) -> Result<(), ModelError> {
    let is_share = |share: f64| (0.0..1.0).contains(&share);
    let why = if training.is_empty() || validation.is_empty() {
        "there are no rows to train or to validate with"
    } else if training.iter().chain(validation).any(|row| row.class >= labels.len()) {
        "a row's class is not in the label map"
    } else if settings.epochs == 0 || settings.step_rows == 0 {
        "epochs and rows of a step must be at least 1"
    } else if !(settings.learning_rate > 0.0 && settings.learning_rate.is_finite()) {
        "the learning rate must be above 0"
    } else if !is_share(settings.dropout) || !is_share(settings.warm_up) {
        "dropout and warm-up must be shares from 0 to below 1"
    } else if !(settings.weight_decay >= 0.0 && settings.max_norm > 0.0) {
        "weight decay must not be negative, and the length of gradients must be above 0"
    } else {
        return Ok(());
    };
    Err(ModelError::InvalidTraining { why: why.to_owned() })
}
