//! What inference needs of a model, whatever its architecture.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tamiz_domain::{LabelMap, LongTexts};

use crate::artifact::Artifact;
use crate::encoder::{Encoder, ReadText};
use crate::ngram::{self, Bags};
use crate::task::{Labelled, Task, Unlabelled};
use crate::{Device, ModelError, Precision};

/// A loaded model. Belongs to one thread at a time, the one that talks to the device.
pub trait Model: Send {
    /// What it says of a text.
    fn task(&self) -> &Task;

    /// What turns texts into its input, on any thread.
    fn reader(&self) -> Arc<dyn Reader>;

    /// Sends texts that its own reader read to the device. Where that works by itself, this does not wait for it: more may be sent
    /// meanwhile.
    ///
    /// # Errors
    /// [`ModelError::Libtorch`]; [`ModelError::ForeignInput`] for what another architecture's reader read.
    fn begin(&mut self, texts: ReadTexts) -> Result<Pending, ModelError>;

    /// How it works on its device, for the log.
    fn workings(&self) -> String;

    /// Labels texts that its own reader read, in order. The same texts give the same predictions, in whatever batches they come
    /// (to the last digits of a float, where the arithmetic is not the same for every number of rows).
    ///
    /// # Errors
    /// As [`Model::begin`] and [`Pending::finish`].
    fn label(&mut self, texts: ReadTexts) -> Result<Vec<Labelled>, ModelError> {
        self.begin(texts)?.finish()
    }

    /// The classes in score order; none where a model has no classes of texts.
    fn labels(&self) -> LabelMap {
        self.task().labels()
    }

    /// Reads texts and labels them, in order.
    ///
    /// # Errors
    /// As [`Model::label`].
    fn read_and_label(&mut self, texts: &[&str]) -> Result<Vec<Labelled>, ModelError> {
        let read = self.reader().read(texts);
        self.label(read)
    }
}

/// Texts that are being labelled.
pub struct Pending(Box<dyn FnOnce() -> Result<Vec<Labelled>, ModelError> + Send>);

impl Pending {
    pub(crate) fn new(finish: impl FnOnce() -> Result<Vec<Labelled>, ModelError> + Send + 'static) -> Self {
        Self(Box::new(finish))
    }

    /// Waits for the device and answers what it says of the texts, in order; on any thread.
    ///
    /// # Errors
    /// [`ModelError::Libtorch`].
    pub fn finish(self) -> Result<Vec<Labelled>, ModelError> {
        (self.0)()
    }
}

/// Turns texts into what a model takes.
pub trait Reader: Send + Sync {
    /// Reads texts, on all cores; one that cannot be read is labelled with the reason.
    fn read(&self, texts: &[&str]) -> ReadTexts;
}

/// Texts as a model takes them.
pub struct ReadTexts(pub(crate) Input);

impl ReadTexts {
    /// Tokens that an encoder is to read of them, special ones included; 0 of an n-gram model's texts, which are no tokens any more.
    pub fn num_tokens(&self) -> usize {
        match &self.0 {
            Input::Bags(_) => 0,
            Input::Windows(texts) => texts.iter().flatten().flat_map(|text| &text.windows).map(Vec::len).sum(),
        }
    }
}

pub(crate) enum Input {
    Bags(Bags),
    Windows(Vec<Result<ReadText, Unlabelled>>),
}

/// How a model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadSettings {
    /// Where it works.
    pub device: Device,
    /// In which numbers.
    pub precision: Precision,
    /// Tokens of a text that an encoder reads at once, special ones included; its own window at most, and by default.
    pub max_tokens: Option<NonZeroUsize>,
    /// What becomes of texts that are longer.
    pub long_texts: LongTexts,
    /// Tokens that go through an encoder at once; by default what suits the device.
    pub batch_tokens: Option<NonZeroUsize>,
}

impl LoadSettings {
    /// On a device, everything else as the model has it.
    pub fn on(device: Device) -> Self {
        Self {
            device,
            precision: Precision::Auto,
            max_tokens: None,
            long_texts: LongTexts::default(),
            batch_tokens: None,
        }
    }
}

/// Makes a model of a verified folder, by the architecture that its `config.json` names.
///
/// # Errors
/// [`ModelError::Unusable`] naming the file, for an unknown architecture, a label map or tensor that does not fit.
pub fn load(artifact: &Artifact, settings: &LoadSettings) -> Result<Box<dyn Model>, ModelError> {
    match artifact.architecture()?.as_deref() {
        Some(ngram::ARCHITECTURE) => Ok(Box::new(ngram::Ngram::load(artifact, settings.device, settings.precision)?)),
        Some(other) => Err(artifact.unusable(crate::CONFIG, crate::Problem::Architecture { found: other.to_owned() })),
        None => Ok(Box::new(Encoder::load(artifact, settings)?)),
    }
}
