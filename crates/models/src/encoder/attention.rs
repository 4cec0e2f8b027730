//! Attention within each window, without padding: the same function, computed as the device does it best.
//!
//! All of it takes the layer's queries, keys and values side by side, `[tokens, 3 · hidden]`, and gives `[tokens, hidden]`.

use tch::{Kind, TchError, Tensor};

use super::input::Input;
use super::layers::{Dropout, Placement};
use super::packing::Group;
use crate::operator::{Argument, call};
use crate::{Device, processor};

/// How attention is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attention {
    /// Windows of one length go together through libtorch's fused attention.
    Grouped,
    /// Window by window, two products in brain floats around a softmax in 32-bit ones. For processors that multiply brain floats
    /// but have no AMX: libtorch's fused attention goes through MKL there, which turns every operand into 32-bit floats.
    Products,
    /// FlashAttention-2 (Dao 2023, arXiv:2307.08691) over all windows at once, by their starts; for brain floats on CUDA.
    VariableLength,
}

/// Heads and the numbers of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heads {
    pub count: i64,
    pub size: i64,
    /// What products of queries and keys are multiplied by: 1 where it is in the queries' weights.
    pub scale: f64,
    /// Of the weights of attention.
    pub dropout: Dropout,
}

/// Tokens from which on a window's two products are faster than the fused attention of its group.
const WORTH_PRODUCTS: usize = 48;

impl Attention {
    /// The best for a placement.
    pub fn best(placement: Placement, heads: Heads) -> Self {
        match placement.kind == Kind::BFloat16 && placement.device != Device::CPU && flash_agrees(placement, heads) {
            true => Self::VariableLength,
            false => Self::differentiable(placement),
        }
    }

    /// The best of those that gradients go back through: FlashAttention's are another operator.
    pub fn differentiable(placement: Placement) -> Self {
        let has_products = processor::has_bf16() && !processor::has_amx();
        match placement.device == Device::CPU && placement.kind == Kind::BFloat16 && has_products {
            true => Self::Products,
            false => Self::Grouped,
        }
    }

    /// `[tokens, 3 · hidden]` to `[tokens, hidden]`. What becomes of spare tokens is nobody's business.
    pub fn forward(self, projected: &Tensor, input: &Input, heads: Heads) -> Result<Tensor, TchError> {
        match self {
            Self::VariableLength => flash(projected, input, heads),
            Self::Grouped | Self::Products => {
                let mut attended = Vec::with_capacity(input.groups.len() + 1);
                let mut start = 0;
                for &group in &input.groups {
                    let tokens = (group.windows * group.length) as i64;
                    let own = projected.f_narrow(0, start, tokens)?;
                    match self == Self::Products && group.length >= WORTH_PRODUCTS {
                        true => attended.extend(products(&own, group, heads)?),
                        false => attended.push(fused(&own, group, heads, self == Self::Products)?),
                    }
                    start += tokens;
                }
                if input.num_spare > 0 {
                    let spare = projected.f_narrow(0, start, input.num_spare as i64)?;
                    attended.push(spare.f_narrow(1, 0, heads.count * heads.size)?);
                }
                Tensor::f_cat(&attended, 0)
            }
        }
    }
}

/// libtorch's attention over windows of one length; in 32-bit floats, if asked for.
fn fused(projected: &Tensor, group: Group, heads: Heads, in_full: bool) -> Result<Tensor, TchError> {
    let (windows, length) = (group.windows as i64, group.length as i64);
    let kind = projected.f_kind()?;
    let projected = if in_full { projected.f_to_kind(Kind::Float)? } else { projected.shallow_clone() };
    let [queries, keys, values] =
        parts(&projected.f_view([windows, length, 3, heads.count, heads.size])?.f_permute([2, 0, 3, 1, 4])?)?;
    let no_mask: Option<&Tensor> = None;
    Tensor::f_scaled_dot_product_attention(
        &queries,
        &keys,
        &values,
        no_mask,
        heads.dropout.0,
        false,
        Some(heads.scale),
        false,
    )?
    .f_transpose(1, 2)?
    .f_reshape([windows * length, heads.count * heads.size])?
    .f_to_kind(kind)
}

/// Attention of each window of a group, in two products.
fn products(projected: &Tensor, group: Group, heads: Heads) -> Result<Vec<Tensor>, TchError> {
    let length = group.length as i64;
    let of_window = |window: usize| {
        let own = projected.f_narrow(0, window as i64 * length, length)?;
        let [queries, keys, values] =
            parts(&own.f_view([length, 3, heads.count, heads.size])?.f_permute([1, 2, 0, 3])?)?;
        let mut scores = queries.f_bmm(&keys.f_transpose(1, 2)?)?.f_to_kind(Kind::Float)?;
        if heads.scale != 1.0 {
            scores = scores.f_mul_scalar(heads.scale)?;
        }
        let weights = heads.dropout.forward(scores.f_softmax(-1, None)?)?;
        weights
            .f_to_kind(Kind::BFloat16)?
            .f_bmm(&values)?
            .f_transpose(0, 1)?
            .f_reshape([length, heads.count * heads.size])
    };
    (0..group.windows).map(of_window).collect()
}

/// FlashAttention over all windows.
fn flash(projected: &Tensor, input: &Input, heads: Heads) -> Result<Tensor, TchError> {
    let [queries, keys, values] = parts(&projected.f_view([-1, 3, heads.count, heads.size])?.f_permute([1, 0, 2, 3])?)?;
    let (starts, longest) = (Argument::OptionalTensor(Some(&input.starts)), input.longest() as i64);
    let arguments = [
        Argument::Tensor(&queries),
        Argument::Tensor(&keys),
        Argument::Tensor(&values),
        starts,
        starts,
        Argument::Int(longest),
        Argument::Int(longest),
        // Dropout; not causal, no debug mask; scale; no window, lengths or slopes.
        Argument::Float(heads.dropout.0),
        Argument::Bool(false),
        Argument::Bool(false),
        Argument::OptionalFloat(Some(heads.scale)),
        Argument::OptionalInt(None),
        Argument::OptionalInt(None),
        Argument::OptionalTensor(None),
        Argument::OptionalTensor(None),
    ];
    let [attended, ..] = call::<5>(c"aten::_flash_attention_forward", c"", &arguments)?;
    attended.f_reshape([-1, heads.count * heads.size])
}

/// Queries, keys and values, which lie one after the other along the first dimension.
fn parts(joined: &Tensor) -> Result<[Tensor; 3], TchError> {
    Ok([joined.f_select(0, 0)?, joined.f_select(0, 1)?, joined.f_select(0, 2)?])
}

/// Whether FlashAttention runs on this device for heads of this size, and says what the fused attention says: it wants an
/// Ampere GPU or a later one, and the interface through which it is called cannot say why it refuses.
fn flash_agrees(placement: Placement, heads: Heads) -> bool {
    const TOLERANCE: f64 = 0.02;
    let compare = || -> Result<bool, TchError> {
        let groups = [(1, 70), (2, 17), (3, 1)].map(|(windows, length)| Group { windows, length });
        let input = Input::of_zeros(&groups, placement.device)?;
        let shape = [input.num_tokens() as i64, 3 * heads.count * heads.size];
        let projected = Tensor::f_randn(shape, (placement.kind, placement.device.0))?;
        let [found, expected] = [Attention::VariableLength, Attention::Grouped]
            .map(|attention| attention.forward(&projected, &input, heads)?.f_to_kind(Kind::Float));
        Ok((found? - expected?).f_abs()?.f_max()?.f_double_value(&[])? < TOLERANCE)
    };
    compare().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: Heads = Heads { count: 4, size: 32, scale: 0.5, dropout: Dropout::NONE };
    const GROUPS: [Group; 3] =
        [Group { windows: 2, length: 60 }, Group { windows: 1, length: 48 }, Group { windows: 3, length: 7 }];

    fn placement(kind: Kind) -> Placement {
        Placement { device: Device::CPU, kind, rows: 256 }
    }

    #[test]
    fn every_way_gives_what_the_formula_gives() {
        let input = Input::of_zeros(&GROUPS, Device::CPU).unwrap();
        let projected = Tensor::randn([input.num_tokens() as i64, 3 * 128], (Kind::Float, tch::Device::Cpu));
        let mut expected = Vec::new();
        let mut start = 0;
        for group in GROUPS {
            for _ in 0..group.windows {
                let own = projected.narrow(0, start, group.length as i64).view([-1, 3, 4, 32]).permute([1, 2, 0, 3]);
                let weights = (own.get(0).matmul(&own.get(1).transpose(1, 2)) * HEADS.scale).softmax(-1, None);
                expected.push(weights.matmul(&own.get(2)).transpose(0, 1).reshape([-1, 128]));
                start += group.length as i64;
            }
        }
        let expected = Tensor::cat(&expected, 0);
        for (attention, kind, tolerance) in [
            (Attention::Grouped, Kind::Float, 1e-5),
            (Attention::Grouped, Kind::BFloat16, 0.2),
            (Attention::Products, Kind::BFloat16, 0.2),
        ] {
            let found = attention.forward(&projected.to_kind(kind), &input, HEADS).unwrap().to_kind(Kind::Float);
            let difference = (found - &expected).abs().max().double_value(&[]);
            assert!(difference < tolerance, "{attention:?} {kind:?} differs by {difference}");
        }
    }

    #[test]
    fn an_operator_that_the_device_does_not_have_is_not_chosen() {
        assert!(!flash_agrees(placement(Kind::BFloat16), HEADS), "the CPU has no FlashAttention by starts");
        assert_eq!(Attention::best(placement(Kind::Float), HEADS), Attention::Grouped);
    }
}
