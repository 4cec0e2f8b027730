//! How an encoder is trained.

use crate::Precision;
use crate::training::Balance;

/// How to train.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSettings {
    /// Tokens of a text that are read, special ones included; the encoder's own window at most.
    pub max_tokens: usize,
    /// Passes over the rows at most.
    pub epochs: usize,
    /// Step size at its highest, after the warm-up.
    pub learning_rate: f64,
    /// Share of the steps over which the step size rises.
    pub warm_up: f64,
    /// How strongly weights are drawn towards zero.
    pub weight_decay: f64,
    /// Length that gradients are cut to.
    pub max_norm: f64,
    /// Probability that a number is zeroed.
    pub dropout: f64,
    /// Rows of a step.
    pub step_rows: usize,
    /// Classes of unequal size.
    pub balance: Balance,
    /// Epochs without a better validation loss after which training ends.
    pub patience: usize,
    /// Decides order, first weights of the head, and what is zeroed.
    pub seed: u64,
    /// Number format of the products.
    pub precision: Precision,
}
