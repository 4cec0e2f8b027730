//! Where objects lie: `s3://bucket/key` and a local path mean the same to every stage.

use std::fmt;
use std::path::{Component, PathBuf};
use std::str::FromStr;

use object_store::path::Path;

/// The place of an object or of a folder of objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ObjectUri {
    /// `s3://bucket/key`.
    S3 {
        /// Bucket name.
        bucket: String,
        /// Key, or prefix of keys without a trailing slash; may be empty.
        key: Path,
    },
    /// An absolute local path.
    Local(PathBuf),
}

/// A string that names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{uri}` is not a place of objects: {why}")]
pub struct InvalidUri {
    uri: String,
    why: String,
}

impl ObjectUri {
    /// The place `relative` below this one; `relative` uses `/` and must not be empty.
    pub fn join(&self, relative: &str) -> Self {
        match self {
            Self::S3 { bucket, key } => Self::S3 { bucket: bucket.clone(), key: join(key, relative) },
            Self::Local(path) => Self::Local(path.join(relative)),
        }
    }

    /// The folder that holds this place, and the place's name in it; none at the top.
    pub fn split_last(&self) -> Option<(Self, String)> {
        match self {
            Self::S3 { bucket, key } => {
                let name = key.filename()?.to_owned();
                let parent = Path::from_iter(key.parts().take(key.parts().count() - 1));
                Some((Self::S3 { bucket: bucket.clone(), key: parent }, name))
            }
            Self::Local(path) => {
                let name = path.file_name()?.to_str()?.to_owned();
                Some((Self::Local(path.parent()?.to_owned()), name))
            }
        }
    }

    /// Whether the place is in S3.
    pub fn is_s3(&self) -> bool {
        matches!(self, Self::S3 { .. })
    }
}

/// `relative` below `path`, character for character: `Path::join` would percent-encode what S3 keys may hold.
pub(crate) fn join(path: &Path, relative: &str) -> Path {
    let mut joined = path.to_string();
    for part in relative.split('/').filter(|part| !part.is_empty()) {
        if !joined.is_empty() {
            joined.push('/');
        }
        joined.push_str(part);
    }
    Path::parse(&joined).unwrap_or_else(|_| path.clone().join(relative))
}

/// An absolute path without `..`, which no store takes. The parent of a symbolic link is that of its target, as
/// everywhere in the system; of what does not exist yet it is the part before.
fn without_parents(path: &std::path::Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut resolved, component| {
        if component == Component::ParentDir {
            resolved = resolved.canonicalize().unwrap_or(resolved);
            resolved.pop();
        } else {
            resolved.push(component);
        }
        resolved
    })
}

impl FromStr for ObjectUri {
    type Err = InvalidUri;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |why: String| InvalidUri { uri: text.to_owned(), why };
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Err(invalid("the bucket is missing".into()));
            }
            let key = Path::parse(key.strip_suffix('/').unwrap_or(key)).map_err(|error| invalid(error.to_string()))?;
            return Ok(Self::S3 { bucket: bucket.to_owned(), key });
        }
        if let Some((scheme, _)) = text.split_once("://").filter(|(scheme, _)| *scheme != "file") {
            return Err(invalid(format!("`{scheme}` is not supported; use s3:// or a local path")));
        }
        let path = text.strip_prefix("file://").unwrap_or(text);
        if path.is_empty() {
            return Err(invalid("it is empty".into()));
        }
        let absolute = std::path::absolute(path).map_err(|error| invalid(error.to_string()))?;
        Ok(Self::Local(without_parents(&absolute)))
    }
}

impl fmt::Display for ObjectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, key } => write!(f, "s3://{bucket}/{key}"),
            Self::Local(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> ObjectUri {
        text.parse().unwrap()
    }

    #[test]
    fn s3_and_local_places_join_and_split_alike() {
        for root in ["s3://b/runs", "/tmp/runs"] {
            let joined = uri(root).join("a/b.json");
            assert_eq!(joined.to_string(), format!("{root}/a/b.json"));
            let (folder, name) = joined.split_last().unwrap();
            assert_eq!((folder.to_string(), name.as_str()), (format!("{root}/a"), "b.json"));
        }
        assert_eq!(uri("s3://b").join("x").to_string(), "s3://b/x");
        assert_eq!(uri("s3://b/runs/"), uri("s3://b/runs"));
    }

    #[test]
    fn keys_keep_spaces_plus_signs_and_percent_signs() {
        assert_eq!(uri("s3://b/a b+c%20ñ.csv").to_string(), "s3://b/a b+c%20ñ.csv");
        assert_eq!(uri("s3://b").join("a b+c%20ñ.csv"), uri("s3://b/a b+c%20ñ.csv"));
    }

    #[test]
    fn a_parent_is_resolved_as_the_system_would() {
        assert_eq!(uri("/no/such/../place").to_string(), "/no/place");
        assert_eq!(uri("/../place").to_string(), "/place");
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(real.join("target/below")).unwrap();
        std::os::unix::fs::symlink(real.join("target/below"), real.join("link")).unwrap();
        assert_eq!(uri(&format!("{}/link/../file", real.display())), ObjectUri::Local(real.join("target/file")));
    }

    #[test]
    fn what_names_no_place_is_refused_with_a_reason() {
        for wrong in ["", "s3://", "s3:///x", "http://x/y", "s3://b/a//b"] {
            assert!(wrong.parse::<ObjectUri>().is_err(), "{wrong}");
        }
    }
}
