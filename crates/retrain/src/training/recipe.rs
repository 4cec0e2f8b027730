//! What is trained and from what: the one place that knows the architectures apart.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use tamiz_domain::ModelReference;
use tamiz_models::training::{Lesson, Watch};
use tamiz_models::{Artifact, Device, LoadSettings, Model, ModelError, ngram, resolve, transformer};
use tamiz_ports::Stores;

use crate::settings::Plan;

/// What is trained, with what it starts from.
#[derive(Debug, Clone)]
pub(crate) enum Recipe {
    Ngram(ngram::TrainingSettings),
    Transformer { settings: transformer::TrainingSettings, init: Artifact, of: ModelReference },
}

/// A trained model, and what its folder holds of it.
pub(crate) struct Made {
    pub model: Box<dyn Model>,
    /// Content of `config.json`.
    pub config: Value,
    /// Content of `model.safetensors`.
    pub weights: Bytes,
    /// The files of its tokenizer, if it has one.
    pub tokenizer: BTreeMap<&'static str, Bytes>,
}

impl Recipe {
    /// Reads what a plan starts from.
    pub async fn prepare(plan: Plan, stores: &dyn Stores) -> Result<Self, ModelError> {
        Ok(match plan {
            Plan::Ngram(settings) => Self::Ngram(settings),
            Plan::Transformer(settings, place) => {
                let (init, of) = resolve(stores, &place).await?.read().await?;
                Self::Transformer { settings, init, of }
            }
        })
    }

    /// What `metrics.json` calls the architecture.
    pub fn architecture(&self) -> &'static str {
        match self {
            Self::Ngram(_) => ngram::ARCHITECTURE,
            Self::Transformer { .. } => transformer::ARCHITECTURE,
        }
    }

    /// What it starts from, if it does not start from nothing.
    pub fn init(&self) -> Option<&ModelReference> {
        match self {
            Self::Ngram(_) => None,
            Self::Transformer { of, .. } => Some(of),
        }
    }

    /// The same start with other settings.
    pub fn with(&self, plan: Plan) -> Self {
        match (plan, self) {
            (Plan::Transformer(settings, _), Self::Transformer { init, of, .. }) => {
                Self::Transformer { settings, init: init.clone(), of: of.clone() }
            }
            (Plan::Ngram(settings), _) => Self::Ngram(settings),
            // A search leaves the architecture as it is.
            (Plan::Transformer(..), Self::Ngram(settings)) => Self::Ngram(settings.clone()),
        }
    }

    /// Passes over the rows at most.
    pub fn epochs(&self) -> usize {
        match self {
            Self::Ngram(settings) => settings.epochs,
            Self::Transformer { settings, .. } => settings.epochs,
        }
    }

    /// Trains. Blocks. Checkpoints go to `keeper` where an epoch takes long; an n-gram model is as soon trained again.
    pub fn train(
        &self,
        lesson: &Lesson<'_>,
        device: Device,
        keeper: &mut dyn transformer::Keeper,
        watch: &mut Watch<'_>,
    ) -> Result<Made, ModelError> {
        match self {
            Self::Ngram(settings) => {
                let Lesson::Classes(corpus) = lesson else {
                    let why = "word n-grams tell classes of texts, and find no entities".to_owned();
                    return Err(ModelError::InvalidTraining { why });
                };
                let model = ngram::train(corpus, settings, device, watch)?;
                let (config, weights) = (model.config().to_json()?, model.weights()?.into());
                Ok(Made { model: Box::new(model), config, weights, tokenizer: BTreeMap::new() })
            }
            Self::Transformer { settings, init, .. } => {
                let trained = transformer::train(init, lesson, settings, device, keeper, watch)?;
                let model = trained.load(&LoadSettings::on(device))?;
                let transformer::Trained { config, weights, tokenizer } = trained;
                Ok(Made { model, config, weights, tokenizer })
            }
        }
    }

    /// How it is trained, as a sentence for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Ngram(settings) => format!(
                "Word n-grams up to {}, {} buckets, {} dimensions, weights in {}, at most {} epochs, learning rate {}, balance {:?}, seed {}",
                settings.featuriser.ngrams,
                settings.featuriser.buckets,
                settings.dimensions,
                settings.weights,
                settings.epochs,
                settings.learning_rate,
                settings.balance,
                settings.seed,
            ),
            Self::Transformer { settings, of, .. } => format!(
                "Fine-tuned from {} {}, {} tokens of a text, {} rows a step, at most {} epochs, learning rate {} with a warm-up over {} of \
                 the steps, weight decay {}, dropout {}, balance {:?}, seed {}",
                of.name,
                of.version,
                settings.max_tokens,
                settings.step_rows,
                settings.epochs,
                settings.learning_rate,
                settings.warm_up,
                settings.weight_decay,
                settings.dropout,
                settings.balance,
                settings.seed,
            ),
        }
    }
}
