//! The network: embeddings, layers of attention, and a head. Tokens of all windows lie end to end, without padding.

use tch::{TchError, Tensor};

use super::attention::Attention;
use super::config::{Activation, EncoderConfig};
use super::head::Head;
use super::input::Input;
use super::layers::{LayerNorm, Linear};

/// An encoder with its head.
pub(super) struct Network {
    pub embeddings: Embeddings,
    pub layers: Vec<Layer>,
    pub head: Head,
    pub attention: Attention,
}

/// Tables of tokens and positions; that of token types is part of the positions', since there is one type only.
pub(super) struct Embeddings {
    pub tokens: Tensor,
    pub positions: Tensor,
    pub norm: LayerNorm,
}

/// One layer: attention, then a feed-forward network, each added to what went in.
pub(super) struct Layer {
    /// Queries, keys and values in one product, `[3 · hidden, hidden]`; the queries come scaled.
    pub attention_in: Linear,
    pub attention_out: Linear,
    pub attention_norm: LayerNorm,
    pub up: Linear,
    pub down: Linear,
    pub norm: LayerNorm,
}

impl Network {
    /// Logits in 32-bit floats: `[windows, classes]` of sequences, `[tokens, classes]` of tokens.
    pub fn forward(&self, input: &Input, config: &EncoderConfig) -> Result<Tensor, TchError> {
        let mut hidden = self.embeddings.forward(input)?;
        for layer in &self.layers {
            let attend = |projected: &Tensor| self.attention.forward(projected, input, config.heads());
            hidden = layer.forward(&hidden, attend, config.activation)?;
        }
        self.head.forward(&hidden, input)
    }
}

impl Embeddings {
    fn forward(&self, input: &Input) -> Result<Tensor, TchError> {
        let look_up = |table: &Tensor, rows: &Tensor| Tensor::f_embedding(table, rows, -1, false, false);
        let tokens = look_up(&self.tokens, &input.ids)?;
        self.norm.forward(&tokens.f_add(&look_up(&self.positions, &input.positions)?)?)
    }
}

impl Layer {
    fn forward(
        &self,
        hidden: &Tensor,
        attend: impl FnOnce(&Tensor) -> Result<Tensor, TchError>,
        activation: Activation,
    ) -> Result<Tensor, TchError> {
        let attended = attend(&self.attention_in.forward(hidden)?)?;
        let hidden = self.attention_norm.forward(&self.attention_out.forward(&attended)?.f_add(hidden)?)?;
        let fed = self.down.forward(&self.up.forward_activated(&hidden, activation)?)?;
        self.norm.forward(&fed.f_add(&hidden)?)
    }
}
