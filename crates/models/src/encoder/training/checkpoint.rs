//! A training on its way, as bytes: whoever goes on with it ends where an undisturbed one would.

use std::collections::HashMap;

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tamiz_domain::LabelMap;
use tch::{Kind, TchError, Tensor};

use super::rows::Rows;
use super::settings::TrainingSettings;
use crate::ModelError;
use crate::artifact::Artifact;
use crate::tensors::to_safetensors;
use crate::training::Epoch;

/// Where checkpoints are kept. What goes wrong with them is its business: a training can do without.
pub trait Keeper {
    /// The checkpoint that was written last, if there is one.
    fn read(&mut self) -> Option<Vec<u8>>;

    /// Keeps a checkpoint in the place of the one before.
    fn write(&mut self, checkpoint: Vec<u8>);
}

/// How far a training has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Position {
    /// The epoch that it is in, from 1.
    pub epoch: usize,
    /// Steps of that epoch that are taken.
    pub steps: usize,
    /// Sum of their losses.
    pub loss: f64,
    /// The best epoch so far.
    pub best: Option<Epoch>,
}

impl Position {
    pub const START: Self = Self { epoch: 1, steps: 0, loss: 0.0, best: None };
}

/// The same in JSON, with numbers by their bits: they are compared later, and must not change on the way.
#[derive(Serialize, Deserialize)]
struct Written {
    fingerprint: String,
    epoch: usize,
    steps: usize,
    loss: u64,
    best: Option<(usize, [u64; 3])>,
}

/// Key of the position in a file's metadata.
const POSITION: &str = "position";

/// Names a training by everything that it follows from: a checkpoint of another one is not gone on with.
pub(super) fn fingerprint(init: &Artifact, settings: &TrainingSettings, labels: &LabelMap, rows: [&Rows; 2]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{} {settings:?} {:?}", init.digest(), labels));
    for rows in rows {
        let mut tokens = Vec::new();
        for (row, &length) in rows.lengths.iter().enumerate() {
            tokens.clear();
            rows.add_tokens(row, &mut tokens);
            rows.targets(row).iter().for_each(|target| hasher.update(target.to_le_bytes()));
            hasher.update((length as u64).to_le_bytes());
            tokens.iter().for_each(|token| hasher.update(token.to_le_bytes()));
        }
    }
    hex::encode(hasher.finalize())
}

/// Puts a training's tensors and its position into bytes.
pub(super) fn write(
    fingerprint: &str,
    position: &Position,
    tensors: &[(String, &Tensor)],
) -> Result<Vec<u8>, ModelError> {
    let best = position.best.map(|best| {
        (best.number, [best.training_loss, best.validation_loss, best.validation_accuracy].map(f64::to_bits))
    });
    let Position { epoch, steps, loss, .. } = *position;
    let written = Written { fingerprint: fingerprint.to_owned(), epoch, steps, loss: loss.to_bits(), best };
    let position = serde_json::to_string(&written)
        .map_err(|error| ModelError::InvalidTraining { why: format!("its checkpoint cannot be written: {error}") })?;
    let metadata = HashMap::from([(POSITION.to_owned(), position)]);
    to_safetensors(tensors.iter().map(|(name, tensor)| (name.as_str(), *tensor)), Some(metadata))
}

/// A checkpoint that was read.
pub(super) struct Checkpoint<'a> {
    pub position: Position,
    tensors: SafeTensors<'a>,
}

impl<'a> Checkpoint<'a> {
    /// Reads bytes; none if they are no checkpoint of this training.
    pub fn read(bytes: &'a [u8], fingerprint: &str) -> Option<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
        let written: Written = serde_json::from_str(metadata.metadata().as_ref()?.get(POSITION)?).ok()?;
        if written.fingerprint != fingerprint {
            return None;
        }
        let epoch = |(number, bits): (usize, [u64; 3])| {
            let [training_loss, validation_loss, validation_accuracy] = bits.map(f64::from_bits);
            Epoch { number, training_loss, validation_loss, validation_accuracy }
        };
        let Written { epoch: number, steps, loss, best, .. } = written;
        let position = Position { epoch: number, steps, loss: f64::from_bits(loss), best: best.map(epoch) };
        Some(Self { position, tensors: SafeTensors::deserialize(bytes).ok()? })
    }

    /// A tensor of it, on the CPU; none if it has none of this name and shape.
    pub fn tensor(&self, name: &str, shape: &[i64]) -> Result<Option<Tensor>, TchError> {
        let Ok(view) = self.tensors.tensor(name) else { return Ok(None) };
        let is_shape = view.shape().iter().map(|&size| size as i64).eq(shape.iter().copied());
        let fits = is_shape && view.dtype() == Dtype::F32;
        fits.then(|| Tensor::f_from_data_size(view.data(), shape, Kind::Float)).transpose()
    }
}
