//! What training starts from: an encoder's configuration, with a head for other classes.

use serde_json::{Map, Value};
use tamiz_domain::LabelMap;

use super::super::config::EncoderConfig;
use crate::artifact::{Artifact, CONFIG};
use crate::task::Task;
use crate::{ModelError, Problem};

/// The new model's configuration.
pub(super) struct Start {
    /// Content of its `config.json`.
    pub json: Value,
    /// What that means.
    pub config: EncoderConfig,
}

impl Start {
    /// The configuration of a Hugging Face folder, but for classes of texts; the folder may hold an encoder alone (`BertModel`) or
    /// with any head (`BertForMaskedLM`).
    pub fn of(init: &Artifact, labels: &LabelMap) -> Result<Self, ModelError> {
        let unusable = |problem| init.unusable(CONFIG, problem);
        let mut json: Map<String, Value> = init.json(CONFIG)?;
        let written =
            json.get("architectures").and_then(|names| names.get(0)).and_then(Value::as_str).unwrap_or_default();
        let family = written.split_once("For").map_or(written, |(family, _)| family);
        let family = family.strip_suffix("Model").unwrap_or(family);
        let architecture = format!("{family}ForSequenceClassification");
        let names = labels.0.iter().map(|class| class.name.as_str());
        let id2label: Map<String, Value> =
            names.clone().enumerate().map(|(index, name)| (index.to_string(), name.into())).collect();
        let label2id: Map<String, Value> =
            names.enumerate().map(|(index, name)| (name.to_owned(), index.into())).collect();
        let changes = [
            ("architectures", vec![architecture].into()),
            ("id2label", id2label.into()),
            ("label2id", label2id.into()),
            ("problem_type", "single_label_classification".into()),
        ];
        json.extend(changes.map(|(name, value): (&str, Value)| (name.to_owned(), value)));
        let json = Value::Object(json);
        let config = EncoderConfig::parse(json.to_string().as_bytes()).map_err(unusable)?;
        // Values follow from names when the model is loaded.
        if config.task != Task::Classification(labels.clone()) {
            return Err(unusable(Problem::Labels("would not be read back as it is written")));
        }
        Ok(Self { json, config })
    }
}
