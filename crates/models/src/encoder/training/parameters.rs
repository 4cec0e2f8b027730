//! A network's tensors while they are trained: 32-bit masters, and what the network works with.

use tch::{Kind, TchError, Tensor};

use super::super::head::FullLinear;
use super::super::layers::{LayerNorm, Linear, Placement};
use super::super::load::Source;
use super::super::weights::Weights;
use crate::ModelError;
use crate::tensors::to_safetensors;

/// Standard deviation of the first weights of a new head, as transformers has it (`initializer_range`).
const FRESH_DEVIATION: f64 = 0.02;

/// A tensor that is trained.
pub(super) struct Parameter {
    /// What the folder calls it; of several names, their rows lie one below the other.
    pub names: Vec<String>,
    /// In 32-bit floats; what steps are taken on.
    pub master: Tensor,
    /// What the network works with and gradients are taken of: the master's own memory, or a copy in brain floats.
    pub worker: Tensor,
    /// Whether it is drawn towards zero: weights are, biases and norms are not.
    pub decays: bool,
}

impl Parameter {
    /// Whether logits are its product: part of the last layer.
    pub fn is_last(&self) -> bool {
        ["classifier.weight", "classifier.bias", "classifier.out_proj.weight", "classifier.out_proj.bias"]
            .contains(&self.names[0].as_str())
    }

    /// Brings the worker up to date.
    pub fn refresh(&mut self) -> Result<(), TchError> {
        if self.worker.f_kind()? != Kind::Float {
            tch::no_grad(|| self.worker.f_copy_(&self.master))?;
        }
        Ok(())
    }
}

/// The tensors of a folder, as parameters; those of a head that the folder does not have, or has for other classes, begin afresh.
pub(super) struct Parameters<'a> {
    pub weights: Weights<'a>,
    pub placement: Placement,
    pub all: Vec<Parameter>,
}

impl Parameters<'_> {
    /// Registers a parameter and answers what the network works with.
    fn register(
        &mut self,
        names: Vec<String>,
        tensor: &Tensor,
        kind: Kind,
        decays: bool,
    ) -> Result<Tensor, ModelError> {
        let make = || -> Result<Parameter, TchError> {
            let master = tensor.f_to_device(self.placement.device.0)?.f_contiguous()?;
            // Of one kind, it is the same memory under two names.
            let worker = master.f_to_kind(kind)?.f_detach()?.f_set_requires_grad(true)?;
            Ok(Parameter { names, master, worker, decays })
        };
        let parameter = make().map_err(ModelError::torch("place the weights on the device"))?;
        let worker = parameter.worker.shallow_clone();
        self.all.push(parameter);
        Ok(worker)
    }

    fn pair(
        &mut self,
        names: &[String],
        pair: [&Tensor; 2],
        kind: Kind,
        decays: bool,
    ) -> Result<[Tensor; 2], ModelError> {
        let named = |end: &str| names.iter().map(|name| format!("{name}.{end}")).collect();
        let weight = self.register(named("weight"), pair[0], kind, decays)?;
        Ok([weight, self.register(named("bias"), pair[1], kind, false)?])
    }
}

impl Source for Parameters<'_> {
    fn take(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, ModelError> {
        if !["classifier.", "pre_classifier.", ".pooler."].iter().any(|part| name.contains(part)) {
            return self.weights.take(name, shape);
        }
        if let Some(tensor) = self.weights.take_if_it_fits(name, shape)? {
            return Ok(tensor);
        }
        let numbers = (Kind::Float, tch::Device::Cpu);
        let fresh = match name.ends_with(".bias") {
            true => Tensor::f_zeros(shape, numbers),
            false => Tensor::f_randn(shape, numbers).and_then(|tensor| tensor.f_mul_scalar(FRESH_DEVIATION)),
        };
        fresh.map_err(ModelError::torch("make the first weights of a head"))
    }

    fn table(&mut self, name: &str, table: Tensor) -> Result<Tensor, ModelError> {
        self.register(vec![name.to_owned()], &table, Kind::Float, true)
    }

    fn linear(&mut self, names: &[String], weight: Tensor, bias: Tensor) -> Result<Linear, ModelError> {
        let [weight, bias] = self.pair(names, [&weight, &bias], self.placement.kind, true)?;
        Ok(Linear::of(weight, bias))
    }

    fn norm(&mut self, name: &str, weight: Tensor, bias: Tensor, epsilon: f64) -> Result<LayerNorm, ModelError> {
        let [weight, bias] = self.pair(&[name.to_owned()], [&weight, &bias], Kind::Float, false)?;
        Ok(LayerNorm::of(weight, bias, epsilon))
    }

    fn full(&mut self, name: &str, weight: Tensor, bias: Tensor) -> Result<FullLinear, ModelError> {
        let [weight, bias] = self.pair(&[name.to_owned()], [&weight, &bias], Kind::Float, true)?;
        Ok(FullLinear { weight, bias })
    }

    fn folds(&self) -> bool {
        false
    }
}

/// Tensors by the names that a folder has for them, as a safetensors file in 32-bit floats; `of` makes what is saved of a parameter.
pub(super) fn save(
    parameters: &[Parameter],
    of: impl Fn(&Parameter) -> Result<Tensor, TchError>,
) -> Result<Vec<u8>, ModelError> {
    let mut tensors = Vec::new();
    for parameter in parameters {
        let parts = of(parameter).and_then(|tensor| tensor.f_chunk(parameter.names.len() as i64, 0));
        let parts = parts.map_err(ModelError::torch("save the weights"))?;
        tensors.extend(parameter.names.iter().map(String::as_str).zip(parts));
    }
    to_safetensors(tensors.iter().map(|(name, tensor)| (*name, tensor)), None)
}
