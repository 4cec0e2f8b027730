//! How a model is trained: flags, what they mean together, and how they are written down.

use std::collections::BTreeMap;

use clap::{Parser, ValueEnum};
use serde::{Deserialize, Serialize};
use tamiz_models::ngram::{self, Featuriser, FeaturiserConfig, WeightFormat};
use tamiz_models::{DeviceChoice, Precision, training, transformer};
use tamiz_ports::ObjectUri;

use super::Plan;
use crate::RetrainError;

/// Epochs without a better validation loss after which training ends.
const PATIENCE: usize = 2;

/// How to train; the defaults do well on reviews of any language with words between spaces.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct Hyperparameters {
    /// Kind of network
    #[arg(long, env = "TAMIZ_ARCHITECTURE", value_enum, default_value_t = Architecture::Ngram)]
    pub architecture: Architecture,
    /// Encoder to start from: a Hugging Face folder, or a model that was fine-tuned before (transformer only)
    #[arg(long, env = "TAMIZ_INIT", value_name = "URI")]
    pub init: Option<ObjectUri>,
    /// Labelled rows from elsewhere to measure on as well; rows of the same text are kept out of training
    #[arg(long, env = "TAMIZ_TEST_DATA", value_name = "URI", num_args = 1.., value_delimiter = ',')]
    pub test_data: Vec<ObjectUri>,
    /// Decides the split and the order of training
    #[arg(long, env = "TAMIZ_SEED", default_value_t = 1)]
    pub seed: u64,
    /// Share of the rows that training never sees
    #[arg(long, env = "TAMIZ_HOLDOUT", default_value_t = 0.2)]
    pub holdout: f64,
    /// Fewest different labelled texts of each class; below, training is refused
    #[arg(long, env = "TAMIZ_MIN_ROWS_PER_CLASS", value_name = "N", default_value_t = 50)]
    pub min_rows_per_class: usize,
    /// Columns of the embedding table in training; as many as classes less one are kept (ngram only)
    #[arg(long, env = "TAMIZ_DIM", value_name = "N", default_value_t = 10)]
    pub dim: usize,
    /// Longest n-gram in words (ngram only)
    #[arg(long, env = "TAMIZ_NGRAMS", value_name = "N", default_value_t = 2)]
    pub ngrams: usize,
    /// Rows of the embedding table, a power of two (ngram only)
    #[arg(long, env = "TAMIZ_BUCKETS", value_name = "N", default_value_t = 1 << 20)]
    pub buckets: usize,
    /// f32, bf16 or int8: number format of the stored table (ngram only)
    #[arg(long, env = "TAMIZ_WEIGHTS", value_name = "FORMAT", default_value_t = ngram::DEFAULT_WEIGHTS)]
    pub weights: WeightFormat,
    /// Tokens of a text that are read, at most what the encoder can (transformer only)
    #[arg(long, env = "TAMIZ_MAX_TOKENS", value_name = "N", default_value_t = 256)]
    pub max_tokens: usize,
    /// Rows of a step (transformer only)
    #[arg(long, env = "TAMIZ_STEP_ROWS", value_name = "N", default_value_t = 32)]
    pub step_rows: usize,
    /// Probability that a number is zeroed while training (transformer only)
    #[arg(long, env = "TAMIZ_DROPOUT", value_name = "X", default_value_t = 0.1)]
    pub dropout: f64,
    /// Share of the steps over which the step size rises (transformer only)
    #[arg(long, env = "TAMIZ_WARM_UP", value_name = "X", default_value_t = 0.1)]
    pub warm_up: f64,
    /// How strongly weights are drawn towards zero (transformer only)
    #[arg(long, env = "TAMIZ_WEIGHT_DECAY", value_name = "X", default_value_t = 0.01)]
    pub weight_decay: f64,
    /// Passes over the rows at most, 4 for ngram and 3 for transformer if not given; training ends early when validation gets no better
    #[arg(long, env = "TAMIZ_EPOCHS", value_name = "N")]
    pub epochs: Option<usize>,
    /// Largest step size, 0.05 for ngram and 0.0001 for transformer if not given; it falls to zero in a straight line
    #[arg(long, env = "TAMIZ_LEARNING_RATE", value_name = "X")]
    pub learning_rate: Option<f64>,
    /// What is done about classes of unequal size: weights if not given, none where entities are learnt
    #[arg(long, env = "TAMIZ_BALANCE", value_enum)]
    pub balance: Option<Balance>,
    /// auto, f32 or bf16: number format of the products (transformer only)
    #[arg(long, env = "TAMIZ_PRECISION", default_value = "auto")]
    pub precision: Precision,
    /// auto, cpu or cuda; `cuda` refuses to run without a GPU
    #[arg(long, env = "TAMIZ_DEVICE", default_value = "auto")]
    pub device: DeviceChoice,
}

/// Kind of network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Architecture {
    /// Hashed word n-grams: trains in seconds on a CPU
    Ngram,
    /// A pre-trained encoder
    Transformer,
}

/// What is done about classes of unequal size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Balance {
    /// Rows of rare classes weigh more
    Weights,
    /// Every epoch draws as many rows of each class as the rarest has
    Undersample,
    /// Nothing
    None,
}

impl Hyperparameters {
    /// The flags that decide what a training comes to, defaults included, as they are given on a command line.
    pub(crate) fn record(&self) -> BTreeMap<String, String> {
        let mut flags = vec![
            ("architecture", name_of(self.architecture)),
            ("balance", name_of(self.balance())),
            ("seed", self.seed.to_string()),
            ("holdout", self.holdout.to_string()),
            ("min-rows-per-class", self.min_rows_per_class.to_string()),
        ];
        match self.architecture {
            Architecture::Ngram => flags.extend([
                ("dim", self.dim.to_string()),
                ("ngrams", self.ngrams.to_string()),
                ("buckets", self.buckets.to_string()),
                ("weights", self.weights.to_string()),
                ("epochs", self.ngram_epochs().to_string()),
                ("learning-rate", self.ngram_learning_rate().to_string()),
            ]),
            Architecture::Transformer => flags.extend([
                ("max-tokens", self.max_tokens.to_string()),
                ("step-rows", self.step_rows.to_string()),
                ("dropout", self.dropout.to_string()),
                ("warm-up", self.warm_up.to_string()),
                ("weight-decay", self.weight_decay.to_string()),
                ("precision", self.precision.to_string()),
                ("epochs", self.transformer_epochs().to_string()),
                ("learning-rate", self.transformer_learning_rate().to_string()),
            ]),
        }
        flags.extend(self.init.as_ref().map(|init| ("init", init.to_string())));
        if !self.test_data.is_empty() {
            let places: Vec<String> = self.test_data.iter().map(ObjectUri::to_string).collect();
            flags.push(("test-data", places.join(",")));
        }
        flags.into_iter().map(|(flag, value)| (flag.to_owned(), value)).collect()
    }

    /// What [`Self::record`] wrote down, in place of these; the device stays.
    ///
    /// # Errors
    /// [`RetrainError::Usage`] for flags of another version of Tamiz.
    pub fn replaced_by(&self, record: &BTreeMap<String, String>) -> Result<Self, RetrainError> {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            flags: Hyperparameters,
        }
        let flags = record.iter().map(|(flag, value)| format!("--{flag}={value}"));
        let parsed = Flags::try_parse_from(std::iter::once("record".to_owned()).chain(flags));
        let Flags { flags } =
            parsed.map_err(|error| RetrainError::Usage(format!("cannot take over recorded flags: {error}")))?;
        Ok(Self { device: self.device, ..flags })
    }

    /// What the flags mean together.
    ///
    /// # Errors
    /// [`RetrainError::Usage`] for flags that do not fit.
    pub(crate) fn resolve(&self) -> Result<Plan, RetrainError> {
        let usage = |what: &str| RetrainError::Usage(what.to_owned());
        if !(self.holdout > 0.0 && self.holdout < 1.0) {
            return Err(usage("--holdout must lie between 0 and 1, such as 0.2"));
        }
        match (self.architecture, &self.init) {
            (Architecture::Ngram, None) => self.ngram().map(Plan::Ngram),
            (Architecture::Ngram, Some(_)) => {
                Err(usage("--init belongs to --architecture transformer; an ngram model starts from nothing"))
            }
            (Architecture::Transformer, Some(init)) => Ok(Plan::Transformer(self.transformer(), init.clone())),
            (Architecture::Transformer, None) => {
                Err(usage("--architecture transformer needs --init, the folder of the encoder that it starts from"))
            }
        }
    }

    /// The same for labels that are entities.
    ///
    /// # Errors
    /// [`RetrainError::NeedsTransformer`] for an architecture that cannot find any.
    pub(crate) fn for_entities(&self) -> Result<Self, RetrainError> {
        if self.architecture != Architecture::Transformer {
            return Err(RetrainError::NeedsTransformer);
        }
        // Most words belong to no entity; were they to weigh as much as one together, the model would find too many.
        Ok(Self { balance: self.balance.or(Some(Balance::None)), ..self.clone() })
    }

    fn balance(&self) -> Balance {
        self.balance.unwrap_or(Balance::Weights)
    }

    fn ngram_epochs(&self) -> usize {
        self.epochs.unwrap_or(4)
    }

    fn ngram_learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(0.05)
    }

    fn transformer_epochs(&self) -> usize {
        self.epochs.unwrap_or(3)
    }

    fn transformer_learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(1e-4)
    }

    fn ngram(&self) -> Result<ngram::TrainingSettings, RetrainError> {
        let featuriser = FeaturiserConfig::new(self.ngrams, self.buckets);
        Featuriser::new(&featuriser).map_err(|problem| RetrainError::Usage(problem.to_string()))?;
        Ok(ngram::TrainingSettings {
            featuriser,
            dimensions: self.dim,
            weights: self.weights,
            epochs: self.ngram_epochs(),
            learning_rate: self.ngram_learning_rate(),
            balance: self.balance().of_training(),
            batch_rows: 512,
            patience: PATIENCE,
            seed: self.seed,
        })
    }

    fn transformer(&self) -> transformer::TrainingSettings {
        transformer::TrainingSettings {
            max_tokens: self.max_tokens,
            epochs: self.transformer_epochs(),
            learning_rate: self.transformer_learning_rate(),
            warm_up: self.warm_up,
            weight_decay: self.weight_decay,
            max_norm: 1.0,
            dropout: self.dropout,
            step_rows: self.step_rows,
            balance: self.balance().of_training(),
            patience: PATIENCE,
            seed: self.seed,
            precision: self.precision,
        }
    }
}

/// The name of a choice on the command line.
fn name_of(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

impl Balance {
    fn of_training(self) -> training::Balance {
        match self {
            Self::Weights => training::Balance::Weights,
            Self::Undersample => training::Balance::Undersample,
            Self::None => training::Balance::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        flags: Hyperparameters,
    }

    fn flags(given: &[&str]) -> Hyperparameters {
        Flags::parse_from([&["retrain"][..], given].concat()).flags
    }

    #[test]
    fn what_is_written_down_trains_the_same_again() {
        let ngram =
            flags(&["--seed", "7", "--learning-rate", "0.0625", "--balance", "undersample", "--test-data", "a,b"]);
        let transformer =
            flags(&["--architecture", "transformer", "--init", "s3://m/x", "--dropout", "0.3", "--precision", "bf16"]);
        for given in [ngram, transformer] {
            let taken = flags(&[]).replaced_by(&given.record()).unwrap();
            assert_eq!(taken.resolve().unwrap(), given.resolve().unwrap());
            assert_eq!((taken.record(), &taken.test_data), (given.record(), &given.test_data));
        }
    }

    #[test]
    fn flags_of_another_version_are_refused() {
        let record = BTreeMap::from([("hidden-layers".to_owned(), "2".to_owned())]);
        let error = flags(&[]).replaced_by(&record).unwrap_err().to_string();
        assert!(error.contains("--hidden-layers"), "{error}");
    }
}
