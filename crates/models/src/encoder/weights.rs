//! An encoder's tensors, out of one safetensors file or several.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use tch::{Kind, Tensor};

use crate::artifact::{Artifact, INDEX, WEIGHTS, WeightIndex};
use crate::{ModelError, Problem};

/// Tensors that some folders carry and no network here reads: buffers of old versions of transformers, and the pooler of a
/// model that does without.
const UNREAD: [&str; 4] =
    ["embeddings.position_ids", "embeddings.token_type_ids", "pooler.dense.weight", "pooler.dense.bias"];

/// Tensors of a model folder that are taken out one by one, until none is left.
pub(super) struct Weights<'a> {
    artifact: &'a Artifact,
    files: BTreeMap<String, SafeTensors<'a>>,
    /// Name of each tensor's file.
    tensors: BTreeMap<String, String>,
    /// What the names of the encoder's own tensors do without, since the folder has no head.
    missing_prefix: Option<String>,
}

impl<'a> Weights<'a> {
    /// Opens the weights of a folder, which are in one file or in those that an index names.
    pub fn open(artifact: &'a Artifact) -> Result<Self, ModelError> {
        let index: Option<WeightIndex> = match artifact.has(INDEX) {
            true => Some(artifact.json(INDEX)?),
            false => None,
        };
        let names = index.as_ref().map_or_else(|| [WEIGHTS].into(), WeightIndex::files);
        let mut files = BTreeMap::new();
        let mut tensors = BTreeMap::new();
        for name in names {
            let file = SafeTensors::deserialize(artifact.file(name)?)
                .map_err(|error| artifact.unusable(name, Problem::Malformed(format!("no safetensors: {error}"))))?;
            tensors.extend(file.names().into_iter().map(|tensor| (tensor.to_owned(), name.to_owned())));
            files.insert(name.to_owned(), file);
        }
        if let Some(missing) =
            index.iter().flat_map(|index| index.weight_map.keys()).find(|name| !tensors.contains_key(*name))
        {
            return Err(artifact.unusable(INDEX, Problem::MissingTensor { name: missing.clone() }));
        }
        Ok(Self { artifact, files, tensors, missing_prefix: None })
    }

    /// Opens weights to start training from: an encoder without a head has names without `prefix`.
    pub fn open_to_train(artifact: &'a Artifact, prefix: &str) -> Result<Self, ModelError> {
        let mut weights = Self::open(artifact)?;
        let prefix = format!("{prefix}.");
        if !weights.tensors.keys().any(|name| name.starts_with(&prefix)) {
            weights.missing_prefix = Some(prefix);
        }
        Ok(weights)
    }

    /// Takes a tensor out if there is one of this name and shape.
    pub fn take_if_it_fits(&mut self, name: &str, shape: &[i64]) -> Result<Option<Tensor>, ModelError> {
        match self.take(name, shape) {
            Ok(tensor) => Ok(Some(tensor)),
            Err(ModelError::Unusable {
                problem: Problem::MissingTensor { .. } | Problem::TensorShape { .. }, ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes a tensor out, on the CPU and in 32-bit floats, which must have exactly this shape and no value that is no number.
    pub fn take(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, ModelError> {
        let missing = || Problem::MissingTensor { name: name.to_owned() };
        let bare = self.missing_prefix.as_ref().and_then(|prefix| name.strip_prefix(prefix.as_str()));
        let name = bare.unwrap_or(name);
        let old = old_name(name).filter(|old| self.tensors.contains_key(old));
        let name = old.as_deref().unwrap_or(name);
        let file = self.tensors.remove(name).ok_or_else(|| self.artifact.unusable(self.container(), missing()))?;
        let view = self.files.get(&file).and_then(|tensors| tensors.tensor(name).ok());
        let view = view.ok_or_else(|| self.artifact.unusable(&file, missing()))?;
        let kind = kind_of(name, shape, &view).map_err(|problem| self.artifact.unusable(&file, problem))?;
        let read = || {
            let tensor = Tensor::f_from_data_size(view.data(), shape, kind)?.f_to_kind(Kind::Float)?;
            let is_finite = tensor.f_isfinite()?.f_all()?.f_int64_value(&[])? != 0;
            Ok((tensor, is_finite))
        };
        match read().map_err(ModelError::torch("read the weights"))? {
            (tensor, true) => Ok(tensor),
            (_, false) => Err(self.artifact.unusable(&file, Problem::NotFinite { name: name.to_owned() })),
        }
    }

    /// Refuses what nobody took: a network that ignores weights is another network.
    pub fn finish(self) -> Result<(), ModelError> {
        let is_unread = |name: &str| UNREAD.iter().any(|unread| name.ends_with(unread));
        match self.tensors.into_iter().find(|(name, _)| !is_unread(name)) {
            None => Ok(()),
            Some((name, file)) => Err(self.artifact.unusable(&file, Problem::ExtraTensor { name })),
        }
    }

    /// The file to blame for a tensor that is nowhere.
    fn container(&self) -> &'static str {
        if self.artifact.has(INDEX) { INDEX } else { WEIGHTS }
    }
}

/// What BERT's first release, and folders that descend from it, call the two tensors of a norm.
fn old_name(name: &str) -> Option<String> {
    let renamed = |end: &str, old: &str| Some(format!("{}{old}", name.strip_suffix(end)?));
    renamed("LayerNorm.weight", "LayerNorm.gamma").or_else(|| renamed("LayerNorm.bias", "LayerNorm.beta"))
}

fn kind_of(name: &str, shape: &[i64], view: &TensorView<'_>) -> Result<Kind, Problem> {
    let kind = match view.dtype() {
        Dtype::F32 => Some(Kind::Float),
        Dtype::F16 => Some(Kind::Half),
        Dtype::BF16 => Some(Kind::BFloat16),
        _ => None,
    };
    let is_shape = view.shape().iter().map(|&size| i64::try_from(size).ok()).eq(shape.iter().map(|&size| Some(size)));
    kind.filter(|_| is_shape).ok_or_else(|| Problem::TensorShape {
        name: name.to_owned(),
        expected: format!("F32, F16 or BF16 {shape:?}"),
        found: format!("{:?} {:?}", view.dtype(), view.shape()),
    })
}
