//! Data on stdout: a text for people, or one JSON value for programs.

use serde::Serialize;

use crate::error::CommandError;

/// How a command tells what it found.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Format {
    /// Tell it as one JSON value
    #[arg(long)]
    pub json: bool,
}

/// Prints `value` as the format wants it.
#[expect(clippy::print_stdout, reason = "this is the command's data")]
pub fn put(value: &impl Serialize, format: Format, in_words: impl FnOnce() -> String) -> Result<(), CommandError> {
    if format.json {
        let json = serde_json::to_string_pretty(value).map_err(|error| CommandError::System(error.into()))?;
        println!("{json}");
    } else {
        println!("{}", in_words());
    }
    Ok(())
}
