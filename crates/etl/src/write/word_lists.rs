//! A column of word lists, as numbers.

use tamiz_text::WordId;

/// A list of words for each row: of their numbers in the vocabulary, or of their places in a dictionary.
#[derive(Debug)]
pub(crate) struct WordLists<T = WordId> {
    words: Vec<T>,
    /// Where each row's list ends among the words.
    ends: Vec<usize>,
}

impl<T: Copy> WordLists<T> {
    pub(crate) fn with_capacity(num_rows: usize, num_words: usize) -> Self {
        Self { words: Vec::with_capacity(num_words), ends: Vec::with_capacity(num_rows) }
    }

    /// Appends the list of one row.
    pub(crate) fn push(&mut self, list: &[T]) {
        self.words.extend_from_slice(list);
        self.ends.push(self.words.len());
    }

    pub(crate) fn num_rows(&self) -> usize {
        self.ends.len()
    }

    /// All words, one list after the other.
    pub(crate) fn all_words(&self) -> &[T] {
        &self.words
    }

    /// Length of each row's list.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        (0..self.num_rows()).map(|row| self.ends[row] - self.start(row))
    }

    /// Where the list of `row` starts among the words.
    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// The rows that are to be kept.
    pub(crate) fn filter(&self, keep: &[bool]) -> Self {
        let mut kept = Self::with_capacity(self.num_rows(), self.words.len());
        for (row, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
            kept.push(&self.words[self.start(row)..self.ends[row]]);
        }
        kept
    }

    /// Of `values`, one beside each word, those in rows that are to be kept.
    pub(crate) fn filter_beside<V: Copy>(&self, keep: &[bool], values: &[V]) -> Vec<V> {
        let kept = keep.iter().enumerate().filter(|(_, keep)| **keep);
        kept.flat_map(|(row, _)| &values[self.start(row)..self.ends[row]]).copied().collect()
    }

    /// The lists without the words that are not marked.
    pub(crate) fn select(mut self, is_kept: &[bool]) -> Self {
        let (mut start, mut num_kept) = (0, 0);
        for end in &mut self.ends {
            // Every word is stored and only then kept or overwritten: which ones are marked is hard to predict.
            for (at, &is_kept) in (start..).zip(&is_kept[start..*end]) {
                self.words[num_kept] = self.words[at];
                num_kept += usize::from(is_kept);
            }
            start = std::mem::replace(end, num_kept);
        }
        self.words.truncate(num_kept);
        self
    }

    /// The same lists of what `change` makes of each word, in order.
    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> WordLists<U> {
        // Numbers of one size are replaced where they are: nothing is allocated.
        WordLists { words: self.words.into_iter().map(change).collect(), ends: self.ends }
    }
}
