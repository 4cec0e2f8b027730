//! `config.json` of a Hugging Face encoder: what is written, and what it means.

use std::collections::BTreeMap;

use serde::Deserialize;
use tamiz_domain::{LabelClass, LabelMap};

use crate::Problem;
use crate::scheme::Scheme;
use crate::task::Task;

/// Architectures that are loaded, for people.
pub(crate) const SUPPORTED: &str = "ngram, and of Hugging Face: Bert, DistilBert, Roberta and XLMRoberta, each ForSequenceClassification or ForTokenClassification";

/// Encoders that differ in the names of their tensors, in their positions and heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Bert,
    DistilBert,
    /// RoBERTa and XLM-RoBERTa, which are the same network.
    Roberta,
}

/// What stands behind the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    Sequence,
    Tokens,
}

/// The function between the two halves of a layer's feed-forward network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    Gelu,
    /// GELU by its approximation with tanh.
    GeluTanh,
    Relu,
}

/// What the configuration means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EncoderConfig {
    pub family: Family,
    pub head: Head,
    pub task: Task,
    pub hidden: i64,
    pub layers: usize,
    pub attention_heads: i64,
    pub intermediate: i64,
    pub vocabulary: i64,
    /// Rows of the table of positions.
    pub positions: i64,
    /// Row of the first token's position.
    pub first_position: i64,
    /// Rows of the table of token types; none in DistilBERT.
    pub token_types: Option<i64>,
    pub activation: Activation,
    pub norm_epsilon: f64,
}

/// What every model of transformers says of itself.
#[derive(Debug, Deserialize)]
struct Named {
    architectures: Option<Vec<String>>,
}

/// As it is written; DistilBERT has names of its own.
#[derive(Debug, Deserialize)]
struct Written {
    #[serde(alias = "dim")]
    hidden_size: i64,
    #[serde(alias = "n_layers")]
    num_hidden_layers: usize,
    #[serde(alias = "n_heads")]
    num_attention_heads: i64,
    #[serde(alias = "hidden_dim")]
    intermediate_size: i64,
    #[serde(alias = "activation")]
    hidden_act: String,
    vocab_size: i64,
    max_position_embeddings: i64,
    type_vocab_size: Option<i64>,
    layer_norm_eps: Option<f64>,
    pad_token_id: Option<i64>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
    problem_type: Option<String>,
    id2label: Option<BTreeMap<String, String>>,
}

/// Sizes beyond these are no encoder's, and would only exhaust the memory.
const MAX_SIZE: i64 = 1 << 24;
const MAX_LAYERS: usize = 1_000;
/// BERT's, where the configuration is silent.
const NORM_EPSILON: f64 = 1e-12;
/// Both RoBERTas', where the configuration is silent.
const ROBERTA_PADDING: i64 = 1;

impl EncoderConfig {
    /// Reads the content of `config.json`.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let malformed = |error: serde_json::Error| Problem::Malformed(error.to_string());
        // First of all: another architecture has other settings, and to miss ours would say nothing.
        let (family, head) = serde_json::from_slice::<Named>(json).map_err(malformed)?.architecture()?;
        let written: Written = serde_json::from_slice(json).map_err(malformed)?;
        written.check_sizes()?;
        let first_position = match family {
            Family::Roberta => written.pad_token_id.unwrap_or(ROBERTA_PADDING) + 1,
            Family::Bert | Family::DistilBert => 0,
        };
        if !(0..written.max_position_embeddings).contains(&first_position) {
            return Err(Problem::Setting { setting: "pad_token_id", why: "leaves no positions" });
        }
        Ok(Self {
            family,
            head,
            task: written.task(head)?,
            hidden: written.hidden_size,
            layers: written.num_hidden_layers,
            attention_heads: written.num_attention_heads,
            intermediate: written.intermediate_size,
            vocabulary: written.vocab_size,
            positions: written.max_position_embeddings,
            first_position,
            token_types: (family != Family::DistilBert).then(|| written.type_vocab_size.unwrap_or(2)),
            activation: written.activation()?,
            norm_epsilon: written.layer_norm_eps.unwrap_or(NORM_EPSILON),
        })
    }

    /// Number of logits of a window, or of one of its tokens.
    pub fn classes(&self) -> i64 {
        let classes = match &self.task {
            Task::Classification(labels) | Task::MultiLabel(labels) => labels.len(),
            Task::Regression => 1,
            Task::Extraction(scheme) => scheme.len(),
        };
        classes as i64
    }

    /// Number of logits of a window of so many tokens.
    pub fn num_logits(&self, tokens: usize) -> usize {
        match self.head {
            Head::Sequence => self.classes() as usize,
            Head::Tokens => tokens * self.classes() as usize,
        }
    }

    /// Tokens that the network reads at once, special ones included.
    pub fn window(&self) -> usize {
        usize::try_from(self.positions - self.first_position).unwrap_or(0)
    }
}

impl Named {
    fn architecture(&self) -> Result<(Family, Head), Problem> {
        let found = self.architectures.as_deref().unwrap_or_default().join(", ");
        let (family, head) = match found.split_once("For") {
            Some((family, "SequenceClassification")) => (family, Head::Sequence),
            Some((family, "TokenClassification")) => (family, Head::Tokens),
            _ => return Err(Problem::Architecture { found }),
        };
        match family {
            "Bert" => Ok((Family::Bert, head)),
            "DistilBert" => Ok((Family::DistilBert, head)),
            "Roberta" | "XLMRoberta" => Ok((Family::Roberta, head)),
            _ => Err(Problem::Architecture { found }),
        }
    }
}

impl Written {
    fn check_sizes(&self) -> Result<(), Problem> {
        let sizes = [
            ("hidden_size", self.hidden_size),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("vocab_size", self.vocab_size),
            ("max_position_embeddings", self.max_position_embeddings),
            ("type_vocab_size", self.type_vocab_size.unwrap_or(1)),
        ];
        if let Some((setting, _)) = sizes.into_iter().find(|(_, size)| !(1..=MAX_SIZE).contains(size)) {
            return Err(Problem::Setting { setting, why: "is out of range" });
        }
        if !(1..=MAX_LAYERS).contains(&self.num_hidden_layers) {
            return Err(Problem::Setting { setting: "num_hidden_layers", why: "is out of range" });
        }
        if self.hidden_size % self.num_attention_heads != 0 {
            return Err(Problem::Setting { setting: "hidden_size", why: "is no multiple of num_attention_heads" });
        }
        if self.position_embedding_type.as_deref().is_some_and(|kind| kind != "absolute") {
            return Err(Problem::Setting { setting: "position_embedding_type", why: "must be `absolute`" });
        }
        if self.is_decoder {
            return Err(Problem::Setting { setting: "is_decoder", why: "must be false: only encoders are loaded" });
        }
        Ok(())
    }

    fn activation(&self) -> Result<Activation, Problem> {
        match self.hidden_act.as_str() {
            "gelu" => Ok(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
            "relu" => Ok(Activation::Relu),
            _ => Err(Problem::Setting {
                setting: "hidden_act",
                why: "must be gelu, gelu_new, gelu_pytorch_tanh or relu",
            }),
        }
    }

    /// The scores' meaning, by the rules of the transformers pipeline.
    fn task(&self, head: Head) -> Result<Task, Problem> {
        let names = self.names()?;
        if head == Head::Tokens {
            return Ok(Task::Extraction(Scheme::of(&names)?));
        }
        match (self.problem_type.as_deref(), names.len()) {
            (Some("regression"), 1) => Ok(Task::Regression),
            (Some("regression"), _) => {
                Err(Problem::Setting { setting: "problem_type", why: "may be regression with one label only" })
            }
            (Some("multi_label_classification"), _) | (None, 1) => Ok(Task::MultiLabel(label_map(names)?)),
            (Some("single_label_classification") | None, 2..) => Ok(Task::Classification(label_map(names)?)),
            _ => Err(Problem::Setting {
                setting: "problem_type",
                why: "must be single_label_classification, multi_label_classification or regression",
            }),
        }
    }

    /// Names of the scores in order; without any, the two that transformers takes for granted.
    fn names(&self) -> Result<Vec<String>, Problem> {
        let Some(written) = &self.id2label else {
            let count = if self.problem_type.as_deref() == Some("regression") { 1 } else { 2 };
            return Ok((0..count).map(|index| format!("LABEL_{index}")).collect());
        };
        let name = |index: usize| written.get(&index.to_string()).cloned();
        let names: Option<Vec<String>> = (0..written.len()).map(name).collect();
        names
            .filter(|names| !names.is_empty())
            .ok_or(Problem::Setting { setting: "id2label", why: "must name the scores 0, 1, 2, …" })
    }
}

/// The values that predictions get: a number of stars is that number, negative and positive are 1 and 2 as in the polarity
/// files, any other class is its index.
fn label_map(names: Vec<String>) -> Result<LabelMap, Problem> {
    let stars: Option<Vec<i8>> = names.iter().map(|name| stars(name)).collect();
    let polarity: Option<Vec<i8>> = names.iter().map(|name| polarity(name)).collect();
    let index = || (0..names.len()).map(|index| i8::try_from(index).ok()).collect::<Option<Vec<i8>>>();
    let values = stars.or(polarity).or_else(index).ok_or(Problem::Labels("has more than 128 classes"))?;
    let map = LabelMap(names.into_iter().zip(values).map(|(name, value)| LabelClass { value, name }).collect());
    match map.has_repeats() {
        true => Err(Problem::Labels("names a class twice")),
        false => Ok(map),
    }
}

/// `4`, `4 stars`, `1 star`.
fn stars(name: &str) -> Option<i8> {
    let number = name.strip_suffix("stars").or_else(|| name.strip_suffix("star")).unwrap_or(name);
    number.trim().parse().ok()
}

fn polarity(name: &str) -> Option<i8> {
    match name.to_lowercase().as_str() {
        "neg" | "negative" | "negativo" => Some(1),
        "pos" | "positive" | "positivo" => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_from_names() {
        let values = |names: &[&str]| {
            label_map(names.iter().map(|&name| name.to_owned()).collect())
                .map(|map| map.0.iter().map(|class| class.value).collect::<Vec<_>>())
        };
        assert_eq!(values(&["1 star", "2 stars", "3 stars"]), Ok(vec![1, 2, 3]));
        assert_eq!(values(&["POSITIVE", "NEGATIVE"]), Ok(vec![2, 1]));
        assert_eq!(values(&["negative", "neutral", "positive"]), Ok(vec![0, 1, 2]));
        assert_eq!(values(&["LABEL_0", "LABEL_1"]), Ok(vec![0, 1]));
        assert_eq!(values(&["pos", "positive"]), Err(Problem::Labels("names a class twice")));
    }
}
