//! Features of many texts, end to end: the form that an embedding bag takes.

use crate::task::Reading;

/// Features of several texts: the features of text `i` are `indices[starts[i]..starts[i + 1]]`.
#[derive(Debug, Clone)]
pub(crate) struct Bags {
    /// Rows of the embedding table. Libtorch takes signed numbers; 32 bits hold every table.
    pub indices: Vec<i32>,
    starts: Vec<usize>,
    /// How each text was read.
    pub readings: Vec<Reading>,
}

impl Default for Bags {
    fn default() -> Self {
        Self { indices: Vec::new(), starts: vec![0], readings: Vec::new() }
    }
}

impl Bags {
    /// Ends the current text: everything in `indices` since the last end belongs to it.
    pub fn end_text(&mut self, reading: Reading) {
        self.starts.push(self.indices.len());
        self.readings.push(reading);
    }

    /// Features of the text that is not ended yet.
    pub fn open_text(&self) -> &[i32] {
        &self.indices[self.starts.last().copied().unwrap_or(0)..]
    }

    /// Features of one text.
    #[cfg(test)]
    pub fn text(&self, index: usize) -> &[i32] {
        &self.indices[self.starts[index]..self.starts[index + 1]]
    }

    /// The end of each text.
    pub fn ends(&self) -> impl Iterator<Item = usize> {
        self.starts[1..].iter().copied()
    }

    /// Adds the texts of another set behind these.
    pub fn append(&mut self, other: &Self) {
        let shift = self.indices.len();
        self.indices.extend_from_slice(&other.indices);
        self.starts.extend(other.starts[1..].iter().map(|start| start + shift));
        self.readings.extend_from_slice(&other.readings);
    }

    /// Where each text begins, and at last where the last one ends: offsets of an embedding bag.
    pub fn offsets(&self) -> Vec<i32> {
        // A batch holds at most `max_tokens` times its rows; a table of features never nears 2³¹.
        self.starts.iter().map(|&start| i32::try_from(start).unwrap_or(i32::MAX)).collect()
    }

    /// One over the root of each text's number of features: the factor of [`super::network::TextTensors::pool`].
    pub fn scales(&self) -> Vec<f32> {
        scales(self.starts.windows(2).map(|ends| ends[1] - ends[0]))
    }
}

/// One over the root of each length; 1 for an empty text.
pub(super) fn scales(lengths: impl Iterator<Item = usize>) -> Vec<f32> {
    lengths.map(|length| 1.0 / (length.max(1) as f32).sqrt()).collect()
}
