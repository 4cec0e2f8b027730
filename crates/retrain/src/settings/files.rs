//! Flags of the training that are written in files.

use std::ffi::OsString;

use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches};
use tamiz_ports::{ObjectUri, Stores, read_layers};
use tamiz_telemetry::{completed, file_flags};

use super::Training;
use crate::RetrainError;

/// Parses a command line once more, with the flags that the files of `--model-config` hold, if it names any. `matches` is what it, or its
/// subcommand that trains, was parsed to the first time.
///
/// # Errors
/// [`RetrainError::Usage`] naming file and key; [`RetrainError::Store`] for a file that cannot be read.
pub async fn parse_with_files<C: CommandFactory + FromArgMatches>(
    arguments: Vec<OsString>,
    matches: &ArgMatches,
    stores: &dyn Stores,
) -> Result<C, RetrainError> {
    let uris: Vec<ObjectUri> = matches.get_many("model_config").into_iter().flatten().cloned().collect();
    let layers = read_layers(stores, &uris).await?;
    let known = Training::augment_args(Command::new("model"));
    let flags = file_flags(&known, &layers).map_err(|error| RetrainError::Usage(error.to_string()))?;
    let all = completed(arguments, matches, &flags);
    let parsed = C::command().try_get_matches_from(all).and_then(|matches| C::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let files: Vec<&str> = layers.iter().map(|layer| layer.file.as_str()).collect();
        RetrainError::Usage(format!("{}: {error}", files.join(" and ")))
    })
}
