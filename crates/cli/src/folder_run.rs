//! Planning a run over local files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tamiz_domain::{Configuration, Manifest, ManifestObject, ObjectIdentity, Ownership};
use tamiz_telemetry::{Layer, Layered, parse_layers};

use crate::error::CommandError;

/// Reads configuration files, of which a later one overrides the earlier ones; without any the defaults hold.
pub fn configuration(files: &[PathBuf]) -> Result<Configuration, CommandError> {
    Ok(layered_configuration(files)?.settings)
}

/// As [`configuration`], with the file that decided each key.
pub fn layered_configuration(files: &[PathBuf]) -> Result<Layered<Configuration>, CommandError> {
    let layers = files.iter().map(|file| layer(file)).collect::<Result<Vec<_>, _>>()?;
    let layered: Layered<Configuration> =
        parse_layers(&layers).map_err(|error| CommandError::Usage(error.to_string()))?;
    match layered.settings.violations().as_slice() {
        [] => Ok(layered),
        violations => Err(CommandError::Usage(format!("{}: {}", layered.files().join(" and "), violations.join("; ")))),
    }
}

/// A file of settings.
pub fn layer(file: &Path) -> Result<Layer, CommandError> {
    let text = std::fs::read_to_string(file).map_err(|source| CommandError::File { path: file.to_owned(), source })?;
    Ok(Layer { file: file.display().to_string(), text })
}

/// A manifest over `files`. The identity of a file is its path and the SHA-256 of its content, so that the
/// same files make the same run.
pub fn plan(files: &[PathBuf], configuration: Configuration) -> Result<Manifest, CommandError> {
    let objects = files.iter().map(|file| object(file)).collect::<Result<Vec<_>, _>>()?;
    Ok(Manifest::plan(objects, configuration, Ownership::Manifest, None))
}

fn object(file: &Path) -> Result<ManifestObject, CommandError> {
    let fail = |source| CommandError::File { path: file.to_owned(), source };
    let uri = file.canonicalize().map_err(fail)?.display().to_string();
    let (etag, size) = digest(file).map_err(fail)?;
    let identity = ObjectIdentity { bucket: "file".into(), key: uri.clone(), etag };
    Ok(ManifestObject { identity, uri, version_id: None, size })
}

/// SHA-256 and size of a file's content.
fn digest(file: &Path) -> std::io::Result<(String, u64)> {
    let mut file = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex::encode(hasher.finalize()), size));
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_run_and_changed_bytes_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        let run_id = |content: &str| {
            std::fs::write(&file, content).unwrap();
            plan(std::slice::from_ref(&file), Configuration::default()).unwrap().run_id
        };
        let first = run_id("text\ngood\n");
        assert_eq!(run_id("text\ngood\n"), first);
        assert_ne!(run_id("text\nbad\n"), first);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = plan(&[PathBuf::from("no/such.csv")], Configuration::default()).unwrap_err();
        assert_eq!(error.to_string(), "cannot read no/such.csv");
    }
}
