//! Puts a folder's tensors where the network wants them, by the names that each family has for them.

use tch::{TchError, Tensor};

use super::attention::Attention;
use super::config::{self, EncoderConfig, Family};
use super::head::{self, Between, FullLinear, Head};
use super::layers::{LayerNorm, Linear, Placement};
use super::network::{Embeddings, Layer, Network};
use super::weights::Weights;
use crate::ModelError;

/// Names of a layer's parts below `<prefix>.<layers>.<index>`.
struct LayerNames {
    queries: &'static str,
    keys: &'static str,
    values: &'static str,
    attention_out: &'static str,
    attention_norm: &'static str,
    up: &'static str,
    down: &'static str,
    norm: &'static str,
}

const BERT_LAYER: LayerNames = LayerNames {
    queries: "attention.self.query",
    keys: "attention.self.key",
    values: "attention.self.value",
    attention_out: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    norm: "output.LayerNorm",
};

const DISTILBERT_LAYER: LayerNames = LayerNames {
    queries: "attention.q_lin",
    keys: "attention.k_lin",
    values: "attention.v_lin",
    attention_out: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    up: "ffn.lin1",
    down: "ffn.lin2",
    norm: "output_layer_norm",
};

/// Takes a network's tensors out of a folder, all of them and no others.
pub(super) fn load(
    mut weights: Weights<'_>,
    config: &EncoderConfig,
    placement: Placement,
) -> Result<Network, ModelError> {
    let mut loader = Loader { weights: &mut weights, config, placement };
    let network = loader.network()?;
    weights.finish()?;
    Ok(network)
}

struct Loader<'a, 'w> {
    weights: &'a mut Weights<'w>,
    config: &'a EncoderConfig,
    placement: Placement,
}

impl Loader<'_, '_> {
    fn network(&mut self) -> Result<Network, ModelError> {
        let (prefix, layers, names) = match self.config.family {
            Family::Bert => ("bert", "encoder.layer", BERT_LAYER),
            Family::Roberta => ("roberta", "encoder.layer", BERT_LAYER),
            Family::DistilBert => ("distilbert", "transformer.layer", DISTILBERT_LAYER),
        };
        let embeddings = self.embeddings(&format!("{prefix}.embeddings"))?;
        let num_layers = self.config.layers;
        let layer = |index| self.layer(&format!("{prefix}.{layers}.{index}"), &names);
        let layers = (0..num_layers).map(layer).collect::<Result<Vec<_>, _>>()?;
        let attention = Attention::best(self.placement, self.config.heads());
        Ok(Network { embeddings, layers, head: self.head(prefix)?, attention })
    }

    fn embeddings(&mut self, prefix: &str) -> Result<Embeddings, ModelError> {
        let EncoderConfig { vocabulary, positions, hidden, token_types, .. } = *self.config;
        let tokens = self.weights.take(&format!("{prefix}.word_embeddings.weight"), &[vocabulary, hidden])?;
        let mut table = self.weights.take(&format!("{prefix}.position_embeddings.weight"), &[positions, hidden])?;
        if let Some(types) = token_types {
            let types = self.weights.take(&format!("{prefix}.token_type_embeddings.weight"), &[types, hidden])?;
            let add = || table.f_add(&types.f_select(0, 0)?);
            table = add().map_err(ModelError::torch("add the token type to the positions"))?;
        }
        let place = |tensor: &Tensor| self.placement.place(tensor).map_err(placing());
        let (tokens, positions) = (place(&tokens)?, place(&table)?);
        Ok(Embeddings { tokens, positions, norm: self.norm(&format!("{prefix}.LayerNorm"))? })
    }

    fn layer(&mut self, prefix: &str, names: &LayerNames) -> Result<Layer, ModelError> {
        let EncoderConfig { hidden, intermediate, .. } = *self.config;
        let mut part = |name: &str| self.pair(&format!("{prefix}.{name}"), hidden, hidden);
        let parts = [part(names.queries)?, part(names.keys)?, part(names.values)?];
        let scale = (self.config.heads().size as f64).powf(-0.5);
        let [weight, bias] = joined(&parts, scale).map_err(ModelError::torch("join queries, keys and values"))?;
        Ok(Layer {
            attention_in: Linear::new(&weight, &bias, self.placement)?,
            attention_out: self.linear(&format!("{prefix}.{}", names.attention_out), hidden, hidden)?,
            attention_norm: self.norm(&format!("{prefix}.{}", names.attention_norm))?,
            up: self.linear(&format!("{prefix}.{}", names.up), intermediate, hidden)?,
            down: self.linear(&format!("{prefix}.{}", names.down), hidden, intermediate)?,
            norm: self.norm(&format!("{prefix}.{}", names.norm))?,
        })
    }

    fn head(&mut self, prefix: &str) -> Result<Head, ModelError> {
        let (hidden, classes) = (self.config.hidden, self.config.classes());
        if self.config.head == config::Head::Tokens {
            return Ok(Head::Tokens { classifier: self.full("classifier", classes, hidden)? });
        }
        let (dense, between, classifier) = match self.config.family {
            Family::Bert => (format!("{prefix}.pooler.dense"), Between::Tanh, "classifier"),
            Family::DistilBert => ("pre_classifier".to_owned(), Between::Relu, "classifier"),
            Family::Roberta => ("classifier.dense".to_owned(), Between::Tanh, "classifier.out_proj"),
        };
        let dense = self.full(&dense, hidden, hidden)?;
        Ok(Head::Sequence { dense, between, classifier: self.full(classifier, classes, hidden)? })
    }

    /// Weight and bias of a product.
    fn pair(&mut self, name: &str, rows: i64, columns: i64) -> Result<[Tensor; 2], ModelError> {
        let weight = self.weights.take(&format!("{name}.weight"), &[rows, columns])?;
        Ok([weight, self.weights.take(&format!("{name}.bias"), &[rows])?])
    }

    fn linear(&mut self, name: &str, rows: i64, columns: i64) -> Result<Linear, ModelError> {
        let [weight, bias] = self.pair(name, rows, columns)?;
        Linear::new(&weight, &bias, self.placement)
    }

    fn full(&mut self, name: &str, rows: i64, columns: i64) -> Result<FullLinear, ModelError> {
        let [weight, bias] = self.pair(name, rows, columns)?;
        let place = |tensor: &Tensor| head::place(tensor, self.placement.device).map_err(placing());
        Ok(FullLinear { weight: place(&weight)?, bias: place(&bias)? })
    }

    fn norm(&mut self, name: &str) -> Result<LayerNorm, ModelError> {
        let weight = self.weights.take(&format!("{name}.weight"), &[self.config.hidden])?;
        let bias = self.weights.take(&format!("{name}.bias"), &[self.config.hidden])?;
        LayerNorm::new(&weight, &bias, self.config.norm_epsilon, self.placement)
    }
}

fn placing() -> impl FnOnce(TchError) -> ModelError {
    ModelError::torch("place the weights on the device")
}

/// Weights and biases, those of queries, keys and values one below the other, and the queries' scaled.
fn joined([queries, keys, values]: &[[Tensor; 2]; 3], scale: f64) -> Result<[Tensor; 2], TchError> {
    let join = |which: usize| Tensor::f_cat(&[&queries[which].f_mul_scalar(scale)?, &keys[which], &values[which]], 0);
    Ok([join(0)?, join(1)?])
}
