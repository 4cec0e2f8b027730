//! Labelled texts as the network reads them.

use rayon::prelude::*;

use super::super::reading::TextReader;
use crate::ModelError;
use crate::training::Example;

/// Texts as the network reads them.
pub(super) struct Rows {
    pub windows: Vec<Vec<u32>>,
    pub lengths: Vec<usize>,
    pub classes: Vec<usize>,
}

impl Rows {
    /// Reads texts on all cores, each as its first window.
    pub fn read(examples: &[Example<'_>], reader: &TextReader) -> Result<Self, ModelError> {
        let read = |example: &Example<'_>| {
            let read = reader.read(example.text).map(|text| text.windows.into_iter().next().unwrap_or_default());
            read.map_err(|why| ModelError::InvalidTraining { why: why.to_string() })
        };
        let windows = examples.par_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let lengths = windows.iter().map(Vec::len).collect();
        Ok(Self { windows, lengths, classes: examples.iter().map(|example| example.class).collect() })
    }
}
