//! Numbers on their way to a device and back.

use tch::{Kind, TchError, Tensor};

use crate::{Device, ModelError};

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
