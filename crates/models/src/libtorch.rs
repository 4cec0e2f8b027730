//! Which libtorch is loaded.

use crate::ModelError;

/// The version that `tch` is made for, and whose operators are called by name.
const MAJOR_MINOR: (u8, u8) = (2, 11);

unsafe extern "C" {
    /// `TORCH_ABI_VERSION` of the library: major, minor and patch version in its first bytes.
    safe fn aoti_torch_abi_version() -> u64;
}

/// Refuses another libtorch than the one that this program was made for: it would fail in the middle of something.
///
/// # Errors
/// [`ModelError::LibtorchVersion`].
pub(crate) fn check_version() -> Result<(), ModelError> {
    let [major, minor, patch, ..] = aoti_torch_abi_version().to_be_bytes();
    if (major, minor) == MAJOR_MINOR {
        return Ok(());
    }
    let expected = format!("{}.{}", MAJOR_MINOR.0, MAJOR_MINOR.1);
    Err(ModelError::LibtorchVersion { found: format!("{major}.{minor}.{patch}"), expected })
}

/// Largest result of an operator that is made of memory that was used before, in bytes; the most that the C library takes.
const KEPT_RESULT: libc::c_int = 32 << 20;
/// Free memory at the end of the heap from which on it is given back, in bytes.
const KEPT_FREE: libc::c_int = 256 << 20;

/// Has the C library keep the memory of tensors on the CPU for the next ones: each operator makes a new one, and to have it from the
/// system page by page costs a twentieth of an encoder's time. For the whole process.
pub(crate) fn keep_memory() {
    // SAFETY: mallopt takes any number for these two; what it refuses, it leaves as it was.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_RESULT);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_FREE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libtorch_of_the_tests_is_the_right_one() {
        check_version().unwrap();
    }
}
