//! What an encoder's layers are made of.

use tch::{Kind, TchError, Tensor};

use super::config::Activation;
use crate::operator::{Argument, call};
use crate::{Device, ModelError};

/// Where and in which numbers a network works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placement {
    pub device: Device,
    pub kind: Kind,
    /// Rows that most products have, where they are made on the CPU.
    pub rows: i64,
}

impl Placement {
    /// Moves a tensor there.
    pub fn place(self, tensor: &Tensor) -> Result<Tensor, TchError> {
        tensor.f_to_kind(self.kind)?.f_to_device(self.device.0)
    }
}

/// `x · weightᵀ + bias`, over rows.
pub(super) struct Linear {
    weight: Weight,
    bias: Tensor,
}

enum Weight {
    Plain(Tensor),
    /// In the order that oneDNN's kernels read it, on the CPU: reordered once, not at each call.
    Prepacked(Tensor),
}

impl Linear {
    /// Of tensors as they are, which may be trained: `weight`, `[out, in]`, and `bias`, `[out]`.
    pub fn of(weight: Tensor, bias: Tensor) -> Self {
        Self { weight: Weight::Plain(weight), bias }
    }

    /// Of `weight`, `[out, in]`, and `bias`, `[out]`.
    pub fn new(weight: &Tensor, bias: &Tensor, placement: Placement) -> Result<Self, ModelError> {
        let place = || -> Result<Self, TchError> {
            let (weight, bias) = (placement.place(weight)?, placement.place(bias)?);
            let weight = match placement.device == Device::CPU {
                true => Weight::Prepacked(prepack(&weight, placement.rows)?),
                false => Weight::Plain(weight),
            };
            Ok(Self { weight, bias })
        };
        place().map_err(ModelError::torch("place the weights on the device"))
    }

    /// Of `[rows, in]`, `[rows, out]`.
    pub fn forward(&self, rows: &Tensor) -> Result<Tensor, TchError> {
        match &self.weight {
            Weight::Plain(weight) => rows.f_to_kind(weight.f_kind()?)?.f_linear(weight, Some(&self.bias)),
            Weight::Prepacked(weight) => self.pointwise(rows, weight, "none", ""),
        }
    }

    /// The same, and the activation of it.
    pub fn forward_activated(&self, rows: &Tensor, activation: Activation) -> Result<Tensor, TchError> {
        match (&self.weight, activation) {
            (Weight::Prepacked(weight), Activation::Gelu) => self.pointwise(rows, weight, "gelu", "none"),
            (Weight::Prepacked(weight), Activation::Relu) => self.pointwise(rows, weight, "relu", ""),
            _ => activation.apply(&self.forward(rows)?),
        }
    }

    /// oneDNN's product with an activation in the same pass.
    fn pointwise(&self, rows: &Tensor, weight: &Tensor, name: &str, algorithm: &str) -> Result<Tensor, TchError> {
        let arguments = [
            Argument::Tensor(rows),
            Argument::Tensor(weight),
            Argument::OptionalTensor(Some(&self.bias)),
            Argument::Text(name),
            Argument::EmptyList,
            Argument::OptionalText(Some(algorithm)),
        ];
        let [rows] = call(c"mkldnn::_linear_pointwise", c"", &arguments)?;
        Ok(rows)
    }
}

fn prepack(weight: &Tensor, rows: i64) -> Result<Tensor, TchError> {
    let arguments = [Argument::Tensor(weight), Argument::OptionalInt(Some(rows))];
    let [reordered] = call(c"mkldnn::_reorder_linear_weight", c"", &arguments)?;
    Ok(reordered)
}

impl Activation {
    /// The function of each value.
    pub fn apply(self, values: &Tensor) -> Result<Tensor, TchError> {
        match self {
            Self::Gelu => values.f_gelu("none"),
            Self::GeluTanh => values.f_gelu("tanh"),
            Self::Relu => values.f_relu(),
        }
    }
}

/// Rows brought to mean 0 and variance 1, then scaled and shifted.
pub(super) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl LayerNorm {
    /// Of tensors as they are, which may be trained: `weight` and `bias`, `[hidden]`.
    pub fn of(weight: Tensor, bias: Tensor, epsilon: f64) -> Self {
        Self { weight, bias, epsilon }
    }

    /// Of `weight` and `bias`, `[hidden]`.
    pub fn new(weight: &Tensor, bias: &Tensor, epsilon: f64, placement: Placement) -> Result<Self, ModelError> {
        let place = || Ok(Self { weight: placement.place(weight)?, bias: placement.place(bias)?, epsilon });
        place().map_err(ModelError::torch("place the weights on the device"))
    }

    /// Of `[rows, hidden]`, the same shape.
    pub fn forward(&self, rows: &Tensor) -> Result<Tensor, TchError> {
        let rows = rows.f_to_kind(self.weight.f_kind()?)?;
        rows.f_layer_norm(self.weight.size(), Some(&self.weight), Some(&self.bias), self.epsilon, false)
    }
}

/// Numbers that are zeroed by chance while a network is trained, the rest scaled up (Srivastava et al. 2014); with probability 0,
/// which is inference, nothing happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dropout(pub f64);

impl Dropout {
    /// Nothing is zeroed.
    pub const NONE: Self = Self(0.0);

    /// Of any shape, the same shape.
    pub fn forward(self, values: Tensor) -> Result<Tensor, TchError> {
        if self == Self::NONE { Ok(values) } else { values.f_dropout(self.0, true) }
    }
}
