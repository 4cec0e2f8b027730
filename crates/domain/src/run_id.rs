//! The name of a run, derived from what it processes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ObjectIdentity;

/// Number of hexadecimal digits of a run id: 128 bits, well inside the 80 characters of an execution name.
const LENGTH: usize = 32;

/// The id of a run: 32 lower-case hexadecimal digits.
///
/// Derived from the sorted identities of its objects and the digest of the pipeline's configuration, so
/// that a dispatcher which starts again after a crash rebuilds the same run. A deliberate replay carries a
/// salt and so becomes a new run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// Derives the id; the order of `identities` does not matter.
    pub fn derive<'a>(
        identities: impl IntoIterator<Item = &'a ObjectIdentity>,
        configuration_digest: &str,
        salt: Option<&str>,
    ) -> Self {
        let mut sorted: Vec<_> = identities.into_iter().collect();
        sorted.sort_unstable();
        let mut hasher = Sha256::new();
        hasher.update((sorted.len() as u64).to_be_bytes());
        for identity in sorted {
            identity.update(&mut hasher);
        }
        for part in [configuration_digest, salt.unwrap_or_default()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hex::encode(&hasher.finalize()[..LENGTH / 2]))
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight digits: enough for people to tell runs apart in a mail or a table.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A string that is no run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a run id: {LENGTH} lower-case hexadecimal digits were expected")]
pub struct InvalidRunId(String);

impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = text.len() == LENGTH && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidRunId(text.to_owned())) }
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidRunId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(key: &str) -> ObjectIdentity {
        ObjectIdentity { bucket: "b".into(), key: key.into(), etag: "e".into() }
    }

    #[test]
    fn order_of_objects_does_not_matter() {
        let (a, b) = (identity("a"), identity("b"));
        assert_eq!(RunId::derive([&a, &b], "c", None), RunId::derive([&b, &a], "c", None));
    }

    #[test]
    fn objects_configuration_and_salt_each_make_another_run() {
        let (a, b) = (identity("a"), identity("b"));
        let base = RunId::derive([&a], "c", None);
        assert_ne!(base, RunId::derive([&a, &b], "c", None));
        assert_ne!(base, RunId::derive([&a], "d", None));
        assert_ne!(base, RunId::derive([&a], "c", Some("again")));
    }

    #[test]
    fn only_run_ids_parse() {
        let id = RunId::derive([&identity("a")], "c", None);
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for wrong in ["", "abc", &id.as_str().to_uppercase(), &format!("{id}0"), "../../../../../../../../../../aa"] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong}");
        }
    }
}
