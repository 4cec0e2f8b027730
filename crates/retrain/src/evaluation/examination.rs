//! Everything that a model is judged by.

use tamiz_domain::{Behaviour, Slice};
use tamiz_models::{Model, ModelError};

use super::Evaluation;
use super::behaviour::behaviour;
use super::figures::evaluate;
use super::slices::{Group, slices};
use crate::data::Rows;

/// What a model does on the hold-out.
#[derive(Debug)]
pub(crate) struct Examination {
    /// Figures of all rows, and what it says of each.
    pub evaluation: Evaluation,
    /// Figures of each group of rows.
    pub slices: Vec<Slice>,
    /// What it bears.
    pub behaviour: Vec<Behaviour>,
    /// Size of its weights in bytes.
    pub weight_bytes: u64,
}

/// Examines a model on some of the rows, which `groups` divides; `seed` decides how texts are changed.
///
/// # Errors
/// [`ModelError`] of the model.
pub(crate) fn examine(
    model: &mut dyn Model,
    weight_bytes: usize,
    rows: &Rows,
    which: &[usize],
    groups: &[Group],
    seed: u64,
) -> Result<Examination, ModelError> {
    let evaluation = evaluate(model, rows, which)?;
    let slices = slices(groups, rows, which, &evaluation);
    let behaviour = behaviour(model, rows, which, &evaluation.answers, seed)?;
    Ok(Examination { evaluation, slices, behaviour, weight_bytes: weight_bytes as u64 })
}
