//! What the flags ask for, architecture by architecture.

use tamiz_models::{ngram, transformer};
use tamiz_ports::ObjectUri;

/// What the flags ask for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plan {
    /// From nothing.
    Ngram(ngram::TrainingSettings),
    /// From the encoder that lies at a place.
    Transformer(transformer::TrainingSettings, ObjectUri),
}
