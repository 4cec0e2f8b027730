//! AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), by libtorch's fused operator.

use tch::{Kind, TchError, Tensor};

use super::parameters::Parameter;
use crate::operator::{Argument, call};

const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// Running means of each parameter's gradients.
pub(super) struct AdamW {
    means: Vec<Tensor>,
    squares: Vec<Tensor>,
    /// Steps taken, one number for each parameter, as the operator wants it.
    steps: Vec<Tensor>,
    weight_decay: f64,
    /// Length that the gradient of all parameters together is cut to.
    max_norm: f64,
}

impl AdamW {
    pub fn new(parameters: &[Parameter], weight_decay: f64, max_norm: f64) -> Result<Self, TchError> {
        let zeros =
            || parameters.iter().map(|parameter| parameter.master.f_zeros_like()).collect::<Result<Vec<_>, _>>();
        let step = |parameter: &Parameter| Tensor::f_zeros([1], (Kind::Float, parameter.master.device()));
        let steps = parameters.iter().map(step).collect::<Result<_, _>>()?;
        Ok(Self { means: zeros()?, squares: zeros()?, steps, weight_decay, max_norm })
    }

    /// What later steps depend on, with the names that it has in a checkpoint.
    pub fn state(&self) -> impl Iterator<Item = (String, &Tensor)> {
        let named = |name: &'static str, tensors: &'_ [Tensor]| {
            (0..tensors.len()).map(move |index| format!("{name}.{index}")).collect::<Vec<_>>()
        };
        let names = [named("mean", &self.means), named("square", &self.squares), named("step", &self.steps)].concat();
        names.into_iter().zip(self.means.iter().chain(&self.squares).chain(&self.steps))
    }

    /// Takes a step against the gradients, one in 32-bit floats for each parameter.
    pub fn step(&mut self, parameters: &mut [Parameter], gradients: &[Tensor], rate: f64) -> Result<(), TchError> {
        let _guard = tch::no_grad_guard();
        let mut sum = 0.0;
        for gradient in gradients {
            sum += gradient.f_norm()?.f_double_value(&[])?.powi(2);
        }
        let norm = sum.sqrt();
        // As torch.nn.utils.clip_grad_norm_; the operator divides by what it is given.
        let cut = ((norm + 1e-6) / self.max_norm).max(1.0);
        for decays in [true, false] {
            let chosen: Vec<usize> = (0..parameters.len()).filter(|&at| parameters[at].decays == decays).collect();
            let decay = if decays { self.weight_decay } else { 0.0 };
            self.update(parameters, gradients, &chosen, rate, decay, cut)?;
        }
        parameters.iter_mut().try_for_each(Parameter::refresh)
    }

    fn update(
        &self,
        parameters: &[Parameter],
        gradients: &[Tensor],
        chosen: &[usize],
        rate: f64,
        decay: f64,
        cut: f64,
    ) -> Result<(), TchError> {
        for &at in chosen {
            let _ = self.steps[at].shallow_clone().f_add_scalar_(1.0)?;
        }
        fn some<'a>(tensors: &'a [Tensor], chosen: &[usize]) -> Vec<&'a Tensor> {
            chosen.iter().map(|&at| &tensors[at]).collect()
        }
        let masters: Vec<&Tensor> = chosen.iter().map(|&at| &parameters[at].master).collect();
        let Some(first) = masters.first() else { return Ok(()) };
        let cut = Tensor::f_from_slice(&[cut as f32])?.f_to_device(first.device())?;
        let arguments = [
            Argument::Tensors(&masters),
            Argument::Tensors(&some(gradients, chosen)),
            Argument::Tensors(&some(&self.means, chosen)),
            Argument::Tensors(&some(&self.squares, chosen)),
            Argument::EmptyList,
            Argument::Tensors(&some(&self.steps, chosen)),
            Argument::Float(rate),
            Argument::Float(BETAS[0]),
            Argument::Float(BETAS[1]),
            Argument::Float(decay),
            Argument::Float(EPSILON),
            // Neither AMSGrad nor uphill.
            Argument::Bool(false),
            Argument::Bool(false),
            Argument::OptionalTensor(Some(&cut)),
            Argument::OptionalTensor(None),
        ];
        call::<0>(c"aten::_fused_adamw_", c"", &arguments).map(|[]| ())
    }
}
