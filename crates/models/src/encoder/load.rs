//! Puts a folder's tensors where the network wants them, by the names that each family has for them.

use tch::{TchError, Tensor};

use super::attention::{Attention, Heads};
use super::config::{self, EncoderConfig, Family};
use super::head::{self, Between, FullLinear, Head};
use super::layers::{Dropout, LayerNorm, Linear, Placement};
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

impl Family {
    /// What the names of the encoder's own tensors begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::Roberta => "roberta",
            Self::DistilBert => "distilbert",
        }
    }
}

/// Where a network's tensors come from, and what becomes of them.
pub(super) trait Source {
    /// A tensor in 32-bit floats on the CPU, of exactly this shape; of the encoder or of its head.
    fn take(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, ModelError>;

    /// A table of embeddings.
    fn table(&mut self, name: &str, table: Tensor) -> Result<Tensor, ModelError>;

    /// A layer of the encoder; of several names, their weights and biases lie one below the other.
    fn linear(&mut self, names: &[String], weight: Tensor, bias: Tensor) -> Result<Linear, ModelError>;

    /// A norm.
    fn norm(&mut self, name: &str, weight: Tensor, bias: Tensor, epsilon: f64) -> Result<LayerNorm, ModelError>;

    /// A layer of the head.
    fn full(&mut self, name: &str, weight: Tensor, bias: Tensor) -> Result<FullLinear, ModelError>;

    /// Whether what follows from several tensors may be put into one for good: the scale of attention into the queries, the one
    /// token type into the positions.
    fn folds(&self) -> bool;
}

/// Takes a network's tensors out of a folder, all of them and no others.
pub(super) fn load(weights: Weights<'_>, config: &EncoderConfig, placement: Placement) -> Result<Network, ModelError> {
    let mut source = Placed { weights, placement };
    let network = build(&mut source, config, placement, Dropout::NONE)?;
    source.weights.finish()?;
    Ok(network)
}

/// Builds a network of what a source has.
pub(super) fn build(
    source: &mut impl Source,
    config: &EncoderConfig,
    placement: Placement,
    dropout: Dropout,
) -> Result<Network, ModelError> {
    let (count, size) = (config.attention_heads, config.hidden / config.attention_heads);
    let mut heads = Heads { count, size, scale: (size as f64).powf(-0.5), dropout };
    let fold = source.folds().then(|| std::mem::replace(&mut heads.scale, 1.0));
    let mut builder = Builder { source, config, fold };
    let (layers, names) = match config.family {
        Family::Bert | Family::Roberta => ("encoder.layer", BERT_LAYER),
        Family::DistilBert => ("transformer.layer", DISTILBERT_LAYER),
    };
    let prefix = config.family.prefix();
    let embeddings = builder.embeddings(&format!("{prefix}.embeddings"))?;
    let layer = |index| builder.layer(&format!("{prefix}.{layers}.{index}"), &names);
    let layers = (0..config.layers).map(layer).collect::<Result<Vec<_>, _>>()?;
    let head = builder.head(prefix)?;
    let attention = match fold {
        Some(_) => Attention::best(placement, heads),
        None => Attention::differentiable(placement),
    };
    Ok(Network { embeddings, layers, head, attention, heads, dropout })
}

struct Builder<'a, S> {
    source: &'a mut S,
    config: &'a EncoderConfig,
    /// What the queries are scaled by, if that and the token type are put into the weights.
    fold: Option<f64>,
}

impl<S: Source> Builder<'_, S> {
    fn embeddings(&mut self, prefix: &str) -> Result<Embeddings, ModelError> {
        let EncoderConfig { vocabulary, positions, hidden, token_types, .. } = *self.config;
        let tokens = self.table(&format!("{prefix}.word_embeddings.weight"), vocabulary, hidden)?;
        let name = format!("{prefix}.position_embeddings.weight");
        let mut table = self.source.take(&name, &[positions, hidden])?;
        let mut types = None;
        if let Some(count) = token_types {
            let name = format!("{prefix}.token_type_embeddings.weight");
            if self.fold.is_some() {
                let rows = self.source.take(&name, &[count, hidden])?;
                let add = || table.f_add(&rows.f_select(0, 0)?);
                table = add().map_err(ModelError::torch("add the token type to the positions"))?;
            } else {
                types = Some(self.table(&name, count, hidden)?);
            }
        }
        let positions = self.source.table(&name, table)?;
        Ok(Embeddings { tokens, positions, types, norm: self.norm(&format!("{prefix}.LayerNorm"))? })
    }

    fn layer(&mut self, prefix: &str, names: &LayerNames) -> Result<Layer, ModelError> {
        let EncoderConfig { hidden, intermediate, .. } = *self.config;
        let attention_in = [names.queries, names.keys, names.values].map(|name| format!("{prefix}.{name}"));
        let mut part = |name: &String| self.pair(name, hidden, hidden);
        let parts = [part(&attention_in[0])?, part(&attention_in[1])?, part(&attention_in[2])?];
        let [weight, bias] = joined(&parts, self.fold).map_err(ModelError::torch("join queries, keys and values"))?;
        Ok(Layer {
            attention_in: self.source.linear(&attention_in, weight, bias)?,
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

    fn table(&mut self, name: &str, rows: i64, columns: i64) -> Result<Tensor, ModelError> {
        let table = self.source.take(name, &[rows, columns])?;
        self.source.table(name, table)
    }

    /// Weight and bias of a product.
    fn pair(&mut self, name: &str, rows: i64, columns: i64) -> Result<[Tensor; 2], ModelError> {
        let weight = self.source.take(&format!("{name}.weight"), &[rows, columns])?;
        Ok([weight, self.source.take(&format!("{name}.bias"), &[rows])?])
    }

    fn linear(&mut self, name: &str, rows: i64, columns: i64) -> Result<Linear, ModelError> {
        let [weight, bias] = self.pair(name, rows, columns)?;
        self.source.linear(&[name.to_owned()], weight, bias)
    }

    fn full(&mut self, name: &str, rows: i64, columns: i64) -> Result<FullLinear, ModelError> {
        let [weight, bias] = self.pair(name, rows, columns)?;
        self.source.full(name, weight, bias)
    }

    fn norm(&mut self, name: &str) -> Result<LayerNorm, ModelError> {
        let hidden = self.config.hidden;
        let weight = self.source.take(&format!("{name}.weight"), &[hidden])?;
        let bias = self.source.take(&format!("{name}.bias"), &[hidden])?;
        self.source.norm(name, weight, bias, self.config.norm_epsilon)
    }
}

/// A folder's tensors, put where they work.
struct Placed<'a> {
    weights: Weights<'a>,
    placement: Placement,
}

impl Source for Placed<'_> {
    fn take(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, ModelError> {
        self.weights.take(name, shape)
    }

    fn table(&mut self, _name: &str, table: Tensor) -> Result<Tensor, ModelError> {
        self.placement.place(&table).map_err(placing())
    }

    fn linear(&mut self, _names: &[String], weight: Tensor, bias: Tensor) -> Result<Linear, ModelError> {
        Linear::new(&weight, &bias, self.placement)
    }

    fn norm(&mut self, _name: &str, weight: Tensor, bias: Tensor, epsilon: f64) -> Result<LayerNorm, ModelError> {
        LayerNorm::new(&weight, &bias, epsilon, self.placement)
    }

    fn full(&mut self, _name: &str, weight: Tensor, bias: Tensor) -> Result<FullLinear, ModelError> {
        let place = |tensor: &Tensor| head::place(tensor, self.placement.device).map_err(placing());
        Ok(FullLinear { weight: place(&weight)?, bias: place(&bias)? })
    }

    fn folds(&self) -> bool {
        true
    }
}

fn placing() -> impl FnOnce(TchError) -> ModelError {
    ModelError::torch("place the weights on the device")
}

/// Weights and biases, those of queries, keys and values one below the other, and the queries' scaled, if asked for.
fn joined([queries, keys, values]: &[[Tensor; 2]; 3], scale: Option<f64>) -> Result<[Tensor; 2], TchError> {
    let join = |which: usize| {
        let queries = queries[which].f_mul_scalar(scale.unwrap_or(1.0))?;
        Tensor::f_cat(&[&queries, &keys[which], &values[which]], 0)
    };
    Ok([join(0)?, join(1)?])
}
