//! The network while it is trained: gradients, steps, validation, and where it was.

use tch::{Reduction, TchError, Tensor};

use super::super::config::EncoderConfig;
use super::super::input::Input;
use super::super::layers::{Dropout, Placement};
use super::super::load::build;
use super::super::model::kind;
use super::super::network::Network;
use super::super::packing::{Batch, plan};
use super::super::weights::Weights;
use super::adamw::AdamW;
use super::checkpoint::{self, Checkpoint, Position};
use super::parameters::{Parameter, Parameters};
use super::rows::{NO_TARGET, Rows};
use super::settings::TrainingSettings;
use crate::artifact::Artifact;
use crate::tensors::{download, upload};
use crate::{Device, ModelError, libtorch};

/// Tokens that go through the network at once; a step's gradients are summed over as many of these as it takes.
const TOKENS_AT_ONCE: usize = 4_096;

/// The network and what is done with it.
pub(super) struct Trainer<'a> {
    config: &'a EncoderConfig,
    network: Network,
    pub parameters: Vec<Parameter>,
    /// Which of them is the table of tokens: its gradient is put together from the rows that occur.
    table: usize,
    optimiser: AdamW,
    class_weights: &'a [f32],
    placement: Placement,
    seed: u64,
    dropout: Dropout,
    /// The masters of the best epoch so far; empty before the first.
    best: Vec<Tensor>,
    _cores: Cores,
}

impl<'a> Trainer<'a> {
    /// Puts the encoder of a folder on the device, with a head for as many classes as have weights.
    pub fn new(
        init: &Artifact,
        config: &'a EncoderConfig,
        settings: &TrainingSettings,
        class_weights: &'a [f32],
        device: Device,
    ) -> Result<Self, ModelError> {
        let cores = Cores::all();
        if device == Device::CPU {
            libtorch::keep_memory();
        }
        tch::manual_seed(settings.seed as i64);
        let kind = kind(settings.precision, device);
        let placement = Placement { device, kind, rows: TOKENS_AT_ONCE as i64 };
        let weights = Weights::open_to_train(init, config.family.prefix())?;
        let mut source = Parameters { weights, placement, all: Vec::new() };
        let dropout = Dropout(settings.dropout);
        let network = build(&mut source, config, placement, dropout)?;
        let parameters = source.all;
        let table = parameters.iter().position(|one| one.names[0].ends_with("word_embeddings.weight")).unwrap_or(0);
        let optimiser = AdamW::new(&parameters, settings.weight_decay, settings.max_norm)
            .map_err(ModelError::torch("make the optimiser"))?;
        let seed = settings.seed;
        Ok(Self {
            config,
            network,
            parameters,
            table,
            optimiser,
            class_weights,
            placement,
            seed,
            dropout,
            best: Vec::new(),
            _cores: cores,
        })
    }

    /// Takes a step on some rows. Answers their mean loss under the classes' weights.
    pub fn step(&mut self, rows: &Rows, step: &[usize], rate: f64, number: usize) -> Result<f64, ModelError> {
        // From its number, so that a step does not depend on where training began.
        tch::manual_seed((self.seed as i64).wrapping_add(1 + number as i64));
        let (loss, gradients) = self.gradients(rows, step)?;
        let stepped = self.optimiser.step(&mut self.parameters, &gradients, rate);
        stepped.map_err(ModelError::torch("take a step"))?;
        Ok(loss)
    }

    /// Mean loss of some rows under the classes' weights, and its gradient for each parameter.
    pub fn gradients(&self, rows: &Rows, step: &[usize]) -> Result<(f64, Vec<Tensor>), ModelError> {
        let total: f32 = step.iter().flat_map(|&row| rows.classes(row)).map(|class| self.class_weights[class]).sum();
        // A step of texts without a word has no loss.
        let total = if total > 0.0 { total } else { 1.0 };
        let zeros = |parameter: &Parameter| parameter.master.f_zeros_like();
        let zeros = self.parameters.iter().map(zeros).collect::<Result<Vec<_>, _>>();
        let mut gradients = zeros.map_err(ModelError::torch("make room for gradients"))?;
        let mut loss = 0.0;
        for batch in plan(step.iter().copied(), &rows.lengths, TOKENS_AT_ONCE) {
            let input = self.upload(&batch, rows)?;
            let targets: Vec<i64> = batch.windows.iter().flat_map(|&row| rows.targets(row)).copied().collect();
            let targets = upload(&targets, self.placement.device)?;
            loss += self
                .add_gradients(&input, &targets, f64::from(total), &mut gradients)
                .map_err(ModelError::torch("compute gradients"))?;
        }
        Ok((loss, gradients))
    }

    /// Adds the gradients of a batch's part of the loss to those that are there. Answers that part.
    fn add_gradients(
        &self,
        input: &Input,
        targets: &Tensor,
        total: f64,
        gradients: &mut [Tensor],
    ) -> Result<f64, TchError> {
        // The table of tokens is by far the largest parameter, and few of its rows occur: these alone are differentiated.
        let rows = tch::no_grad(|| self.network.embeddings.of_tokens(input))?.f_set_requires_grad(true)?;
        let logits = self.network.forward_embedded(&rows, input, self.config.activation)?;
        let loss = (self.loss(&logits, targets)? / total).f_sum(None)?;
        let others = || self.parameters.iter().enumerate().filter(|(index, _)| *index != self.table);
        let inputs: Vec<&Tensor> = [&rows].into_iter().chain(others().map(|(_, one)| &one.worker)).collect();
        let mut found = Tensor::f_run_backward(&[&loss], &inputs, false, false)?.into_iter();
        let _guard = tch::no_grad_guard();
        if let Some(found) = found.next() {
            let _ = gradients[self.table].f_index_add_(0, &input.ids, &found)?;
        }
        for ((index, _), found) in others().zip(found) {
            let _ = gradients[index].f_add_(&found)?;
        }
        loss.f_double_value(&[])
    }

    /// Sum of the targets' losses, in nats, under the classes' weights.
    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor, TchError> {
        let weights = Tensor::f_from_slice(self.class_weights)?.f_to_device(logits.device())?;
        logits.f_cross_entropy_loss(targets, Some(&weights), Reduction::Sum, NO_TARGET, 0.0)
    }

    /// Mean loss under the classes' weights, and the share of targets that are met.
    pub fn evaluate(&mut self, rows: &Rows) -> Result<(f64, f64), ModelError> {
        let logits = self.logits(rows)?;
        let (mut loss, mut total, mut hits, mut count) = (0.0, 0.0, 0, 0_usize);
        for (logits, class) in rows.with_classes(logits.chunks_exact(self.class_weights.len())) {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = logits.iter().map(|&logit| f64::from(logit - largest).exp()).sum();
            let weight = f64::from(self.class_weights[class]);
            loss += weight * (sum.ln() - f64::from(logits[class] - largest));
            total += weight;
            hits += usize::from(logits.iter().position(|&logit| logit == largest) == Some(class));
            count += 1;
        }
        Ok((loss / total, hits as f64 / count as f64))
    }

    /// Logits of rows, end to end, nothing zeroed: as many of each as it has targets.
    pub fn logits(&mut self, rows: &Rows) -> Result<Vec<f32>, ModelError> {
        let _guard = tch::no_grad_guard();
        self.set_dropout(Dropout::NONE);
        let classes = self.class_weights.len();
        let mut all = vec![0.0; rows.num_targets() * classes];
        for batch in plan(0..rows.len(), &rows.lengths, TOKENS_AT_ONCE) {
            let input = self.upload(&batch, rows)?;
            let run = || self.network.forward(&input, self.config.activation);
            let logits: Vec<f32> = download(&run().map_err(ModelError::torch("validate"))?)?;
            let mut logits = logits.as_slice();
            for &row in &batch.windows {
                let own = rows.range(row);
                let (first, rest) = logits.split_at(own.len() * classes);
                all[own.start * classes..own.end * classes].copy_from_slice(first);
                logits = rest;
            }
        }
        self.set_dropout(self.dropout);
        Ok(all)
    }

    fn upload(&self, batch: &Batch, rows: &Rows) -> Result<Input, ModelError> {
        let add = |row: usize, ids: &mut Vec<i32>| rows.add_tokens(row, ids);
        Input::upload(batch, add, self.config.first_position, 1, self.placement.device)
    }

    fn set_dropout(&mut self, dropout: Dropout) {
        self.network.dropout = dropout;
        self.network.heads.dropout = dropout;
    }

    /// Keeps copies of all masters as the best so far.
    pub fn keep_best(&mut self) -> Result<(), ModelError> {
        let copy = |parameter: &Parameter| parameter.master.f_detach_copy();
        let copies: Result<Vec<_>, TchError> = self.parameters.iter().map(copy).collect();
        self.best = copies.map_err(ModelError::torch("keep the weights"))?;
        Ok(())
    }

    /// Puts the weights of the best epoch back.
    pub fn return_to_best(&mut self) -> Result<(), ModelError> {
        let mut put_back = || -> Result<(), TchError> {
            let _guard = tch::no_grad_guard();
            for (parameter, best) in self.parameters.iter_mut().zip(&self.best) {
                parameter.master.f_copy_(best)?;
                parameter.refresh()?;
            }
            Ok(())
        };
        put_back().map_err(ModelError::torch("return to the best weights"))
    }

    /// Everything that later steps depend on, with the names that it has in a checkpoint.
    fn state(&self) -> Vec<(String, &Tensor)> {
        let masters = self.parameters.iter().map(|parameter| &parameter.master).enumerate();
        let mut state: Vec<_> = masters.map(|(index, tensor)| (format!("master.{index}"), tensor)).collect();
        state.extend(self.optimiser.state());
        state.extend(self.best.iter().enumerate().map(|(index, tensor)| (format!("best.{index}"), tensor)));
        state
    }

    /// A checkpoint of where it is.
    pub fn checkpoint(&self, fingerprint: &str, position: &Position) -> Result<Vec<u8>, ModelError> {
        checkpoint::write(fingerprint, position, &self.state())
    }

    /// Goes back to where a checkpoint of this training was written; not at all if it is none.
    pub fn restore(&mut self, bytes: &[u8], fingerprint: &str) -> Result<Option<Position>, ModelError> {
        let Some(checkpoint) = Checkpoint::read(bytes, fingerprint) else { return Ok(None) };
        if checkpoint.position.best.is_some() {
            self.keep_best()?;
        }
        let mut restore = || -> Result<bool, TchError> {
            let _guard = tch::no_grad_guard();
            let mut found = Vec::new();
            for (name, tensor) in self.state() {
                let Some(content) = checkpoint.tensor(&name, &tensor.size())? else { return Ok(false) };
                found.push((tensor.shallow_clone(), content));
            }
            for (mut tensor, content) in found {
                tensor.f_copy_(&content)?;
            }
            self.parameters.iter_mut().try_for_each(Parameter::refresh)?;
            Ok(true)
        };
        let is_restored = restore().map_err(ModelError::torch("restore a checkpoint"))?;
        Ok(is_restored.then_some(checkpoint.position))
    }
}

/// libtorch works with all cores while this lives, whatever it was told before.
struct Cores {
    before: i32,
}

impl Cores {
    fn all() -> Self {
        let before = tch::get_num_threads();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        tch::set_num_threads(i32::try_from(cores).unwrap_or(1));
        Self { before }
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        tch::set_num_threads(self.before);
    }
}
