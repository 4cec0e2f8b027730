//! The network's tensors as they are stored, and as safetensors.

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use tch::{Kind, Tensor};

use super::format::{Table, WeightFormat};
use super::network::{Network, Sizes};
use crate::artifact::{Artifact, WEIGHTS};
use crate::tensors::{dtype, to_safetensors_as_they_are};
use crate::{Device, ModelError, Problem};

const EMBEDDING: &str = "embedding.weight";
const SCALE: &str = "embedding.scale";
const WEIGHT: &str = "linear.weight";
const BIAS: &str = "linear.bias";

/// A network whose table is rounded to the format that it is stored in.
#[derive(Debug)]
pub(super) struct Weights {
    table: Table,
    /// `[classes, dimensions]`.
    weight: Tensor,
    /// `[classes]`.
    bias: Tensor,
}

impl Weights {
    /// Rounds a network's table.
    pub fn of(network: Network, format: WeightFormat) -> Result<Self, ModelError> {
        let Network { embedding, weight, bias } = network;
        let table = Table::of(embedding, format).map_err(ModelError::torch("round the weights"))?;
        Ok(Self { table, weight, bias })
    }

    /// The network in 32-bit floats, with the numbers that are stored.
    pub fn network(&self) -> Result<Network, ModelError> {
        let embedding = self.table.floats().map_err(ModelError::torch("unpack the weights"))?;
        Ok(Network { embedding, weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone() })
    }

    /// Divides all logits by a temperature, for good.
    pub fn cool(&mut self, temperature: f64) -> Result<(), ModelError> {
        for tensor in [&mut self.weight, &mut self.bias] {
            let cooled = tensor.f_div_scalar(temperature);
            *tensor = cooled.map_err(ModelError::torch("divide the logits by their temperature"))?;
        }
        Ok(())
    }

    /// Reads exactly the tensors of such a network in such a format, of exactly the shapes that `sizes` asks for.
    pub fn read(artifact: &Artifact, sizes: Sizes, format: WeightFormat, device: Device) -> Result<Self, ModelError> {
        let unusable = |problem| artifact.unusable(WEIGHTS, problem);
        let file = SafeTensors::deserialize(artifact.file(WEIGHTS)?)
            .map_err(|error| unusable(Problem::Malformed(format!("no safetensors: {error}"))))?;
        let names = if format == WeightFormat::Int8 {
            &[EMBEDDING, WEIGHT, BIAS, SCALE][..]
        } else {
            &[EMBEDDING, WEIGHT, BIAS]
        };
        if let Some(name) = file.names().into_iter().find(|name| !names.contains(name)) {
            return Err(unusable(Problem::ExtraTensor { name: name.to_owned() }));
        }
        let read = |name: &str, kind: Kind, shape: &[usize]| -> Result<Tensor, ModelError> {
            let view = file.tensor(name).map_err(|_| unusable(Problem::MissingTensor { name: name.to_owned() }))?;
            check(name, kind, shape, &view).map_err(unusable)?;
            upload(kind, shape, view.data(), device)
        };
        let Sizes { buckets, dimensions, classes } = sizes;
        let embedding = |kind| read(EMBEDDING, kind, &[buckets, dimensions]);
        Ok(Self {
            table: match format {
                WeightFormat::F32 => Table::F32(embedding(Kind::Float)?),
                WeightFormat::Bf16 => Table::Bf16(embedding(Kind::BFloat16)?),
                WeightFormat::Int8 => {
                    Table::Int8 { numbers: embedding(Kind::Int8)?, scale: read(SCALE, Kind::Float, &[dimensions])? }
                }
            },
            weight: read(WEIGHT, Kind::Float, &[classes, dimensions])?,
            bias: read(BIAS, Kind::Float, &[classes])?,
        })
    }

    /// The tensors as a safetensors file.
    pub fn write(&self) -> Result<Vec<u8>, ModelError> {
        let mut tensors = vec![(WEIGHT, &self.weight), (BIAS, &self.bias)];
        match &self.table {
            Table::F32(table) | Table::Bf16(table) => tensors.push((EMBEDDING, table)),
            Table::Int8 { numbers, scale } => tensors.extend([(EMBEDDING, numbers), (SCALE, scale)]),
        }
        to_safetensors_as_they_are(tensors, None)
    }
}

fn check(name: &str, kind: Kind, shape: &[usize], view: &TensorView<'_>) -> Result<(), Problem> {
    let expected = dtype(kind);
    if Some(view.dtype()) != expected || view.shape() != shape {
        return Err(Problem::TensorShape {
            name: name.to_owned(),
            expected: format!(
                "{} {shape:?}",
                expected.map_or_else(|| format!("{kind:?}"), |dtype| format!("{dtype:?}"))
            ),
            found: format!("{:?} {:?}", view.dtype(), view.shape()),
        });
    }
    // A brain float is the leading half of a 32-bit one; every whole number is finite.
    let finite = match kind {
        Kind::Float => view.data().chunks_exact(4).all(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).is_finite()),
        Kind::BFloat16 => view.data().chunks_exact(2).all(|b| f32::from_le_bytes([0, 0, b[0], b[1]]).is_finite()),
        _ => true,
    };
    if finite { Ok(()) } else { Err(Problem::NotFinite { name: name.to_owned() }) }
}

fn upload(kind: Kind, shape: &[usize], bytes: &[u8], device: Device) -> Result<Tensor, ModelError> {
    // Sizes were checked against the configuration, whose limits are far below 2⁶³.
    let shape: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
    Tensor::f_from_data_size(bytes, &shape, kind)
        .and_then(|tensor| tensor.f_to_device(device.0))
        .map_err(ModelError::torch("copy the weights to the device"))
}
