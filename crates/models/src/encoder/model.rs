//! A loaded encoder.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;
use tch::{Kind, Tensor};

use super::budget;
use super::config::EncoderConfig;
use super::input::Input;
use super::layers::Placement;
use super::load::load;
use super::network::Network;
use super::packing::{Batch, plan, run_all};
use super::reading::{ReadText, TextReader};
use super::weights::Weights;
use crate::artifact::{Artifact, CONFIG, TOKENIZER};
use crate::model::{Input as ReadInput, LoadSettings, Model, Pending, ReadTexts, Reader};
use crate::task::{Task, Unlabelled};
use crate::tensors::download;
use crate::{Device, ModelError, Precision, libtorch, processor};

/// Tokens of a batch on the CPU: enough rows for a product to be at full speed, few enough for the caches.
const CORE_BUDGET: usize = 2_048;
/// oneDNN makes a kernel for each number of rows that it meets: there are to be few.
const CORE_ROW_STEP: usize = 256;
/// Tokens of a batch on a GPU, between which the best is found.
const QUEUE_BUDGETS: [usize; 2] = [4_096, 262_144];
/// Tokens of a text with which it is found; what reviews have.
const TYPICAL_LENGTH: usize = 128;

/// A BERT, DistilBERT, RoBERTa or XLM-RoBERTa with its head.
pub(crate) struct Encoder {
    config: Arc<EncoderConfig>,
    network: Network,
    reader: Arc<TextReader>,
    placement: Placement,
    work: Work,
    /// Tokens of a batch at most.
    budget: usize,
}

/// How batches get through the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Each core runs batches of its own: none waits for another at the end of each operator, and what a batch amounts to does not
    /// depend on the number of cores.
    Cores,
    /// Batches are queued at a device, which works through them while the host goes on.
    Queue,
}

/// A batch that is under way.
struct Launched {
    /// As [`Batch::windows`].
    windows: Vec<usize>,
    /// Row by row those of the windows, in their order.
    logits: Tensor,
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
        let (work, usual) = match settings.device {
            Device::CPU => (Work::Cores, CORE_BUDGET),
            _ => (Work::Queue, QUEUE_BUDGETS[0]),
        };
        let budget = settings.batch_tokens.map_or(usual, NonZeroUsize::get);
        if work == Work::Cores {
            tch::set_num_threads(1);
            libtorch::keep_memory();
        }
        let kind = kind(settings.precision, settings.device);
        let placement = Placement { device: settings.device, kind, rows: budget as i64 };
        let network = load(Weights::open(artifact)?, &config, placement)?;
        let mut encoder = Self { config: Arc::new(config), network, reader: Arc::new(reader), placement, work, budget };
        if work == Work::Queue && settings.batch_tokens.is_none() {
            encoder.budget = encoder.best_budget(window.min(TYPICAL_LENGTH))?;
        }
        Ok(encoder)
    }

    /// The tokens of a batch with which the device is at its best, tried with texts of a length.
    fn best_budget(&self, length: usize) -> Result<usize, ModelError> {
        let [smallest, largest] = QUEUE_BUDGETS;
        budget::find(smallest, largest, |tokens| {
            let text = vec![0; length];
            let windows = vec![text.as_slice(); tokens / length];
            let run = || -> Result<(), ModelError> {
                let batches = plan(0..windows.len(), &vec![length; windows.len()], tokens);
                batches.iter().try_for_each(|batch| download(&self.forward(batch, &windows)?).map(drop))
            };
            // The first time, kernels are chosen and memory is taken.
            let timed = run().and_then(|()| {
                let started = Instant::now();
                run().map(|()| started.elapsed().as_secs_f64())
            });
            match timed {
                Ok(seconds) => Ok(Some(tokens as f64 / seconds.max(f64::MIN_POSITIVE))),
                Err(error) if error.is_want_of_memory() => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// Sends windows through the network.
    fn launch(&mut self, windows: &[&[u32]]) -> Result<Vec<Launched>, ModelError> {
        let lengths: Vec<usize> = windows.iter().map(|window| window.len()).collect();
        match self.work {
            Work::Cores => {
                let batches = Vec::from(plan(0..windows.len(), &lengths, self.budget));
                let shared = Shared(self);
                let run =
                    |batch: Batch| Ok(Launched { logits: shared.forward(&batch, windows)?, windows: batch.windows });
                batches.into_par_iter().with_max_len(1).map(run).collect()
            }
            Work::Queue => {
                let mut launched = Vec::new();
                let mut budget = self.budget;
                run_all(&lengths, &mut budget, ModelError::is_want_of_memory, |batch| {
                    let logits = self.forward(batch, windows)?;
                    launched.push(Launched { logits, windows: batch.windows.clone() });
                    Ok(())
                })?;
                self.budget = budget;
                Ok(launched)
            }
        }
    }

    /// Logits of a batch's windows, in its order.
    fn forward(&self, batch: &Batch, windows: &[&[u32]]) -> Result<Tensor, ModelError> {
        let _guard = tch::no_grad_guard();
        let step = match self.work {
            Work::Cores => CORE_ROW_STEP,
            Work::Queue => 1,
        };
        let add = |window: usize, ids: &mut Vec<i32>| Input::add_window(windows[window], ids);
        let input = Input::upload(batch, add, self.config.first_position, step, self.placement.device)?;
        self.network.forward(&input, self.config.activation).map_err(ModelError::torch("run a batch"))
    }
}

/// Waits for the logits of windows of these lengths: `[classes]` of a sequence, `[tokens][classes]` of tokens.
fn collect(launched: &[Launched], lengths: &[usize], config: &EncoderConfig) -> Result<Vec<Vec<f32>>, ModelError> {
    let mut logits = vec![Vec::new(); lengths.len()];
    for batch in launched {
        let rows = download(&batch.logits)?;
        let mut rows = rows.as_slice();
        for &window in &batch.windows {
            let (own, rest) = rows.split_at(config.num_logits(lengths[window]).min(rows.len()));
            logits[window] = own.to_vec();
            rows = rest;
        }
    }
    Ok(logits)
}

/// An encoder that several threads work with, on the CPU.
struct Shared<'a>(&'a Encoder);

// SAFETY: `forward` only reads the encoder. Tensors that nobody writes may be read from any thread: their reference counts are
// atomic, and neither libtorch's operators nor oneDNN's kernels change their arguments. `tch` leaves `Sync` out because its tensors
// can be written through a shared reference, which nothing here does.
unsafe impl Sync for Shared<'_> {}

impl Shared<'_> {
    fn forward(&self, batch: &Batch, windows: &[&[u32]]) -> Result<Tensor, ModelError> {
        self.0.forward(batch, windows)
    }
}

/// Brain floats where the device is made for them.
pub(super) fn kind(precision: Precision, device: Device) -> Kind {
    match precision {
        Precision::F32 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
        Precision::Auto if device != Device::CPU || processor::has_bf16() => Kind::BFloat16,
        Precision::Auto => Kind::Float,
    }
}

impl Model for Encoder {
    fn task(&self) -> &Task {
        &self.config.task
    }

    fn reader(&self) -> Arc<dyn Reader> {
        self.reader.clone()
    }

    fn begin(&mut self, texts: ReadTexts) -> Result<Pending, ModelError> {
        let ReadInput::Windows(texts) = texts.0 else { return Err(ModelError::ForeignInput) };
        let windows: Vec<&[u32]> =
            texts.iter().flatten().flat_map(|text| text.windows.iter().map(Vec::as_slice)).collect();
        let launched = self.launch(&windows)?;
        let lengths: Vec<usize> = windows.iter().map(|window| window.len()).collect();
        let config = self.config.clone();
        Ok(Pending::new(move || {
            let logits = collect(&launched, &lengths, &config)?;
            let mut logits = logits.as_slice();
            let conclude = |text: Result<ReadText, Unlabelled>| {
                let text = text?;
                let (own, rest) = logits.split_at(text.windows.len().min(logits.len()));
                logits = rest;
                config.conclude(&text, own)
            };
            Ok(texts.into_iter().map(conclude).collect())
        }))
    }

    fn workings(&self) -> String {
        let attention = self.network.attention;
        format!("{:?}, attention {attention:?}, batches of {} tokens", self.placement.kind, self.budget)
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
