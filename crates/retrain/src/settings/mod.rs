//! The flags of `tamiz-retrain`.

mod files;
mod hyperparameters;
mod plan;
mod rules;

use tamiz_ports::ObjectUri;

pub use files::parse_with_files;
pub use hyperparameters::{Architecture, Balance, Hyperparameters};
pub(crate) use plan::Plan;
pub use rules::Rules;

use crate::{RetrainError, mlflow};

/// Column of the label where no other one is named.
pub(crate) const LABEL: &str = "label";

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
    /// Folder in which a retraining that fails leaves a note, for the mail about it; without it none is left
    #[arg(long, env = "TAMIZ_NOTES", value_name = "URI")]
    pub notes: Option<ObjectUri>,
    /// What is trained, and what it is held to
    #[command(flatten)]
    pub training: Training,
}

/// What is trained, and what it is held to.
#[derive(Debug, Clone, clap::Args)]
pub struct Training {
    /// Columns with a label each, with commas; one model is trained for each and registered as <NAME>_<COLUMN>
    #[arg(long, env = "TAMIZ_LABEL_COLUMNS", value_name = "COLUMNS", value_delimiter = ',')]
    pub label_columns: Vec<String>,
    /// Trains so many models more, each on all training rows but one part of them, to tell how much the figures differ; 0 trains none
    #[arg(long, env = "TAMIZ_FOLDS", value_name = "K", default_value_t = 0)]
    pub folds: usize,
    /// Space of hyper-parameters to search first, as TOML; see configs/search.toml
    #[arg(long, env = "TAMIZ_SEARCH", value_name = "URI")]
    pub search: Option<ObjectUri>,
    /// Files that hold these flags as TOML, such as configs/model.toml, a later one overriding the earlier ones; what is typed, and the
    /// environment, override them
    #[arg(long, env = "TAMIZ_MODEL_CONFIG", value_name = "URI,…", value_delimiter = ',')]
    pub model_config: Vec<ObjectUri>,
    /// How to train
    #[command(flatten)]
    pub hyperparameters: Hyperparameters,
    /// What a challenger is held to
    #[command(flatten)]
    pub rules: Rules,
    /// Where it is reported
    #[command(flatten)]
    pub mlflow: mlflow::Settings,
}

/// A label column, and the name that its model gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub column: String,
    pub name: String,
}

impl Settings {
    /// Every place that is read or written.
    pub fn places(&self) -> Vec<&ObjectUri> {
        self.training_data.iter().chain(self.training.places()).chain([&self.models]).chain(&self.notes).collect()
    }

    /// The models to train: one of the name itself, or one a label column.
    pub(crate) fn targets(&self) -> Vec<Target> {
        if self.training.label_columns.is_empty() {
            return vec![Target { column: LABEL.to_owned(), name: self.name.clone() }];
        }
        let target =
            |column: &String| Target { column: column.clone(), name: format!("{}_{}", self.name, registrable(column)) };
        self.training.label_columns.iter().map(target).collect()
    }
}

impl Training {
    /// Every place that the flags name.
    pub fn places(&self) -> impl Iterator<Item = &ObjectUri> {
        let Hyperparameters { init, test_data, .. } = &self.hyperparameters;
        test_data.iter().chain(init).chain(&self.search).chain(&self.model_config)
    }

    /// Refuses flags that do not fit, before anything is read.
    pub(crate) fn check(&self) -> Result<(), RetrainError> {
        self.rules.check()?;
        let mut names: Vec<String> = self.label_columns.iter().map(|column| registrable(column)).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(RetrainError::Usage(format!(
                "--label-columns names two columns whose models would both be called `{}`",
                twice[0]
            )));
        }
        match self.folds {
            1 => Err(RetrainError::Usage("--folds must be 2 or more, or 0 for none".into())),
            _ => Ok(()),
        }
    }
}

/// A column's name as part of a model's: lower case, and an underscore for what cannot be in it.
fn registrable(column: &str) -> String {
    let allowed =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' || letter == '_';
    column.to_lowercase().chars().map(|letter| if allowed(letter) { letter } else { '_' }).collect()
}
