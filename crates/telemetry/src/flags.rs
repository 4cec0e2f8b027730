//! Flags of a command line that are written in TOML files.
//!
//! What is typed counts most, then the environment, then the files, the last one first, then the defaults.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml::{Table, Value};

use crate::{Layer, SettingsError, parse_toml};

/// A flag that a file sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFlag {
    /// clap's id of it.
    pub id: String,
    /// As on a command line, such as `--seed=3`.
    pub argument: String,
    /// The file.
    pub file: String,
}

/// Reads files of flags: one key for each flag of `known`, with underscores for hyphens, such as `learning_rate = 0.05`. Answers the flags
/// by their key; a later file overrides the earlier ones.
///
/// # Errors
/// [`SettingsError`] naming the file, the key, and the nearest flag for one that is unknown.
pub fn file_flags(known: &Command, layers: &[Layer]) -> Result<BTreeMap<String, FileFlag>, SettingsError> {
    let mut found = BTreeMap::new();
    for Layer { file, text } in layers {
        let refuse = |message: String| SettingsError { file: file.clone(), message };
        let table: Table = parse_toml(file, text)?;
        for (key, value) in table {
            let Some(flag) = known.get_arguments().find(|flag| key_of(flag) == key) else {
                let names: Vec<String> = known.get_arguments().map(key_of).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                return Err(SettingsError::unknown_key(file, &key, &names));
            };
            let (id, name) = (flag.get_id().to_string(), key.replace('_', "-"));
            let argument = match (&value, flag.get_action()) {
                (Value::Boolean(true), ArgAction::SetTrue) => format!("--{name}"),
                (Value::Boolean(false), ArgAction::SetTrue) => {
                    found.remove(&key);
                    continue;
                }
                (value, _) => format!("--{name}={}", written(value).ok_or_else(|| refuse(no_value(&key)))?),
            };
            found.insert(key, FileFlag { id, argument, file: file.clone() });
        }
    }
    Ok(found)
}

/// The arguments to parse in place of those that gave `matches`: behind them, the flags of the files that neither they nor the environment
/// gave.
pub fn completed(
    arguments: impl IntoIterator<Item = OsString>,
    matches: &ArgMatches,
    flags: &BTreeMap<String, FileFlag>,
) -> Vec<OsString> {
    let is_given =
        |id: &str| matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    let of_files = flags.values().filter(|flag| !is_given(&flag.id)).map(|flag| OsString::from(&flag.argument));
    arguments.into_iter().chain(of_files).collect()
}

/// The key of a flag in a file; empty for what is no flag.
pub fn key_of(flag: &Arg) -> String {
    flag.get_long().unwrap_or_default().replace('-', "_")
}

fn no_value(key: &str) -> String {
    format!("`{key}` is no value of a flag; write text, a number, true or false, or a list of them")
}

/// A value as it is typed; the parts of a list with commas.
fn written(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(is_so) => is_so.to_string(),
        Value::Array(parts) => parts.iter().map(written).collect::<Option<Vec<_>>>()?.join(","),
        Value::Datetime(_) | Value::Table(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        data: String,
        #[command(flatten)]
        flags: Flags,
    }

    #[derive(Debug, PartialEq, Args)]
    struct Flags {
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[arg(long, default_value_t = 0.1)]
        learning_rate: f64,
        #[arg(long, value_delimiter = ',')]
        label_columns: Vec<String>,
        #[arg(long)]
        fast: bool,
    }

    fn layer(file: &str, text: &str) -> Layer {
        Layer { file: file.to_owned(), text: text.to_owned() }
    }

    fn flags(layers: &[Layer]) -> Result<BTreeMap<String, FileFlag>, SettingsError> {
        file_flags(&Flags::augment_args(Command::new("flags")), layers)
    }

    fn parse(typed: &[&str], layers: &[Layer]) -> Flags {
        let typed: Vec<OsString> = ["program", "data"].iter().chain(typed).map(OsString::from).collect();
        let command = <Cli as clap::CommandFactory>::command();
        let matches = command.clone().get_matches_from(&typed);
        let all = completed(typed, &matches, &flags(layers).unwrap());
        Cli::from_arg_matches(&command.get_matches_from(all)).unwrap().flags
    }

    #[test]
    fn what_is_typed_counts_more_than_a_file_and_a_later_file_more_than_an_earlier() {
        let base = layer("model.toml", "seed = 3\nlearning_rate = 0.5\nlabel_columns = [\"a\", \"b\"]\nfast = true\n");
        let prod = layer("prod.toml", "learning_rate = 0.25\n");
        let expected = Flags { seed: 7, learning_rate: 0.25, label_columns: vec!["a".into(), "b".into()], fast: true };
        assert_eq!(parse(&["--seed=7"], &[base.clone(), prod]), expected);
        assert!(!parse(&[], &[base, layer("prod.toml", "fast = false\n")]).fast);
        assert_eq!(parse(&[], &[]).seed, 1);
    }

    #[test]
    fn what_is_no_flag_is_refused_by_its_file() {
        let error = |text| flags(&[layer("model.toml", text)]).unwrap_err().to_string();
        assert_eq!(error("learning_rat = 1"), "model.toml: unknown key `learning_rat`; did you mean `learning_rate`?");
        assert!(error("[seed]\na = 1").contains("`seed` is no value of a flag"));
    }
}
