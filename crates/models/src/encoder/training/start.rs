//! What training starts from: an encoder's configuration, with a head for other classes.

use serde_json::{Map, Value};

use super::super::config::EncoderConfig;
use crate::artifact::{Artifact, CONFIG};
use crate::scheme::Scheme;
use crate::task::Task;
use crate::training::Lesson;
use crate::{ModelError, Problem};

/// The new model's configuration.
pub(super) struct Start {
    /// Content of its `config.json`.
    pub json: Value,
    /// What that means.
    pub config: EncoderConfig,
}

impl Start {
    /// The configuration of a Hugging Face folder, but for what is to be learnt; the folder may hold an encoder alone (`BertModel`) or
    /// with any head (`BertForMaskedLM`).
    pub fn of(init: &Artifact, lesson: &Lesson<'_>) -> Result<Self, ModelError> {
        let unusable = |problem| init.unusable(CONFIG, problem);
        let mut json: Map<String, Value> = init.json(CONFIG)?;
        let written =
            json.get("architectures").and_then(|names| names.get(0)).and_then(Value::as_str).unwrap_or_default();
        let family = written.split_once("For").map_or(written, |(family, _)| family);
        let family = family.strip_suffix("Model").unwrap_or(family);
        let names = lesson.labels().0.iter().map(|class| class.name.as_str());
        let (head, problem_type, names): (_, _, Vec<String>) = match lesson {
            Lesson::Classes(_) => {
                ("Sequence", "single_label_classification".into(), names.map(str::to_owned).collect())
            }
            Lesson::Entities(_) => ("Token", Value::Null, Scheme::names(names)),
        };
        let named = names.iter().enumerate();
        let id2label: Map<String, Value> =
            named.clone().map(|(index, name)| (index.to_string(), name.as_str().into())).collect();
        let label2id: Map<String, Value> = named.map(|(index, name)| (name.clone(), index.into())).collect();
        let changes = [
            ("architectures", vec![format!("{family}For{head}Classification")].into()),
            ("id2label", id2label.into()),
            ("label2id", label2id.into()),
            ("problem_type", problem_type),
        ];
        json.extend(changes.map(|(name, value): (&str, Value)| (name.to_owned(), value)));
        let json = Value::Object(json);
        let config = EncoderConfig::parse(json.to_string().as_bytes()).map_err(unusable)?;
        // Values follow from names when the model is loaded.
        let expected = match lesson {
            Lesson::Classes(corpus) => Task::Classification(corpus.labels.clone()),
            Lesson::Entities(_) => Task::Extraction(Scheme::of(&names).map_err(unusable)?),
        };
        if config.task != expected {
            return Err(unusable(Problem::Labels("would not be read back as it is written")));
        }
        Ok(Self { json, config })
    }
}
