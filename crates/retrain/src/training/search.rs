//! Hyper-parameters by successive halving (Jamieson and Talwalkar 2016, arXiv:1502.07943): many draws are trained on few rows, the
//! best of them on more, until one is left. The hold-out has no part in it.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tamiz_models::{Device, ModelError};
use tamiz_telemetry::{Shutdown, parse_toml};

use super::texts::Texts;
use super::{Recipe, train_aside};
use crate::data::{Rows, Split};
use crate::evaluation::evaluate;
use crate::{Hyperparameters, RetrainError};

/// Flags that decide what is learnt from, which a search must not choose.
const FIXED: [&str; 6] = ["architecture", "init", "seed", "holdout", "min-rows-per-class", "test-data"];

/// What is searched, as `configs/search.toml` says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Space {
    /// Draws at first.
    pub trials: usize,
    /// Of so many trials one goes on, with as many times the rows.
    pub keep_one_of: usize,
    /// What is drawn of each flag.
    pub flags: BTreeMap<String, Range>,
}

/// Values of a flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Range {
    /// One of these.
    Values {
        /// As on a command line.
        values: Vec<Value>,
    },
    /// A number between two, drawn evenly, or so that each of its powers of ten is as likely.
    Between {
        /// The smallest.
        from: f64,
        /// The largest.
        to: f64,
        /// Whether powers are drawn evenly.
        #[serde(default)]
        log: bool,
    },
}

/// A value as TOML has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Integer(i64),
    Number(f64),
    Word(String),
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Searched {
    /// What was searched.
    pub space: Space,
    /// Every trial, in the order in which they were made.
    pub trials: Vec<Trial>,
}

/// One training of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trial {
    /// Round, from 1.
    pub round: usize,
    /// The draw, from 1; it keeps its number from round to round.
    pub draw: usize,
    /// Rows that it was trained on.
    pub rows: usize,
    /// What was drawn.
    pub flags: BTreeMap<String, String>,
    /// Mean negative log-likelihood of the labels of the validation rows, in nats; none where training failed.
    pub log_loss: Option<f64>,
    /// Share of the validation rows labelled as they are.
    pub accuracy: Option<f64>,
    /// F1 of the entities of the validation rows; none where labels are classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_f1: Option<f64>,
}

impl Trial {
    /// What a search makes as small as it can; none where training failed.
    fn loss(&self) -> Option<f64> {
        self.log_loss.or(self.entity_f1.map(|f1| 1.0 - f1))
    }
}

impl Space {
    /// Reads a space, and refuses flags that the architecture lacks or that decide about the data.
    ///
    /// # Errors
    /// [`RetrainError::Usage`] naming what is wrong with `place`.
    pub fn parse(text: &str, place: &str, hyperparameters: &Hyperparameters) -> Result<Self, RetrainError> {
        let wrong = |what: String| RetrainError::Usage(format!("{place}: {what}"));
        let space: Self = parse_toml(place, text).map_err(|error| RetrainError::Usage(error.to_string()))?;
        let known = hyperparameters.record();
        let allowed: Vec<&str> = known.keys().map(String::as_str).filter(|flag| !FIXED.contains(flag)).collect();
        if let Some(flag) = space.flags.keys().find(|flag| !allowed.contains(&flag.as_str())) {
            return Err(wrong(format!("`{flag}` cannot be searched; of this architecture {} can", allowed.join(", "))));
        }
        if space.trials < 2 || space.keep_one_of < 2 || space.flags.is_empty() {
            return Err(wrong("a search needs flags, `trials` of at least 2 and `keep_one_of` of at least 2".into()));
        }
        // With fewer, no round would be needed, and a draw would win that nobody tried.
        if space.trials < space.keep_one_of {
            return Err(wrong("`trials` must be at least `keep_one_of`".into()));
        }
        match space.flags.iter().find(|(_, range)| !range.is_valid()) {
            Some((flag, _)) => Err(wrong(format!(
                "`{flag}` has no value to draw: `from` must be below `to`, and above 0 where `log` is true"
            ))),
            None => Ok(space),
        }
    }

    /// Rounds of training: until one draw is left.
    fn rounds(&self) -> usize {
        self.trials.ilog(self.keep_one_of) as usize
    }
}

impl Range {
    fn is_valid(&self) -> bool {
        match self {
            Self::Values { values } => !values.is_empty(),
            Self::Between { from, to, log } => from < to && to.is_finite() && from.is_finite() && (!log || *from > 0.0),
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> String {
        match self {
            Self::Values { values } => match &values[rng.random_range(0..values.len())] {
                Value::Integer(value) => value.to_string(),
                Value::Number(value) => value.to_string(),
                Value::Word(value) => value.clone(),
            },
            Self::Between { from, to, log } => {
                let share: f64 = rng.random();
                let value = if *log { from * (to / from).powf(share) } else { from + (to - from) * share };
                // Three digits say all that a step size has to say, and can be read.
                format!("{value:.2e}").parse::<f64>().unwrap_or(value).to_string()
            }
        }
    }
}

/// Searches, and answers the best flags with how they were found. Blocks.
///
/// # Errors
/// [`RetrainError`]; a trial that cannot be trained is no error, unless none can.
pub(crate) fn search(
    space: Space,
    hyperparameters: &Hyperparameters,
    recipe: impl Fn(&Hyperparameters) -> Result<Recipe, RetrainError>,
    (rows, split): (&Rows, &Split),
    device: Device,
    shutdown: &Shutdown,
) -> Result<(Hyperparameters, Searched), RetrainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(hyperparameters.seed);
    let mut draws: Vec<(usize, BTreeMap<String, String>)> = (1..=space.trials)
        .map(|draw| (draw, space.flags.iter().map(|(flag, range)| (flag.clone(), range.draw(&mut rng))).collect()))
        .collect();
    let rounds = space.rounds();
    let mut trials = Vec::new();
    for round in 1..=rounds {
        let share = 1.0 / (space.keep_one_of as f64).powi((rounds - round) as i32);
        let texts = Texts::of(rows, &evenly(&split.training, share), &split.validation);
        let mut scored = Vec::new();
        for (draw, flags) in draws {
            let mut trial = Trial {
                round,
                draw,
                rows: texts.num_training(),
                flags,
                log_loss: None,
                accuracy: None,
                entity_f1: None,
            };
            let recipe = recipe(&with(hyperparameters, &trial.flags)?)?;
            match train_aside(&recipe, &texts, device, shutdown) {
                Ok(mut model) => {
                    let metrics = evaluate(model.as_mut(), rows, &split.validation)?.metrics;
                    (trial.log_loss, trial.entity_f1) = (metrics.log_loss, metrics.entity_f1);
                    trial.accuracy = Some(metrics.accuracy);
                }
                Err(ModelError::Diverged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            tracing::info!(round, draw, rows = trial.rows, loss = trial.loss(), flags = ?trial.flags, "trial done");
            scored.push(trial);
        }
        draws = best(&scored, (scored.len() / space.keep_one_of).max(1));
        trials.extend(scored);
    }
    let Some((_, flags)) = draws.first() else {
        return Err(RetrainError::Usage("no trial of the search could be trained: every one diverged".into()));
    };
    Ok((with(hyperparameters, flags)?, Searched { space, trials }))
}

/// The flags with what a trial drew.
fn with(hyperparameters: &Hyperparameters, drawn: &BTreeMap<String, String>) -> Result<Hyperparameters, RetrainError> {
    let mut record = hyperparameters.record();
    record.extend(drawn.clone());
    hyperparameters.replaced_by(&record)
}

/// Those draws with the smallest loss.
fn best(scored: &[Trial], count: usize) -> Vec<(usize, BTreeMap<String, String>)> {
    let mut sorted: Vec<(f64, &Trial)> = scored.iter().filter_map(|trial| Some((trial.loss()?, trial))).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted.into_iter().take(count).map(|(_, trial)| (trial.draw, trial.flags.clone())).collect()
}

/// A share of the rows, spread evenly over them.
fn evenly(rows: &[usize], share: f64) -> Vec<usize> {
    let count = ((rows.len() as f64 * share).ceil() as usize).min(rows.len());
    (0..count).map(|at| rows[at * rows.len() / count]).collect()
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
