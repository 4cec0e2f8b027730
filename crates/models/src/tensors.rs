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
    let in_floats = |(name, tensor): (&'a str, &Tensor)| Ok((name, tensor.f_to_kind(Kind::Float)?));
    let tensors: Result<Vec<_>, TchError> = tensors.into_iter().map(in_floats).collect();
    let tensors = tensors.map_err(ModelError::torch("convert the weights"))?;
    to_safetensors_as_they_are(tensors.iter().map(|(name, tensor)| (*name, tensor)), metadata)
}

/// The same, each tensor in the format that it has.
pub(crate) fn to_safetensors_as_they_are<'a>(
    tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>,
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, ModelError> {
    let unusable = |why: String| ModelError::unusable(WEIGHTS, Problem::Malformed(format!("cannot be written: {why}")));
    let mut contents = Vec::new();
    for (name, tensor) in tensors {
        let shape: Vec<usize> = tensor.size().into_iter().map(|size| size as usize).collect();
        let dtype = dtype(tensor.kind()).ok_or_else(|| unusable(format!("`{name}` is {:?}", tensor.kind())))?;
        contents.push((name, dtype, shape, bytes(tensor)?));
    }
    let views: Result<Vec<_>, _> = contents
        .iter()
        .map(|(name, dtype, shape, bytes)| Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?)))
        .collect();
    let malformed = |error: SafeTensorError| unusable(error.to_string());
    safetensors::serialize(views.map_err(malformed)?, metadata).map_err(malformed)
}

/// What safetensors calls a format that weights of ours are stored in.
pub(crate) fn dtype(kind: Kind) -> Option<Dtype> {
    match kind {
        Kind::Float => Some(Dtype::F32),
        Kind::BFloat16 => Some(Dtype::BF16),
        Kind::Int8 => Some(Dtype::I8),
        _ => None,
    }
}

/// A tensor's numbers as they lie in memory: little-endian, as libtorch runs nowhere else, row by row.
fn bytes(tensor: &Tensor) -> Result<Vec<u8>, ModelError> {
    let copy = || -> Result<Vec<u8>, TchError> {
        let host = tensor.f_to_device(tch::Device::Cpu)?.f_contiguous()?;
        let mut bytes = vec![0; host.numel() * host.f_kind()?.elt_size_in_bytes()];
        host.f_copy_data_u8(&mut bytes, host.numel())?;
        Ok(bytes)
    };
    copy().map_err(ModelError::torch("copy the weights from the device"))
}
