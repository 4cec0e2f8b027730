//! A column of word lists, as numbers.

use tamiz_text::WordId;

/// A list of words for each row.
#[derive(Debug, Default)]
pub(crate) struct WordLists {
    words: Vec<WordId>,
    /// Where each row's list ends among the words.
    ends: Vec<usize>,
}

impl WordLists {
    pub(crate) fn with_capacity(num_rows: usize, num_words: usize) -> Self {
        Self { words: Vec::with_capacity(num_words), ends: Vec::with_capacity(num_rows) }
    }

    /// Appends the list of one row.
    pub(crate) fn push(&mut self, list: &[WordId]) {
        self.words.extend_from_slice(list);
        self.ends.push(self.words.len());
    }

    pub(crate) fn num_rows(&self) -> usize {
        self.ends.len()
    }

    /// The words of rows `first..last`, one list after the other.
    pub(crate) fn words(&self, first: usize, last: usize) -> &[WordId] {
        &self.words[self.start(first)..self.start(last)]
    }

    /// Length of each list of rows `first..last`.
    pub(crate) fn lengths(&self, first: usize, last: usize) -> impl Iterator<Item = usize> + Clone + '_ {
        (first..last).map(|row| self.ends[row] - self.start(row))
    }

    /// Where the list of `row` starts, or, for the row after the last one, where all end.
    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// The rows that are to be kept.
    pub(crate) fn filter(&self, keep: &[bool]) -> Self {
        let mut kept = Self::with_capacity(self.num_rows(), self.words.len());
        for (row, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
            kept.push(self.words(row, row + 1));
        }
        kept
    }
}
