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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libtorch_of_the_tests_is_the_right_one() {
        check_version().unwrap();
    }
}
