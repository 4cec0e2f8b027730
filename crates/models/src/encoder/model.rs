//! A loaded encoder.

use std::sync::Arc;

use rayon::prelude::*;
use tch::Kind;

use super::config::EncoderConfig;
use super::layers::Placement;
use super::load::load;
use super::network::{Input, Network};
use super::packing::{Batch, plan, run_all};
use super::reading::{ReadText, TextReader, WordPlace, Words};
use super::weights::Weights;
use crate::artifact::{Artifact, CONFIG, TOKENIZER};
use crate::entities::{Word, entities};
use crate::model::{Input as ReadInput, LoadSettings, Model, ReadTexts, Reader};
use crate::scheme::Scheme;
use crate::task::{Labelled, Prediction, Task, Unlabelled, likeliest};
use crate::tensors::{download, upload};
use crate::{Device, ModelError, Precision, libtorch, processor};

/// Tokens of a batch on the CPU: enough rows for a product to be at full speed, few enough for the caches.
const CPU_BUDGET: usize = 2_048;
/// Tokens of a batch on a GPU, to begin with.
const CUDA_BUDGET: usize = 65_536;
/// oneDNN makes a kernel for each number of rows that it meets: there are to be few.
const ROW_STEP: usize = 256;

/// A BERT, DistilBERT, RoBERTa or XLM-RoBERTa with its head.
pub(crate) struct Encoder {
    config: EncoderConfig,
    network: Network,
    reader: Arc<TextReader>,
    placement: Placement,
    /// Tokens of a batch at most.
    budget: usize,
}

impl Encoder {
    /// Makes a model of a Hugging Face folder.
    ///
    /// # Errors
    /// [`ModelError::Unusable`] naming the file and what is wrong with it.
    pub(crate) fn load(artifact: &Artifact, settings: &LoadSettings) -> Result<Self, ModelError> {
        let _guard = tch::no_grad_guard();
        let unusable = |name: &'static str| move |problem| artifact.unusable(name, problem);
        let config = EncoderConfig::parse(artifact.file(CONFIG)?).map_err(unusable(CONFIG))?;
        let window = settings.max_tokens.map_or(config.window(), |most| most.get().min(config.window()));
        let reader =
            TextReader::new(artifact.file(TOKENIZER)?, window, config.vocabulary, config.head, settings.long_texts)
                .map_err(unusable(TOKENIZER))?;
        let budget = match settings.device {
            Device::CPU => CPU_BUDGET,
            _ => CUDA_BUDGET,
        };
        let kind = kind(settings.precision, settings.device);
        if settings.device == Device::CPU {
            // Each core runs batches of its own: none waits for another at the end of each operator, and what a batch amounts to does not
            // depend on the number of cores.
            tch::set_num_threads(1);
            libtorch::keep_memory();
        }
        let placement = Placement { device: settings.device, kind, rows: budget as i64 };
        let network = load(Weights::open(artifact)?, &config, placement)?;
        Ok(Self { config, network, reader: Arc::new(reader), placement, budget })
    }

    /// Logits of each window: `[classes]` of a sequence, `[tokens][classes]` of tokens.
    fn logits(&mut self, windows: &[&[u32]]) -> Result<Vec<Vec<f32>>, ModelError> {
        let lengths: Vec<usize> = windows.iter().map(|window| window.len()).collect();
        let mut logits = vec![Vec::new(); windows.len()];
        let mut scatter = |batch: &Batch, rows: &[f32]| {
            let mut rows = rows;
            for &window in &batch.windows {
                let (own, rest) = rows.split_at(self.config.num_logits(lengths[window]).min(rows.len()));
                logits[window] = own.to_vec();
                rows = rest;
            }
        };
        if self.placement.device == Device::CPU {
            let batches = Vec::from(plan(0..windows.len(), &lengths, self.budget));
            let shared = Shared(self);
            let run = |batch: &Batch| shared.forward(batch, windows);
            let rows = batches.par_iter().with_max_len(1).map(run).collect::<Result<Vec<_>, _>>()?;
            batches.iter().zip(&rows).for_each(|(batch, rows)| scatter(batch, rows));
        } else {
            let mut budget = self.budget;
            let run = |batch: &Batch| self.forward(batch, windows).map(|rows| scatter(batch, &rows));
            run_all(&lengths, &mut budget, ModelError::is_want_of_memory, run)?;
            self.budget = budget;
        }
        Ok(logits)
    }

    /// Logits of a batch's windows, in its order.
    fn forward(&self, batch: &Batch, windows: &[&[u32]]) -> Result<Vec<f32>, ModelError> {
        let _guard = tch::no_grad_guard();
        let num_tokens = batch.num_tokens();
        let num_spare = match self.placement.device {
            Device::CPU => num_tokens.next_multiple_of(ROW_STEP) - num_tokens,
            _ => 0,
        };
        let tokens = batch.windows.iter().flat_map(|&window| windows[window]);
        // The reader's tokens are all in the network's vocabulary, which is far smaller than 2³¹.
        let mut ids: Vec<i32> = tokens.map(|&id| i32::try_from(id).unwrap_or(0)).collect();
        let place = |token: usize| self.config.first_position as i32 + token as i32;
        let lengths = batch.groups.iter().flat_map(|group| std::iter::repeat_n(group.length, group.windows));
        let mut positions: Vec<i32> = lengths.flat_map(|length| (0..length).map(place)).collect();
        ids.resize(num_tokens + num_spare, 0);
        positions.resize(num_tokens + num_spare, place(0));
        let device = self.placement.device;
        let (ids, positions) = (upload(&ids, device)?, upload(&positions, device)?);
        let input = Input { ids, positions, groups: batch.groups.clone(), num_spare };
        let logits = self.network.forward(&input, &self.config).map_err(ModelError::torch("run a batch"))?;
        download(&logits)
    }

    /// What becomes of a text whose windows have these logits.
    fn conclude(&self, text: &ReadText, logits: &[Vec<f32>]) -> Labelled {
        if let (Task::Extraction(scheme), Some(words)) = (&self.config.task, &text.words) {
            return extract(scheme, words, logits, text.truncated);
        }
        let num_tokens = |window: &Vec<u32>| window.len() as f32;
        let total: f32 = text.windows.iter().map(num_tokens).sum();
        let mut scores = vec![0.0; self.config.num_logits(1)];
        for (window, logits) in text.windows.iter().zip(logits) {
            let share = num_tokens(window) / total;
            for (sum, score) in scores.iter_mut().zip(activated(&self.config.task, logits)) {
                *sum += share * score;
            }
        }
        self.config.task.predict(scores, text.truncated)
    }
}

/// An encoder that several threads work with, on the CPU.
struct Shared<'a>(&'a Encoder);

// SAFETY: `forward` only reads the encoder. Tensors that nobody writes may be read from any thread: their reference counts are
// atomic, and neither libtorch's operators nor oneDNN's kernels change their arguments. `tch` leaves `Sync` out because its tensors
// can be written through a shared reference, which nothing here does.
unsafe impl Sync for Shared<'_> {}

impl Shared<'_> {
    fn forward(&self, batch: &Batch, windows: &[&[u32]]) -> Result<Vec<f32>, ModelError> {
        self.0.forward(batch, windows)
    }
}

/// Brain floats where the device is made for them.
fn kind(precision: Precision, device: Device) -> Kind {
    match precision {
        Precision::F32 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
        Precision::Auto if device != Device::CPU || processor::has_bf16() => Kind::BFloat16,
        Precision::Auto => Kind::Float,
    }
}

/// Scores of logits.
fn activated(task: &Task, logits: &[f32]) -> Vec<f32> {
    match task {
        Task::Classification(_) | Task::Extraction(_) => softmax(logits),
        Task::MultiLabel(_) => logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect(),
        Task::Regression => logits.to_vec(),
    }
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn extract(scheme: &Scheme, words: &Words, logits: &[Vec<f32>], truncated: bool) -> Labelled {
    let classified = |place: &WordPlace| {
        let window = logits.get(place.window)?;
        let probabilities = softmax(window.get(place.token * scheme.len()..(place.token + 1) * scheme.len())?);
        let (class, score) = likeliest(&probabilities)?;
        score.is_finite().then_some(Word { span: place.span, class, score })
    };
    let words_found: Option<Vec<Word>> = words.places.iter().map(classified).collect();
    let found = entities(&words.text, &words_found.ok_or(Unlabelled::NotANumber)?, scheme);
    Ok(Prediction { entities: found, truncated, ..Prediction::default() })
}

impl Model for Encoder {
    fn task(&self) -> &Task {
        &self.config.task
    }

    fn reader(&self) -> Arc<dyn Reader> {
        self.reader.clone()
    }

    fn label(&mut self, texts: ReadTexts) -> Result<Vec<Labelled>, ModelError> {
        let ReadInput::Windows(texts) = texts.0 else { return Err(ModelError::ForeignInput) };
        let windows: Vec<&[u32]> =
            texts.iter().flatten().flat_map(|text| text.windows.iter().map(Vec::as_slice)).collect();
        let logits = self.logits(&windows)?;
        let mut logits = logits.as_slice();
        let mut starts = Vec::with_capacity(texts.len());
        for text in &texts {
            let (own, rest) = logits.split_at(text.as_ref().map_or(0, |text| text.windows.len()));
            starts.push(own);
            logits = rest;
        }
        let conclude = |(text, logits): (Result<ReadText, Unlabelled>, &[Vec<f32>])| self.conclude(&text?, logits);
        Ok(texts.into_iter().zip(starts).map(conclude).collect())
    }
}

impl Reader for TextReader {
    fn read(&self, texts: &[&str]) -> ReadTexts {
        ReadTexts(ReadInput::Windows(texts.par_iter().map(|text| TextReader::read(self, text)).collect()))
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
