//! Support for the tests across the crates: the binaries, sample reviews, Parquet parts, and a local AWS with the stack.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "test support panics where a test would"
)]

mod desk;
mod parts;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub use desk::{Desk, Mail};
pub use parts::{column_of_labels, column_of_strings, read_parts};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Folder of the release binaries, which `scripts/test.sh` builds before the tests.
pub fn binaries() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release")
}

/// A command that runs one of the binaries, without any of the caller's own settings.
pub fn binary(name: &str) -> Command {
    let path = binaries().join(name);
    assert!(path.exists(), "{} is missing: cargo build --release --workspace --bins", path.display());
    let mut command = Command::new(path);
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("TAMIZ_") || key.starts_with("AWS_")) {
        command.env_remove(key);
    }
    command
}

/// Runs a command to its end and answers what it printed; it must succeed.
pub fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?} ended with {}:\n{}", output.status, printed(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Both streams of a finished command, for messages and for looking into.
pub fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A sample file that ships with the repository.
pub fn sample(name: &str) -> PathBuf {
    root().join("tests/data").join(name)
}

/// Trains a small model named `reviews` from the sample reviews into `models`; a few epochs less than the product's
/// default would change nothing that the tests look at, so the default stays.
pub fn train(models: &Path) {
    succeed(
        binary("tamiz")
            .arg("train")
            .arg(sample("train/reviews.csv.gz"))
            .args(["--name", "reviews", "--models"])
            .arg(models),
    );
}
