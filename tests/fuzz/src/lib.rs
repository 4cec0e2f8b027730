//! What the fuzz targets share: the cleaning of one file in memory with all that must hold of it, small models, and a limit to memory.
//!
//! A target is a file of `targets/`. It gets bytes, drives the code that would meet them, and panics where something does not hold that
//! must, whatever the bytes are. `scripts/fuzz.sh` builds and runs the targets.

mod cleaned;
pub mod cleaning;
pub mod execution;
pub mod models;
mod runtime;

pub use cleaned::Cleaned;
pub use runtime::block_on;

/// FNV-1a of some bytes: lets a target do a costly check for some inputs only, the same ones each time.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
