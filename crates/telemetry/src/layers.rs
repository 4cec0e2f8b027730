//! Settings from several TOML files: a base, and what differs from it in an environment.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::{SettingsError, parse_toml};

/// A file of settings. Where several say something about the same key, the last one counts: tables are joined key by key, every other
/// value is replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// File name or URI, as messages name it.
    pub file: String,
    /// Its content.
    pub text: String,
}

/// Settings, and where each was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Layered<T> {
    /// What holds.
    pub settings: T,
    /// The file that decided each key that any file names, by its path, such as `etl.rows_per_shard`.
    pub origins: BTreeMap<String, String>,
}

impl<T> Layered<T> {
    /// The names of the files that decided anything, in the order of their names.
    pub fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.origins.values().map(String::as_str).collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

/// Reads files of the same settings, of which a later one overrides the earlier ones. Each has to make sense by itself.
///
/// # Errors
/// [`SettingsError`] naming file, line, key and the nearest valid key.
pub fn parse_layers<T: DeserializeOwned>(layers: &[Layer]) -> Result<Layered<T>, SettingsError> {
    let (mut joined, mut origins) = (Table::new(), BTreeMap::new());
    for Layer { file, text } in layers {
        // For its own errors, which name its own lines.
        parse_toml::<T>(file, text)?;
        let table: Table = parse_toml(file, text)?;
        for (key, _) in leaves(&table) {
            origins.insert(key, file.clone());
        }
        join(&mut joined, table);
    }
    let files: Vec<&str> = layers.iter().map(|layer| layer.file.as_str()).collect();
    let settings = T::deserialize(joined)
        .map_err(|error| SettingsError { file: files.join(" and "), message: error.message().to_owned() })?;
    Ok(Layered { settings, origins })
}

/// Every key of settings with its value as TOML, in the order of the keys' paths; none where they are no table.
pub fn flattened<T: Serialize>(settings: &T) -> BTreeMap<String, String> {
    let table = Table::try_from(settings).unwrap_or_default();
    leaves(&table).into_iter().map(|(key, value)| (key, value.to_string())).collect()
}

/// The keys of a file with their values as TOML. Those of a file behind a base must be among the base's.
///
/// # Errors
/// [`SettingsError`] naming file, key and the nearest key of the base.
pub fn known_keys(file: &str, text: &str, base: Option<&[&str]>) -> Result<BTreeMap<String, String>, SettingsError> {
    let table: Table = parse_toml(file, text)?;
    let written: BTreeMap<String, String> =
        leaves(&table).into_iter().map(|(key, value)| (key, value.to_string())).collect();
    let unknown = |base: &[&str]| written.keys().find(|key| !base.contains(&key.as_str())).cloned();
    match base.and_then(|base| Some((unknown(base)?, base))) {
        None => Ok(written),
        Some((key, base)) => Err(SettingsError::unknown_key(file, &key, base)),
    }
}

fn join(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => join(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Every value that is no table, or is an empty one, by the path of its key.
fn leaves(table: &Table) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) if !inner.is_empty() => {
                found.extend(leaves(inner).into_iter().map(|(below, value)| (format!("{key}.{below}"), value)));
            }
            value => found.push((key.clone(), value)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Deserialize, Serialize)]
    #[serde(deny_unknown_fields, default)]
    struct Settings {
        name: String,
        etl: Etl,
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize, Serialize)]
    #[serde(deny_unknown_fields, default)]
    struct Etl {
        rows: usize,
        kinds: Vec<String>,
    }

    fn layer(file: &str, text: &str) -> Layer {
        Layer { file: file.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_last_file_that_names_a_key_decides_it() {
        let base = layer("base.toml", "name = \"a\"\n[etl]\nrows = 1\nkinds = [\"x\", \"y\"]\n");
        let prod = layer("prod.toml", "[etl]\nkinds = [\"z\"]\n");
        let found = parse_layers::<Settings>(&[base, prod]).unwrap();
        assert_eq!(found.settings, Settings { name: "a".into(), etl: Etl { rows: 1, kinds: vec!["z".into()] } });
        let origins = [("etl.kinds", "prod.toml"), ("etl.rows", "base.toml"), ("name", "base.toml")];
        assert_eq!(found.origins, origins.map(|(key, file)| (key.to_owned(), file.to_owned())).into());
        assert_eq!(found.files(), ["base.toml", "prod.toml"]);
        let flat = [("etl.kinds", "[\"z\"]"), ("etl.rows", "1"), ("name", "\"a\"")];
        assert_eq!(flattened(&found.settings), flat.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn a_misspelt_key_is_told_by_the_file_that_holds_it() {
        let layers = [layer("base.toml", "name = \"a\"\n"), layer("prod.toml", "[etl]\nrow = 3\n")];
        let error = parse_layers::<Settings>(&layers).unwrap_err();
        assert_eq!(error.file, "prod.toml");
        assert!(
            error.message.starts_with("line 2: unknown field `row`") && error.message.ends_with("did you mean `rows`?")
        );
    }

    #[test]
    fn no_file_leaves_the_defaults() {
        assert_eq!(parse_layers::<Settings>(&[]).unwrap().settings, Settings::default());
    }
}
