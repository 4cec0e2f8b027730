//! The network: embeddings, layers of attention, and a head. Tokens of all windows lie end to end, without padding.

use tch::{TchError, Tensor};

use super::attention::{Attention, Heads};
use super::config::Activation;
use super::head::Head;
use super::input::Input;
use super::layers::{Dropout, LayerNorm, Linear};

/// An encoder with its head.
pub(super) struct Network {
    pub embeddings: Embeddings,
    pub layers: Vec<Layer>,
    pub head: Head,
    pub attention: Attention,
    pub heads: Heads,
    /// Of everything but the weights of attention.
    pub dropout: Dropout,
}

/// Tables of tokens, positions and token types.
pub(super) struct Embeddings {
    pub tokens: Tensor,
    pub positions: Tensor,
    /// None where there are none, or where the one type's row is part of the positions.
    pub types: Option<Tensor>,
    pub norm: LayerNorm,
}

/// One layer: attention, then a feed-forward network, each added to what went in.
pub(super) struct Layer {
    /// Queries, keys and values in one product, `[3 · hidden, hidden]`.
    pub attention_in: Linear,
    pub attention_out: Linear,
    pub attention_norm: LayerNorm,
    pub up: Linear,
    pub down: Linear,
    pub norm: LayerNorm,
}

impl Network {
    /// Logits in 32-bit floats: `[windows, classes]` of sequences, `[tokens, classes]` of tokens.
    pub fn forward(&self, input: &Input, activation: Activation) -> Result<Tensor, TchError> {
        self.forward_embedded(&self.embeddings.of_tokens(input)?, input, activation)
    }

    /// The same from the rows of the tokens in their table, `[tokens, hidden]`.
    pub fn forward_embedded(&self, tokens: &Tensor, input: &Input, activation: Activation) -> Result<Tensor, TchError> {
        let mut hidden = self.dropout.forward(self.embeddings.forward(tokens, input)?)?;
        for layer in &self.layers {
            let attend = |projected: &Tensor| self.attention.forward(projected, input, self.heads);
            hidden = layer.forward(&hidden, attend, activation, self.dropout)?;
        }
        self.head.forward(&hidden, input, self.dropout)
    }
}

impl Embeddings {
    /// Rows of the tokens in their table, `[tokens, hidden]`.
    pub fn of_tokens(&self, input: &Input) -> Result<Tensor, TchError> {
        Tensor::f_embedding(&self.tokens, &input.ids, -1, false, false)
    }

    fn forward(&self, tokens: &Tensor, input: &Input) -> Result<Tensor, TchError> {
        let mut sum = tokens.f_add(&Tensor::f_embedding(&self.positions, &input.positions, -1, false, false)?)?;
        if let Some(types) = &self.types {
            sum = sum.f_add(&types.f_select(0, 0)?)?;
        }
        self.norm.forward(&sum)
    }
}

impl Layer {
    fn forward(
        &self,
        hidden: &Tensor,
        attend: impl FnOnce(&Tensor) -> Result<Tensor, TchError>,
        activation: Activation,
        dropout: Dropout,
    ) -> Result<Tensor, TchError> {
        let attended = attend(&self.attention_in.forward(hidden)?)?;
        let attended = dropout.forward(self.attention_out.forward(&attended)?)?;
        let hidden = self.attention_norm.forward(&attended.f_add(hidden)?)?;
        let fed = dropout.forward(self.down.forward(&self.up.forward_activated(&hidden, activation)?)?)?;
        self.norm.forward(&fed.f_add(&hidden)?)
    }
}
