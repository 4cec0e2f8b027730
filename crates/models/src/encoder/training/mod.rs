//! Fine-tuning of an encoder (Devlin et al. 2018): all weights are trained, with a head for the classes of texts or of words.
//!
//! Weights are 32-bit floats; where the device is made for them, products are made in brain floats and everything else in 32 bits, as
//! PyTorch's autocast does it. The same rows, settings and device give the same weights, bit for bit on one CPU with one number of
//! cores.

mod adamw;
mod checkpoint;
mod parameters;
mod rows;
mod settings;
mod start;
mod steps;
mod trainer;
#[cfg(test)]
mod training_tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use tamiz_domain::LongTexts;

pub use self::checkpoint::Keeper;
use self::checkpoint::Position;
use self::parameters::save;
use self::rows::Rows;
pub use self::settings::TrainingSettings;
use self::start::Start;
use self::steps::{rate, steps};
use self::trainer::Trainer;
use super::reading::TextReader;
use crate::artifact::{Artifact, CONFIG, TOKENIZER, TOKENIZER_CONFIG, WEIGHTS};
use crate::calibration::temperature;
use crate::model::{LoadSettings, Model, load};
use crate::training::{Balance, Epoch, Event, Lesson, Watch, class_weights, epoch_rows, problem};
use crate::{Device, ModelError};

/// The architecture's name in `metrics.json`.
pub const ARCHITECTURE: &str = "transformer";

/// What training makes: with what is written about it, a model folder.
#[derive(Debug)]
pub struct Trained {
    /// Content of `config.json`.
    pub config: Value,
    /// Content of `model.safetensors`.
    pub weights: Bytes,
    /// The files of its tokenizer, which are those that it started with.
    pub tokenizer: BTreeMap<&'static str, Bytes>,
}

impl Trained {
    /// Makes a model of it, as of any folder.
    ///
    /// # Errors
    /// As [`crate::load`]'s.
    pub fn load(&self, settings: &LoadSettings) -> Result<Box<dyn Model>, ModelError> {
        let own = [(CONFIG, self.config.to_string().into()), (WEIGHTS, self.weights.clone())];
        let artifact = Artifact::of_files(own.into_iter().chain(self.tokenizer.clone()));
        load(&artifact, settings)
    }
}

/// Trains the encoder of a Hugging Face folder to tell classes of texts or to find entities, and keeps the weights of the epoch with the
/// smallest validation loss, at the temperature that fits the validation rows best. A checkpoint goes to `keeper` after each epoch and where `watch` breaks;
/// a training that finds its own goes on there, and ends with the same weights.
///
/// # Errors
/// [`ModelError::Unusable`] for a folder that cannot be started from; [`ModelError::InvalidTraining`] for settings or rows
/// that cannot be trained with; [`ModelError::Stopped`] when `watch` breaks; [`ModelError::Diverged`].
pub fn train(
    init: &Artifact,
    lesson: &Lesson<'_>,
    settings: &TrainingSettings,
    device: Device,
    keeper: &mut dyn Keeper,
    watch: &mut Watch<'_>,
) -> Result<Trained, ModelError> {
    check(lesson, settings)?;
    let start = Start::of(init, lesson)?;
    let config = &start.config;
    let window = settings.max_tokens.min(config.window());
    let reader = TextReader::new(init.file(TOKENIZER)?, window, config.vocabulary, config.head, LongTexts::Truncate)
        .map_err(|problem| init.unusable(TOKENIZER, problem))?;
    let [training, validation] = Rows::of(lesson, &reader)?;
    let num_classes = config.classes() as usize;
    let weights = class_weights(&training.all_classes(), num_classes, settings.balance);
    let mut trainer = Trainer::new(init, config, settings, &weights, device)?;
    let fingerprint = checkpoint::fingerprint(init, settings, lesson.labels(), [&training, &validation]);
    let mut position = match keeper.read() {
        Some(bytes) => trainer.restore(&bytes, &fingerprint)?.unwrap_or(Position::START),
        None => Position::START,
    };

    let strata = training.strata(config.head);
    let steps_of = |epoch| {
        let rows = epoch_rows(&strata, num_classes, settings.balance, settings.seed, epoch);
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
    let logits = trainer.logits(&validation)?;
    let temperature = temperature(validation.with_classes(logits.chunks_exact(num_classes)));
    let weights = save(&trainer.parameters, |parameter| match parameter.is_last() {
        true => parameter.master.f_div_scalar(temperature),
        false => Ok(parameter.master.shallow_clone()),
    })?;
    let tokenizer = [TOKENIZER, TOKENIZER_CONFIG].into_iter().filter(|name| init.has(name));
    let tokenizer = tokenizer.map(|name| Ok((name, init.file(name)?.clone()))).collect::<Result<_, ModelError>>()?;
    Ok(Trained { config: start.json, weights: weights.into(), tokenizer })
}

/// Refuses what no encoder can be trained with.
fn check(lesson: &Lesson<'_>, settings: &TrainingSettings) -> Result<(), ModelError> {
    let TrainingSettings { epochs, step_rows, learning_rate, .. } = *settings;
    let is_share = |share: f64| (0.0..1.0).contains(&share);
    let found = match lesson {
        Lesson::Classes(corpus) => problem(corpus, epochs, step_rows, learning_rate),
        Lesson::Entities(corpus) => problem(corpus, epochs, step_rows, learning_rate),
    };
    let why = match found {
        Some(why) => why,
        None if matches!(lesson, Lesson::Entities(_)) && settings.balance == Balance::Undersample => {
            "a text holds words of several classes: they cannot be drawn evenly"
        }
        None if !is_share(settings.dropout) || !is_share(settings.warm_up) => {
            "dropout and warm-up must be shares from 0 to below 1"
        }
        None if !(settings.weight_decay >= 0.0 && settings.max_norm > 0.0) => {
            "weight decay must not be negative, and the length of gradients must be above 0"
        }
        None => return Ok(()),
    };
    Err(ModelError::InvalidTraining { why: why.to_owned() })
}
