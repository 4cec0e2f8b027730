//! What a run is to process.

use serde::{Deserialize, Serialize};

use crate::{Configuration, ObjectIdentity, RunId};

/// Everything that a run needs to know, written once before it starts and never changed.
///
/// It carries the configuration, so that every stage of a run works under the same one even when a
/// deployment changes it meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format; readers refuse one they do not know.
    pub format_version: u32,
    /// The run, derived from the fields below.
    pub run_id: RunId,
    /// What makes a deliberate replay a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// How the run knows which of its objects are its own.
    pub ownership: Ownership,
    /// The objects, sorted by identity.
    pub objects: Vec<ManifestObject>,
    /// The configuration of every stage.
    pub configuration: Configuration,
}

/// How a run knows which of the manifest's objects are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// An object belongs to the run that its claim names: two dispatchers may plan overlapping runs.
    Claims,
    /// Every object of the manifest, as in a folder run, which one process plans for itself.
    Manifest,
}

/// An object of a manifest, pinned to the content that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestObject {
    /// What the content is.
    #[serde(flatten)]
    pub identity: ObjectIdentity,
    /// Where to read it: `s3://bucket/key` or a local path.
    pub uri: String,
    /// S3 version that the event named; none in an unversioned bucket or a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Size in bytes as announced.
    pub size: u64,
}

impl ManifestObject {
    /// The provenance written beside every row: the object and, where there is one, its version.
    pub fn source(&self) -> String {
        match &self.version_id {
            Some(version) => format!("{}?versionId={version}", self.uri),
            None => self.uri.clone(),
        }
    }
}

impl Manifest {
    /// The format version that this code reads and writes.
    pub const FORMAT_VERSION: u32 = 1;

    /// Plans a run over `objects`: sorts them, drops repeats of one identity and derives the run id.
    pub fn plan(
        mut objects: Vec<ManifestObject>,
        configuration: Configuration,
        ownership: Ownership,
        salt: Option<String>,
    ) -> Self {
        objects.sort_by(|a, b| a.identity.cmp(&b.identity));
        objects.dedup_by(|a, b| a.identity == b.identity);
        let run_id =
            RunId::derive(objects.iter().map(|object| &object.identity), &configuration.digest(), salt.as_deref());
        Self { format_version: Self::FORMAT_VERSION, run_id, salt, ownership, objects, configuration }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str) -> ManifestObject {
        ManifestObject {
            identity: ObjectIdentity { bucket: "b".into(), key: key.into(), etag: "e".into() },
            uri: format!("s3://b/{key}"),
            version_id: Some("v1".into()),
            size: 1,
        }
    }

    #[test]
    fn the_same_objects_in_any_order_and_number_make_the_same_manifest() {
        let plan = |keys: &[&str]| {
            let objects = keys.iter().map(|key| object(key)).collect();
            Manifest::plan(objects, Configuration::default(), Ownership::Claims, None)
        };
        assert_eq!(plan(&["a", "b"]), plan(&["b", "a", "b"]));
    }

    #[test]
    fn a_manifest_survives_its_json() {
        let manifest = Manifest::plan(vec![object("a")], Configuration::default(), Ownership::Claims, Some("x".into()));
        let json = serde_json::to_string(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
    }
}
