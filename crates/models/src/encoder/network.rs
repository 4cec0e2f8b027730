//! The network: embeddings, layers of attention, and a head. Tokens of all windows lie end to end, without padding.

use tch::{Kind, TchError, Tensor};

use super::config::EncoderConfig;
use super::head::Head;
use super::layers::{LayerNorm, Linear};
use super::packing::Group;

/// The tokens of a batch on the device.
pub(super) struct Input {
    /// `[tokens]`, and more behind them that nobody asks about.
    pub ids: Tensor,
    /// Row of each token in the table of positions, `[tokens]`.
    pub positions: Tensor,
    /// The tokens' windows, in order.
    pub groups: Vec<Group>,
    /// Tokens that are there to round the number up.
    pub num_spare: usize,
}

/// An encoder with its head.
pub(super) struct Network {
    pub embeddings: Embeddings,
    pub layers: Vec<Layer>,
    pub head: Head,
    /// Whether attention works in 32-bit floats although the rest does not.
    pub attention_in_full: bool,
}

/// Tables of tokens and positions; that of token types is part of the positions', since there is one type only.
pub(super) struct Embeddings {
    pub tokens: Tensor,
    pub positions: Tensor,
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
    pub fn forward(&self, input: &Input, config: &EncoderConfig) -> Result<Tensor, TchError> {
        let mut hidden = self.embeddings.forward(input)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, input, config, self.attention_in_full)?;
        }
        self.head.forward(&hidden, &input.groups)
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
        input: &Input,
        config: &EncoderConfig,
        in_full: bool,
    ) -> Result<Tensor, TchError> {
        let attended = attention(&self.attention_in.forward(hidden)?, input, config, in_full)?;
        let hidden = self.attention_norm.forward(&self.attention_out.forward(&attended)?.f_add(hidden)?)?;
        let fed = self.down.forward(&self.up.forward_activated(&hidden, config.activation)?)?;
        self.norm.forward(&fed.f_add(&hidden)?)
    }
}

/// Attention within each window; windows of one length go together. `[tokens, 3 · hidden]` to `[tokens, hidden]`.
fn attention(projected: &Tensor, input: &Input, config: &EncoderConfig, in_full: bool) -> Result<Tensor, TchError> {
    let mut start = 0;
    let mut attended = Vec::with_capacity(input.groups.len() + 1);
    for group in &input.groups {
        let tokens = (group.windows * group.length) as i64;
        attended.push(attention_of_group(&projected.f_narrow(0, start, tokens)?, *group, config, in_full)?);
        start += tokens;
    }
    if input.num_spare > 0 {
        attended.push(projected.f_narrow(0, start, input.num_spare as i64)?.f_narrow(1, 0, config.hidden)?);
    }
    match attended.as_slice() {
        [all] => Ok(all.shallow_clone()),
        several => Tensor::f_cat(several, 0),
    }
}

fn attention_of_group(
    projected: &Tensor,
    group: Group,
    config: &EncoderConfig,
    in_full: bool,
) -> Result<Tensor, TchError> {
    let (windows, length, heads) = (group.windows as i64, group.length as i64, config.attention_heads);
    let size = config.hidden / heads;
    let kind = projected.f_kind()?;
    let projected = if in_full { projected.f_to_kind(Kind::Float)? } else { projected.shallow_clone() };
    let projected = projected.f_view([windows, length, 3, heads, size])?.f_permute([2, 0, 3, 1, 4])?;
    let no_mask: Option<&Tensor> = None;
    let [queries, keys, values] = [projected.f_select(0, 0)?, projected.f_select(0, 1)?, projected.f_select(0, 2)?];
    Tensor::f_scaled_dot_product_attention(&queries, &keys, &values, no_mask, 0.0, false, None, false)?
        .f_transpose(1, 2)?
        .f_reshape([windows * length, config.hidden])?
        .f_to_kind(kind)
}
