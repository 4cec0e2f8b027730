//! The flags of `tamiz-retrain`.

use clap::ValueEnum;
use tamiz_models::DeviceChoice;
use tamiz_models::ngram::{Featuriser, FeaturiserConfig, TrainingSettings};
use tamiz_models::training;
use tamiz_ports::ObjectUri;

use crate::RetrainError;

/// What to train on, and where the model goes.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Labelled rows: a folder of clean shards, a run's folder, a folder of runs, or one Parquet file; several
    /// are given one after the other, or with commas
    #[arg(long, env = "TAMIZ_TRAINING_DATA", value_name = "URI", num_args = 1.., value_delimiter = ',', required = true)]
    pub training_data: Vec<ObjectUri>,
    /// The folder of all models
    #[arg(long, env = "TAMIZ_MODELS", value_name = "URI")]
    pub models: ObjectUri,
    /// The name to register the model under
    #[arg(long, env = "TAMIZ_NAME")]
    pub name: String,
    /// The topic that gets the mail; without it none is sent
    #[arg(long, env = "TAMIZ_TOPIC_ARN", value_name = "ARN")]
    pub topic_arn: Option<String>,
    /// How to train
    #[command(flatten)]
    pub hyperparameters: Hyperparameters,
}

impl Settings {
    /// Every place that is read or written.
    pub fn places(&self) -> Vec<&ObjectUri> {
        let Hyperparameters { init, test_data, .. } = &self.hyperparameters;
        self.training_data.iter().chain(test_data).chain(init).chain([&self.models]).collect()
    }
}

/// How to train; the defaults do well on reviews of any language with words between spaces.
#[derive(Debug, Clone, clap::Args)]
pub struct Hyperparameters {
    /// Kind of network
    #[arg(long, env = "TAMIZ_ARCHITECTURE", value_enum, default_value_t = Architecture::Ngram)]
    pub architecture: Architecture,
    /// Model to start from (transformer only)
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
    /// Columns of the embedding table
    #[arg(long, env = "TAMIZ_DIM", value_name = "N", default_value_t = 4)]
    pub dim: usize,
    /// Longest n-gram in words
    #[arg(long, env = "TAMIZ_NGRAMS", value_name = "N", default_value_t = 2)]
    pub ngrams: usize,
    /// Rows of the embedding table, a power of two
    #[arg(long, env = "TAMIZ_BUCKETS", value_name = "N", default_value_t = 1 << 20)]
    pub buckets: usize,
    /// Passes over the rows at most; training ends early when validation gets no better
    #[arg(long, env = "TAMIZ_EPOCHS", value_name = "N", default_value_t = 8)]
    pub epochs: usize,
    /// Step size at the start; it falls to zero in a straight line
    #[arg(long, env = "TAMIZ_LEARNING_RATE", value_name = "X", default_value_t = 0.05)]
    pub learning_rate: f64,
    /// What is done about classes of unequal size
    #[arg(long, env = "TAMIZ_BALANCE", value_enum, default_value_t = Balance::Weights)]
    pub balance: Balance,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Balance {
    /// Rows of rare classes weigh more
    Weights,
    /// Every epoch draws as many rows of each class as the rarest has
    Undersample,
    /// Nothing
    None,
}

impl Hyperparameters {
    /// What the flags mean together.
    ///
    /// # Errors
    /// [`RetrainError::Usage`] for flags that do not fit.
    pub(crate) fn resolve(&self) -> Result<TrainingSettings, RetrainError> {
        let usage = |what: &str| Err(RetrainError::Usage(what.to_owned()));
        if self.architecture == Architecture::Transformer {
            return usage("--architecture transformer cannot be trained by this version; use ngram");
        }
        if self.init.is_some() {
            return usage("--init belongs to --architecture transformer; an ngram model starts from nothing");
        }
        if !(self.holdout > 0.0 && self.holdout < 1.0) {
            return usage("--holdout must lie between 0 and 1, such as 0.2");
        }
        let featuriser = FeaturiserConfig::new(self.ngrams, self.buckets);
        Featuriser::new(&featuriser).map_err(|problem| RetrainError::Usage(problem.to_string()))?;
        Ok(TrainingSettings {
            featuriser,
            dimensions: self.dim,
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            balance: match self.balance {
                Balance::Weights => training::Balance::Weights,
                Balance::Undersample => training::Balance::Undersample,
                Balance::None => training::Balance::None,
            },
            batch_rows: 512,
            patience: 2,
            seed: self.seed,
        })
    }
}
