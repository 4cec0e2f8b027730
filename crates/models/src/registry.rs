//! Where models lie and which one is in use: `<models>/<name>/<version>/`, `latest.json`, `promotions/`.

use jiff::Timestamp;
use tamiz_domain::{ModelPointer, ModelReference, Promotion};
use tamiz_ports::{Created, Folder, ObjectUri, Stores, Swapped, Versioned};

use crate::artifact::{self, Artifact};
use crate::{CARD, CONFIG, ModelError, Problem, SUMS};

const LATEST: &str = "latest.json";
const PROMOTIONS: &str = "promotions";

/// A model that was found, not read yet.
#[derive(Debug, Clone)]
pub struct ModelFolder {
    /// The folder with the model's files.
    pub folder: Folder,
    name: String,
    /// From `SHA256SUMS`; none for a folder of Hugging Face, whose digest is known once it is read.
    reference: Option<ModelReference>,
}

impl ModelFolder {
    /// What others call the model, where that is known without reading it.
    pub fn reference(&self) -> Option<&ModelReference> {
        self.reference.as_ref()
    }

    /// Reads the model.
    ///
    /// # Errors
    /// As [`Artifact::read`].
    pub async fn read(&self) -> Result<(Artifact, ModelReference), ModelError> {
        let artifact = Artifact::read(&self.folder).await?;
        let reference = artifact.reference(&self.name);
        Ok((artifact, reference))
    }
}

/// Finds the folder behind a model URI: a version's folder, the one that a name's `latest.json` names, or one as Hugging Face's
/// `save_pretrained` writes it.
///
/// At most `SHA256SUMS` is read; the rest is verified by [`Artifact::read`].
///
/// # Errors
/// [`ModelError::NotAModel`] for a URI that is none of these; [`ModelError::Unusable`] when the pointer and the folder
/// do not agree.
pub async fn resolve(stores: &dyn Stores, uri: &ObjectUri) -> Result<ModelFolder, ModelError> {
    let folder = stores.open(uri)?;
    if folder.exists(SUMS).await? {
        let name = name_of_version(uri);
        let reference = Some(reference_of(&folder, name.clone()).await?);
        return Ok(ModelFolder { folder, name, reference });
    }
    let name = uri.split_last().map_or_else(|| uri.to_string(), |(_, name)| name);
    let Some(pointer) = folder.read_json_if_exists::<ModelPointer>(LATEST).await? else {
        return match folder.exists(CONFIG).await? {
            true => Ok(ModelFolder { folder, name, reference: None }),
            false => Err(ModelError::NotAModel { uri: uri.to_string() }),
        };
    };
    let version = folder.child(&pointer.version);
    let reference = reference_of(&version, name.clone()).await?;
    if reference.digest != pointer.digest {
        let problem = Problem::Version { expected: pointer.version, found: reference.version };
        return Err(ModelError::unusable(version.uri_of(SUMS), problem));
    }
    Ok(ModelFolder { folder: version, name, reference: Some(reference) })
}

async fn reference_of(folder: &Folder, name: String) -> Result<ModelReference, ModelError> {
    let sums = folder.read(SUMS).await?;
    Ok(artifact::reference(&name, &String::from_utf8_lossy(&sums)))
}

/// `<models>/<name>/<version>`: the name is the second to last part, where there is one.
fn name_of_version(uri: &ObjectUri) -> String {
    let parent = uri.split_last().and_then(|(parent, _)| parent.split_last());
    parent.map_or_else(|| uri.to_string(), |(_, name)| name)
}

/// The versions registered under one name.
#[derive(Debug, Clone)]
pub struct Registry {
    folder: Folder,
    name: String,
}

/// The version in use, and what a later swap compares.
#[derive(Debug, Clone)]
pub struct Latest {
    /// The pointer.
    pub pointer: ModelPointer,
    seen: Versioned,
}

impl Registry {
    /// The registry of `name` in the folder of all models.
    ///
    /// # Errors
    /// [`ModelError::InvalidName`].
    pub fn open(models: &Folder, name: &str) -> Result<Self, ModelError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if !starts_well || !name.bytes().all(allowed) {
            return Err(ModelError::InvalidName { name: name.to_owned() });
        }
        Ok(Self { folder: models.child(name), name: name.to_owned() })
    }

    /// The registered name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder of the name, in which versions lie.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The folder of a version, there or not.
    pub fn version(&self, version: &str) -> Folder {
        self.folder.child(version)
    }

    /// Writes a model folder under its version.
    ///
    /// # Errors
    /// [`ModelError::Store`].
    pub async fn publish(&self, artifact: &Artifact) -> Result<ModelReference, ModelError> {
        let reference = artifact.reference(&self.name);
        artifact.write(&self.version(&reference.version)).await?;
        Ok(reference)
    }

    /// Writes the card of a version, in the place of the one that is there.
    ///
    /// # Errors
    /// [`ModelError::Store`].
    pub async fn write_card(&self, version: &str, card: &str) -> Result<(), ModelError> {
        let folder = self.version(version);
        let is_there = folder.read_versioned(CARD).await?.is_some_and(|there| there.bytes == card.as_bytes());
        if !is_there {
            folder.write(CARD, card.to_owned()).await?;
        }
        Ok(())
    }

    /// The version in use; none before the first promotion.
    ///
    /// # Errors
    /// [`ModelError::Store`].
    pub async fn latest(&self) -> Result<Option<Latest>, ModelError> {
        let Some(seen) = self.folder.read_versioned(LATEST).await? else { return Ok(None) };
        let malformed = |error: serde_json::Error| {
            ModelError::unusable(self.folder.uri_of(LATEST), Problem::Malformed(error.to_string()))
        };
        let pointer = serde_json::from_slice(&seen.bytes).map_err(malformed)?;
        Ok(Some(Latest { pointer, seen }))
    }

    /// Points `latest.json` to a version, if it still is what `champion` was read as (none: not there).
    /// Of several callers at once exactly one succeeds.
    ///
    /// # Errors
    /// [`ModelError::Store`]; losing the race is no error.
    pub async fn point_to(&self, to: &ModelReference, champion: Option<&Latest>) -> Result<Swapped, ModelError> {
        let pointer = ModelPointer { version: to.version.clone(), digest: to.digest.clone() };
        let mut json = serde_json::to_vec_pretty(&pointer)
            .map_err(|error| ModelError::unusable(self.folder.uri_of(LATEST), Problem::Malformed(error.to_string())))?;
        json.push(b'\n');
        Ok(self.folder.swap(LATEST, json, champion.map(|latest| &latest.seen)).await?)
    }

    /// Writes a verdict down, create-only.
    ///
    /// # Errors
    /// [`ModelError::Store`].
    pub async fn record(&self, promotion: &Promotion) -> Result<Created, ModelError> {
        let name = format!("{PROMOTIONS}/{}-{}.json", compact(promotion.at), promotion.to);
        Ok(self.folder.create_json(&name, promotion).await?)
    }

    /// Every verdict, oldest first.
    ///
    /// # Errors
    /// [`ModelError::Store`].
    pub async fn promotions(&self) -> Result<Vec<Promotion>, ModelError> {
        let mut found = Vec::new();
        for object in self.folder.list(PROMOTIONS).await? {
            let Some(name) = object.location.filename().filter(|name| name.ends_with(".json")) else { continue };
            found.push(self.folder.read_json(&format!("{PROMOTIONS}/{name}")).await?);
        }
        Ok(found)
    }
}

/// A time that sorts as text and needs no escaping in a key: `20260131T123456Z`.
fn compact(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
