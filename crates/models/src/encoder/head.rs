//! What stands behind the encoder: from hidden states to logits, in 32-bit floats.

use tch::{Kind, TchError, Tensor};

use super::input::Input;
use super::layers::Dropout;
use crate::Device;

/// A plain layer in 32-bit floats.
pub(super) struct FullLinear {
    pub weight: Tensor,
    pub bias: Tensor,
}

impl FullLinear {
    fn forward(&self, rows: &Tensor) -> Result<Tensor, TchError> {
        rows.f_linear(&self.weight, Some(&self.bias))
    }
}

/// The head.
pub(super) enum Head {
    /// From the first token of each window.
    Sequence { dense: FullLinear, between: Between, classifier: FullLinear },
    /// From every token.
    Tokens { classifier: FullLinear },
}

/// The function between the two layers of a sequence's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    Tanh,
    Relu,
}

impl Head {
    /// Logits of hidden states `[tokens, hidden]`.
    pub fn forward(&self, hidden: &Tensor, input: &Input, dropout: Dropout) -> Result<Tensor, TchError> {
        match self {
            Self::Sequence { dense, between, classifier } => {
                let first = input.starts.f_narrow(0, 0, input.num_windows() as i64)?;
                let dense = dense.forward(&in_full(&hidden.f_index_select(0, &first)?)?)?;
                let dense = match between {
                    Between::Tanh => dense.f_tanh()?,
                    Between::Relu => dense.f_relu()?,
                };
                classifier.forward(&dropout.forward(dense)?)
            }
            Self::Tokens { classifier } => {
                let tokens = hidden.f_narrow(0, 0, input.num_tokens() as i64)?;
                classifier.forward(&dropout.forward(in_full(&tokens)?)?)
            }
        }
    }
}

/// Puts a tensor where heads work.
pub(super) fn place(tensor: &Tensor, device: Device) -> Result<Tensor, TchError> {
    in_full(tensor)?.f_to_device(device.0)
}

/// In 32-bit floats, in which heads work.
fn in_full(tensor: &Tensor) -> Result<Tensor, TchError> {
    tensor.f_to_kind(Kind::Float)
}
