//! Where tensors live, and the CUDA half of libtorch.

use std::ffi::CStr;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::ModelError;
use crate::libtorch::check_version;

/// What a user asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// CUDA where it is there, the CPU otherwise.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first GPU; an error without one, never the CPU instead.
    Cuda,
}

/// Number format of weights and arithmetic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precision {
    /// The fastest that the architecture and the device do well; f32 for `ngram`.
    #[default]
    Auto,
    /// 32-bit floats.
    F32,
    /// 16-bit brain floats; no `ngram` model has them.
    Bf16,
}

/// A device that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device(pub(crate) tch::Device);

impl Device {
    /// The CPU, which is always there.
    pub const CPU: Self = Self(tch::Device::Cpu);
}

impl DeviceChoice {
    /// Finds the device.
    ///
    /// # Errors
    /// [`ModelError::NoCuda`] when CUDA was asked for and is not there, saying what was looked for;
    /// [`ModelError::LibtorchVersion`].
    pub fn open(self) -> Result<Device, ModelError> {
        check_version()?;
        match (self, self.finds_cuda()) {
            (Self::Cpu, _) | (Self::Auto, Err(_)) => Ok(Device::CPU),
            (Self::Auto | Self::Cuda, Ok(())) => Ok(Device(tch::Device::Cuda(0))),
            (Self::Cuda, Err(why)) => Err(ModelError::NoCuda { why }),
        }
    }

    fn finds_cuda(self) -> Result<(), String> {
        if self == Self::Cpu {
            return Err("the CPU was asked for".into());
        }
        // libtorch asks once for its CUDA half and remembers the answer for good, so the library must be
        // there before any other call that asks.
        static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
        LOADED.get_or_init(load_cuda_half).clone()?;
        if tch::Cuda::is_available() {
            Ok(())
        } else {
            Err("libtorch_cuda.so, which was found, sees no NVIDIA GPU (is the driver installed?)".into())
        }
    }
}

/// Loads `libtorch_cuda.so` from where the dynamic linker looks: beside libtorch, or LD_LIBRARY_PATH.
fn load_cuda_half() -> Result<(), String> {
    const LIBRARY: &CStr = c"libtorch_cuda.so";
    // SAFETY: the name is NUL-terminated; the library's initialisers are libtorch's own, made for being loaded
    // next to libtorch_cpu. The handle is never closed, since libtorch keeps pointers into the library.
    let handle = unsafe { libc::dlopen(LIBRARY.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if !handle.is_null() {
        return Ok(());
    }
    // SAFETY: dlerror answers NULL or a NUL-terminated string that lives until this thread's next call to it;
    // it is copied at once.
    let message = unsafe {
        let text = libc::dlerror();
        if text.is_null() { "no reason given".into() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    };
    Err(format!("libtorch_cuda.so could not be loaded ({message})"))
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_cuda() { "cuda" } else { "cpu" })
    }
}

/// A word that is none of a flag's values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {0}")]
pub struct UnknownWord(pub(crate) &'static str);

impl FromStr for DeviceChoice {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            _ => Err(UnknownWord("auto, cpu, cuda")),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        })
    }
}

impl FromStr for Precision {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            _ => Err(UnknownWord("auto, f32, bf16")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuda_is_never_replaced_by_the_cpu_and_auto_takes_what_is_there() {
        match DeviceChoice::Cuda.open() {
            Ok(device) => assert_eq!(DeviceChoice::Auto.open().unwrap(), device),
            Err(error) => {
                assert!(error.to_string().contains("libtorch_cuda.so"), "{error}");
                assert_eq!(DeviceChoice::Auto.open().unwrap(), Device::CPU);
            }
        }
        assert_eq!(DeviceChoice::Cpu.open().unwrap().to_string(), "cpu");
    }

    #[test]
    fn flags_read_as_they_are_written() {
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda));
        assert_eq!("bf16".parse(), Ok(Precision::Bf16));
        assert_eq!("gpu".parse::<DeviceChoice>().unwrap_err().to_string(), "expected one of auto, cpu, cuda");
    }
}
