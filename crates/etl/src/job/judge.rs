//! Which texts repeat an earlier one of their split.

use tamiz_domain::Configuration;

use crate::clean::cleaner::finds_duplicates;
use crate::quality::duplicates::{Duplicate, DuplicateFinder};
use crate::quality::fingerprint::Fingerprint;

/// Sees the texts of a run in order. Splits are told apart, so that the answer is the same whoever cleans them.
pub(crate) struct Judge {
    finder: DuplicateFinder,
    split: usize,
}

impl Judge {
    /// None where nothing is to be done about repeated texts.
    pub(crate) fn new(configuration: &Configuration, records_per_split: usize) -> Option<Self> {
        finds_duplicates(&configuration.duplicates)
            .then(|| Self { finder: DuplicateFinder::new(&configuration.duplicates, records_per_split), split: 0 })
    }

    /// How each of these texts, all of one split, repeats an earlier one.
    pub(crate) fn judge(&mut self, split: usize, texts: &[Fingerprint]) -> Vec<Option<Duplicate>> {
        if split != self.split {
            self.finder.reset();
            self.split = split;
        }
        texts.iter().map(|text| self.finder.see(text)).collect()
    }
}
