//! The model folder: what ships. Assembled, written create-only, and verified at load, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tamiz_domain::{Baseline, ModelMetrics, ModelReference};
use tamiz_ports::Folder;

use crate::{ModelError, Problem};

/// Weights; safetensors only, since nothing that can run code is ever loaded.
pub const WEIGHTS: &str = "model.safetensors";
/// Architecture, featuriser, label map, dimensions: with the weights, all that inference needs.
pub const CONFIG: &str = "config.json";
/// Which file holds which tensor, where weights are in several.
pub(crate) const INDEX: &str = "model.safetensors.index.json";
/// The tokenizer of an encoder, in the format of Hugging Face's tokenizers.
pub(crate) const TOKENIZER: &str = "tokenizer.json";
/// How transformers is to use it: without this file it tells upper case from lower, whatever the tokenizer says. Not read here.
pub(crate) const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
/// Weights as PyTorch pickles them, which are refused by name.
const PICKLE: &str = "pytorch_model.bin";
/// How the model was trained and how well it does.
pub const METRICS: &str = "metrics.json";
/// What its training data looked like.
pub const BASELINE: &str = "baseline.json";
/// The same for people, and what was decided about it. Not held to a digest: it is written after the decision, and nothing reads it.
pub const CARD: &str = "card.md";
/// Digest of every other file but the card; written last, so a folder without it is no model.
pub const SUMS: &str = "SHA256SUMS";

/// Hexadecimal digits of the digest that make a version.
const VERSION_DIGITS: usize = 12;

/// A model folder in memory; its files are what `SHA256SUMS` says.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The folder in messages.
    place: String,
    files: BTreeMap<String, Bytes>,
    sums: String,
}

/// What a new model folder is made of.
#[derive(Debug)]
pub struct ArtifactParts<'a, C> {
    /// The architecture's configuration.
    pub config: &'a C,
    /// Weights as safetensors.
    pub weights: Bytes,
    /// The tokenizer of an encoder, by file name.
    pub tokenizer: BTreeMap<&'static str, Bytes>,
    /// Training and quality.
    pub metrics: &'a ModelMetrics,
    /// Training data at a glance.
    pub baseline: &'a Baseline,
    /// What else is told of the training, by file name.
    pub reports: BTreeMap<&'static str, Bytes>,
}

/// `model.safetensors.index.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct WeightIndex {
    /// File of each tensor.
    pub weight_map: BTreeMap<String, String>,
}

impl WeightIndex {
    /// The files, each once.
    pub(crate) fn files(&self) -> BTreeSet<&str> {
        self.weight_map.values().map(String::as_str).collect()
    }
}

impl Artifact {
    /// Assembles a new model folder. The same parts give the same bytes and so the same version.
    ///
    /// # Errors
    /// [`ModelError::Unusable`] for a part that has no JSON form.
    pub fn assemble<C: Serialize>(parts: ArtifactParts<'_, C>) -> Result<Self, ModelError> {
        let mut files = BTreeMap::from([
            (WEIGHTS.to_owned(), parts.weights),
            (CONFIG.to_owned(), json(CONFIG, parts.config)?),
            (METRICS.to_owned(), json(METRICS, parts.metrics)?),
            (BASELINE.to_owned(), json(BASELINE, parts.baseline)?),
        ]);
        let further = parts.reports.into_iter().chain(parts.tokenizer);
        files.extend(further.map(|(name, content)| (name.to_owned(), content)));
        let sums = files.iter().map(|(name, content)| format!("{}  {name}\n", digest(content))).collect();
        Ok(Self { place: "the new model".into(), files, sums })
    }

    /// What a model needs to be loaded, without anything that is written about it.
    pub(crate) fn of_files(files: impl IntoIterator<Item = (&'static str, Bytes)>) -> Self {
        let files = files.into_iter().map(|(name, content)| (name.to_owned(), content)).collect();
        Self { place: "the new model".into(), files, sums: String::new() }
    }

    /// Reads a version folder and verifies the digest of every file; or a folder as Hugging Face's `save_pretrained` writes it,
    /// which has no digests to hold it to.
    ///
    /// # Errors
    /// [`ModelError::Store`] for what cannot be read, [`ModelError::Unusable`] for what is not as it was written.
    pub async fn read(folder: &Folder) -> Result<Self, ModelError> {
        match folder.exists(SUMS).await? {
            true => Self::read_version(folder).await,
            false => Self::read_hugging_face(folder).await,
        }
    }

    async fn read_version(folder: &Folder) -> Result<Self, ModelError> {
        let unusable = |name: &str, problem| ModelError::unusable(folder.uri_of(name), problem);
        let sums = String::from_utf8(folder.read(SUMS).await?.to_vec())
            .map_err(|_| unusable(SUMS, Problem::Malformed("it is not text".into())))?;
        let mut files = BTreeMap::new();
        for (number, line) in sums.lines().enumerate() {
            let (expected, name) = parse_line(line).ok_or_else(|| {
                unusable(SUMS, Problem::Malformed(format!("line {} is not `<SHA-256>  <file name>`", number + 1)))
            })?;
            let content = folder.read(name).await?;
            let found = digest(&content);
            if found != expected {
                return Err(unusable(name, Problem::Checksum { expected: expected.to_owned(), found }));
            }
            files.insert(name.to_owned(), content);
        }
        Ok(Self { place: folder.uri().to_string(), files, sums })
    }

    /// Reads those files of a folder that are used, and names them by their digests.
    async fn read_hugging_face(folder: &Folder) -> Result<Self, ModelError> {
        if !folder.exists(CONFIG).await? {
            return Err(ModelError::NotAModel { uri: folder.uri().to_string() });
        }
        let mut files = BTreeMap::new();
        let mut names = vec![CONFIG.to_owned(), TOKENIZER.to_owned()];
        if folder.exists(INDEX).await? {
            let index: WeightIndex = folder.read_json(INDEX).await?;
            names.push(INDEX.to_owned());
            names.extend(index.files().into_iter().map(str::to_owned));
        } else {
            names.push(WEIGHTS.to_owned());
        }
        if folder.exists(TOKENIZER_CONFIG).await? {
            names.push(TOKENIZER_CONFIG.to_owned());
        }
        for name in names {
            let missing = |problem| ModelError::unusable(folder.uri_of(&name), problem);
            // A name out of an index could point anywhere.
            if name.contains('/') {
                return Err(missing(Problem::Malformed("it does not lie in the folder".into())));
            }
            if !folder.exists(&name).await? {
                return Err(match folder.exists(PICKLE).await? {
                    true => ModelError::unusable(folder.uri_of(PICKLE), Problem::Pickle),
                    false => missing(Problem::MissingFile),
                });
            }
            files.insert(name.clone(), folder.read(&name).await?);
        }
        let sums = files.iter().map(|(name, content)| format!("{}  {name}\n", digest(content))).collect();
        Ok(Self { place: folder.uri().to_string(), files, sums })
    }

    /// Writes every file create-only, `SHA256SUMS` last. A folder of the same version holds the same bytes
    /// already, so writing it again changes nothing.
    ///
    /// # Errors
    /// [`ModelError::Store`].
    pub async fn write(&self, folder: &Folder) -> Result<(), ModelError> {
        for (name, content) in &self.files {
            folder.create(name, content.clone()).await?;
        }
        folder.create(SUMS, self.sums.clone()).await?;
        Ok(())
    }

    /// SHA-256 of `SHA256SUMS`, and so of everything in the folder.
    pub fn digest(&self) -> String {
        digest(self.sums.as_bytes())
    }

    /// What other rooms call this model, under a registered name.
    pub fn reference(&self, name: &str) -> ModelReference {
        reference(name, &self.sums)
    }

    /// What is said of its training; none of a folder that was not made here.
    ///
    /// # Errors
    /// [`ModelError::Unusable`].
    pub fn metrics(&self) -> Result<Option<ModelMetrics>, ModelError> {
        self.has(METRICS).then(|| self.json(METRICS)).transpose()
    }

    /// Every file but `SHA256SUMS`, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.files.iter().map(|(name, content)| (name.as_str(), content))
    }

    /// Names of the files that the two do not have alike.
    pub fn different_files(&self, other: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.files.keys().chain(other.files.keys()).collect();
        names.into_iter().filter(|name| self.files.get(*name) != other.files.get(*name)).cloned().collect()
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Content of a file.
    ///
    /// # Errors
    /// [`ModelError::Unusable`] if `SHA256SUMS` does not list it.
    pub fn file(&self, name: &str) -> Result<&Bytes, ModelError> {
        self.files.get(name).ok_or_else(|| self.unusable(name, Problem::Unlisted))
    }

    /// A file as JSON.
    ///
    /// # Errors
    /// [`ModelError::Unusable`].
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, ModelError> {
        let malformed = |error: serde_json::Error| self.unusable(name, Problem::Malformed(error.to_string()));
        serde_json::from_slice(self.file(name)?).map_err(malformed)
    }

    /// The architecture of our own that `config.json` names; none in that of a Hugging Face model.
    pub(crate) fn architecture(&self) -> Result<Option<String>, ModelError> {
        #[derive(serde::Deserialize)]
        struct Header {
            architecture: Option<String>,
        }
        Ok(self.json::<Header>(CONFIG)?.architecture)
    }

    /// Size of the weights in bytes.
    pub fn weight_bytes(&self) -> usize {
        self.files.iter().filter(|(name, _)| name.ends_with(".safetensors")).map(|(_, content)| content.len()).sum()
    }

    pub(crate) fn unusable(&self, name: &str, problem: Problem) -> ModelError {
        ModelError::unusable(format!("{}/{name}", self.place), problem)
    }
}

/// The reference that follows from the content of `SHA256SUMS`.
pub(crate) fn reference(name: &str, sums: &str) -> ModelReference {
    let digest = digest(sums.as_bytes());
    ModelReference { name: name.to_owned(), version: digest[..VERSION_DIGITS].to_owned(), digest }
}

fn digest(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// `<64 hexadecimal digits>  <file name>`, the format of sha256sum. A name with a slash could point anywhere.
fn parse_line(line: &str) -> Option<(&str, &str)> {
    let (digest, name) = line.split_once("  ")?;
    let valid = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    (valid && !name.is_empty() && !name.contains('/')).then_some((digest, name))
}

fn json<T: Serialize>(name: &str, value: &T) -> Result<Bytes, ModelError> {
    let mut json = serde_json::to_vec_pretty(value)
        .map_err(|error| ModelError::unusable(name, Problem::Malformed(error.to_string())))?;
    json.push(b'\n');
    Ok(json.into())
}

#[cfg(test)]
#[path = "artifact_tests.rs"]
pub(crate) mod tests;
