//! The network's tensors as safetensors.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use tch::Tensor;

use super::network::{Network, Sizes};
use crate::artifact::{Artifact, WEIGHTS};
use crate::tensors::to_safetensors;
use crate::{Device, ModelError, Problem};

const EMBEDDING: &str = "embedding.weight";
const WEIGHT: &str = "linear.weight";
const BIAS: &str = "linear.bias";

impl Sizes {
    fn shapes(self) -> [(&'static str, Vec<usize>); 3] {
        [
            (EMBEDDING, vec![self.buckets, self.dimensions]),
            (WEIGHT, vec![self.classes, self.dimensions]),
            (BIAS, vec![self.classes]),
        ]
    }
}

/// Reads exactly the network's tensors, of exactly the shapes that `sizes` asks for.
pub(super) fn read(artifact: &Artifact, sizes: Sizes, device: Device) -> Result<Network, ModelError> {
    let unusable = |problem| artifact.unusable(WEIGHTS, problem);
    let file = SafeTensors::deserialize(artifact.file(WEIGHTS)?)
        .map_err(|error| unusable(Problem::Malformed(format!("no safetensors: {error}"))))?;
    let known = sizes.shapes();
    if let Some(name) = file.names().into_iter().find(|name| known.iter().all(|(known, _)| known != name)) {
        return Err(unusable(Problem::ExtraTensor { name: name.to_owned() }));
    }
    let read = |(name, shape): &(&str, Vec<usize>)| -> Result<Tensor, ModelError> {
        let view = file.tensor(name).map_err(|_| unusable(Problem::MissingTensor { name: (*name).to_owned() }))?;
        check(name, shape, &view).map_err(unusable)?;
        upload(shape, view.data(), device)
    };
    let [embedding, weight, bias] = &known;
    Ok(Network { embedding: read(embedding)?, weight: read(weight)?, bias: read(bias)? })
}

/// The tensors as a safetensors file.
pub(super) fn write(network: &Network) -> Result<Vec<u8>, ModelError> {
    to_safetensors([(EMBEDDING, &network.embedding), (WEIGHT, &network.weight), (BIAS, &network.bias)], None)
}

fn check(name: &str, shape: &[usize], view: &TensorView<'_>) -> Result<(), Problem> {
    if view.dtype() != Dtype::F32 || view.shape() != shape {
        return Err(Problem::TensorShape {
            name: name.to_owned(),
            expected: format!("F32 {shape:?}"),
            found: format!("{:?} {:?}", view.dtype(), view.shape()),
        });
    }
    let finite = view
        .data()
        .chunks_exact(4)
        .all(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).is_finite());
    if finite { Ok(()) } else { Err(Problem::NotFinite { name: name.to_owned() }) }
}

fn upload(shape: &[usize], bytes: &[u8], device: Device) -> Result<Tensor, ModelError> {
    // Sizes were checked against the configuration, whose limits are far below 2⁶³.
    let shape: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
    Tensor::f_from_data_size(bytes, &shape, tch::Kind::Float)
        .and_then(|tensor| tensor.f_to_device(device.0))
        .map_err(ModelError::torch("copy the weights to the device"))
}
