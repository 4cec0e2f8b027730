//! A loaded n-gram model.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tamiz_domain::LabelMap;
use tch::{Kind, Tensor};

use super::ARCHITECTURE;
use super::featuriser::{Featuriser, FeaturiserConfig};
use super::format::WeightFormat;
use super::known::Known;
use super::network::{Sizes, TextTensors};
use super::weights::Weights;
use crate::artifact::{Artifact, CONFIG};
use crate::model::{Input, Model, Pending, ReadTexts, Reader};
use crate::task::Task;
use crate::tensors::download;
use crate::{Device, ModelError, Precision, Problem};

/// `config.json` of an n-gram model: with the weights, everything that inference needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NgramConfig {
    /// Version of this format.
    pub format_version: u32,
    /// `ngram`.
    pub architecture: String,
    /// Classes in score order.
    pub labels: LabelMap,
    /// How text becomes features.
    pub featuriser: FeaturiserConfig,
    /// Columns of the embedding table.
    pub dimensions: usize,
    /// How the embedding table is stored.
    #[serde(default, skip_serializing_if = "WeightFormat::is_f32")]
    pub weights: WeightFormat,
}

impl NgramConfig {
    const FORMAT_VERSION: u32 = 1;

    /// The current format with the given sizes, and the table stored as said.
    pub fn new(labels: LabelMap, featuriser: FeaturiserConfig, dimensions: usize, weights: WeightFormat) -> Self {
        let architecture = ARCHITECTURE.to_owned();
        Self { format_version: Self::FORMAT_VERSION, architecture, labels, featuriser, dimensions, weights }
    }

    /// The content of `config.json`.
    ///
    /// # Errors
    /// Never in practice: every setting has a JSON form.
    pub fn to_json(&self) -> Result<serde_json::Value, ModelError> {
        serde_json::to_value(self).map_err(|error| ModelError::unusable(CONFIG, Problem::Malformed(error.to_string())))
    }

    pub(super) fn sizes(&self) -> Sizes {
        Sizes { buckets: self.featuriser.buckets, dimensions: self.dimensions, classes: self.labels.len() }
    }

    /// What is wrong with the configuration, if anything.
    pub(super) fn problem(&self) -> Option<Problem> {
        if self.format_version != Self::FORMAT_VERSION {
            let found = self.format_version.into();
            return Some(Problem::FormatVersion { found, supported: Self::FORMAT_VERSION });
        }
        if !(1..=1_024).contains(&self.dimensions) {
            return Some(Problem::Setting { setting: "dimensions", why: "must be 1 to 1,024" });
        }
        labels_problem(&self.labels).or_else(|| self.featuriser.problem())
    }
}

/// A label map that would name a class twice, or fewer than two.
fn labels_problem(labels: &LabelMap) -> Option<Problem> {
    if labels.len() < 2 {
        Some(Problem::Labels("has fewer than two classes"))
    } else if labels.has_repeats() {
        Some(Problem::Labels("names a class twice"))
    } else {
        None
    }
}

/// A loaded n-gram model.
#[derive(Debug)]
pub struct Ngram {
    config: NgramConfig,
    task: Task,
    featuriser: Arc<Featuriser>,
    weights: Weights,
    /// See [`Network::folded`].
    table: Tensor,
    bias: Tensor,
    device: Device,
}

impl Ngram {
    /// Makes a model of a verified folder.
    ///
    /// # Errors
    /// [`ModelError::Unusable`] naming the file and what is wrong with it.
    pub fn load(artifact: &Artifact, device: Device, precision: Precision) -> Result<Self, ModelError> {
        if precision == Precision::Bf16 {
            return Err(ModelError::NoSuchPrecision { architecture: ARCHITECTURE });
        }
        let _guard = tch::no_grad_guard();
        let config: NgramConfig = artifact.json(CONFIG)?;
        if let Some(problem) = config.problem() {
            return Err(artifact.unusable(CONFIG, problem));
        }
        let weights = Weights::read(artifact, config.sizes(), config.weights, device)?;
        Self::new(config, weights, device)
    }

    /// Puts trained weights behind a configuration that they were trained with.
    pub(super) fn new(config: NgramConfig, weights: Weights, device: Device) -> Result<Self, ModelError> {
        let featuriser =
            Featuriser::new(&config.featuriser).map_err(|problem| ModelError::unusable(CONFIG, problem))?;
        let network = weights.network()?;
        let (table, bias) = (network.folded()?, network.bias);
        let featuriser = featuriser.knowing(Known::of(&table)?);
        let task = Task::Classification(config.labels.clone());
        Ok(Self { config, task, featuriser: Arc::new(featuriser), weights, table, bias, device })
    }

    /// What `config.json` says.
    pub fn config(&self) -> &NgramConfig {
        &self.config
    }

    /// The content of `model.safetensors`.
    ///
    /// # Errors
    /// [`ModelError::Libtorch`].
    pub fn weights(&self) -> Result<Vec<u8>, ModelError> {
        self.weights.write()
    }
}

impl Model for Ngram {
    fn task(&self) -> &Task {
        &self.task
    }

    fn reader(&self) -> Arc<dyn Reader> {
        self.featuriser.clone()
    }

    fn begin(&mut self, texts: ReadTexts) -> Result<Pending, ModelError> {
        let Input::Bags(bags) = texts.0 else { return Err(ModelError::ForeignInput) };
        if bags.readings.is_empty() {
            return Ok(Pending::new(|| Ok(Vec::new())));
        }
        let _guard = tch::no_grad_guard();
        let logits = TextTensors::of(&bags, self.device)?.pool(&self.table)?;
        let probabilities = logits
            .f_add(&self.bias)
            .and_then(|logits| logits.f_softmax(-1, Kind::Float))
            .map_err(ModelError::torch("score a batch"))?;
        let task = self.task.clone();
        Ok(Pending::new(move || {
            let rows = download(&probabilities)?;
            let scored = rows.chunks_exact(task.labels().len()).zip(&bags.readings);
            Ok(scored.map(|(row, &reading)| task.predict(row.to_vec(), reading)).collect())
        }))
    }

    fn workings(&self) -> String {
        format!("{:?}, {} dimensions stored in {}", Kind::Float, self.config.dimensions, self.config.weights)
    }
}

impl Reader for Featuriser {
    fn read(&self, texts: &[&str]) -> ReadTexts {
        ReadTexts(Input::Bags(self.bags(texts)))
    }
}
