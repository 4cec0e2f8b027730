//! Numbers on their way to a device and back, and into a file.

use std::collections::HashMap;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};
use tch::{Kind, TchError, Tensor};

use crate::artifact::WEIGHTS;
use crate::{Device, ModelError, Problem};

/// Copies numbers to a device; a GPU reads them from pinned memory, and nobody waits for it.
pub(crate) fn upload<T: tch::kind::Element>(values: &[T], device: Device) -> Result<Tensor, ModelError> {
    let copy = || -> Result<Tensor, TchError> {
        let host = Tensor::f_from_slice(values)?;
        match device.0 {
            tch::Device::Cpu => Ok(host),
            gpu => host.f_pin_memory(gpu)?.f_to_device_(gpu, T::KIND, true, false),
        }
    };
    copy().map_err(ModelError::torch("copy a batch to the device"))
}

/// Copies a tensor's numbers to the host, row by row.
pub(crate) fn download(tensor: &Tensor) -> Result<Vec<f32>, ModelError> {
    let copy = || -> Result<Vec<f32>, TchError> {
        let host = tensor.f_to_device(tch::Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?;
        let mut values = vec![0_f32; host.numel()];
        let length = values.len();
        host.f_copy_data(&mut values, length)?;
        Ok(values)
    };
    copy().map_err(ModelError::torch("copy results from the device"))
}

/// Tensors by their names as a safetensors file in 32-bit floats; the same numbers give the same bytes.
pub(crate) fn to_safetensors<'a>(
    tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>,
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, ModelError> {
    let mut contents = Vec::new();
    for (name, tensor) in tensors {
        let shape: Vec<usize> = tensor.size().into_iter().map(|size| size as usize).collect();
        let bytes: Vec<u8> = download(tensor)?.into_iter().flat_map(f32::to_le_bytes).collect();
        contents.push((name, shape, bytes));
    }
    let malformed = |error: SafeTensorError| {
        ModelError::unusable(WEIGHTS, Problem::Malformed(format!("cannot be written: {error}")))
    };
    let views: Result<Vec<_>, _> = contents
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect();
    safetensors::serialize(views.map_err(malformed)?, metadata).map_err(malformed)
}
