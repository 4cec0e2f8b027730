//! Settings from a TOML file: unknown keys are refused and the error names the nearest valid key.

use serde::de::DeserializeOwned;

/// A settings file that cannot be used. The message is for people: file, key, nearest valid key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct SettingsError {
    /// File name or URI as given.
    pub file: String,
    /// What is wrong, and the remedy where there is one.
    pub message: String,
}

impl SettingsError {
    /// A key of `file` that is none of those that there are.
    pub(crate) fn unknown_key(file: &str, key: &str, known: &[&str]) -> Self {
        Self { file: file.to_owned(), message: format!("unknown key `{key}`{}", hint(nearest(key, known))) }
    }
}

fn hint(key: Option<&str>) -> String {
    key.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}

/// Reads `text` (the content of `file`) as TOML.
///
/// # Errors
/// [`SettingsError`] naming line, key and the nearest valid key.
pub fn parse_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, SettingsError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let hint = hint(suggestion(error.message()));
        SettingsError { file: file.to_owned(), message: format!("{place}{}{hint}", error.message()) }
    })
}

/// The valid key nearest to an unknown one, from serde's message: "unknown field `a`, expected one of `b`, `c`".
fn suggestion(message: &str) -> Option<&str> {
    let names: Vec<&str> = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2).collect();
    let (unknown, valid) = names.split_first()?;
    nearest(unknown, valid)
}

/// The one of `valid` that somebody may have meant who wrote `unknown`.
fn nearest<'a>(unknown: &str, valid: &[&'a str]) -> Option<&'a str> {
    let distance = |name: &&&str| strsim::damerau_levenshtein(name, unknown);
    let nearest = valid.iter().min_by_key(distance)?;
    (distance(&nearest) <= 1 + unknown.len() / 3).then_some(*nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[expect(dead_code, reason = "only parsing is under test")]
        rows_per_shard: usize,
    }

    #[test]
    fn a_misspelt_key_names_its_line_and_the_nearest_key() {
        let error = parse_toml::<Settings>("a.toml", "\nrows_per_shrad = 3\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.toml: line 2: unknown field `rows_per_shrad`, expected `rows_per_shard`; did you mean `rows_per_shard`?"
        );
    }

    #[test]
    fn a_wrong_type_is_named_without_a_guess() {
        let error = parse_toml::<Settings>("a.toml", "rows_per_shard = \"x\"").unwrap_err();
        assert!(error.to_string().contains("expected usize") && !error.to_string().contains("did you mean"));
    }
}
