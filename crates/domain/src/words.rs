//! How many reviews use which words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Distinct words held while counting; above, those of a single review are forgotten.
const MAX_WORDS: usize = 1 << 18;

/// How many reviews use which words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordCounts {
    /// Reviews that were looked at.
    pub reviews: u64,
    /// Reviews that hold a word, by the word: content words in lower case.
    pub words: BTreeMap<String, u64>,
}

impl WordCounts {
    /// Reviews that are looked at, of many: words that matter are in one of a hundred at least.
    pub const SAMPLE: usize = 20_000;
    /// Reviews in which a word must be before anybody is shown it: what a single person wrote stays with that person.
    pub const LEAST_REVIEWS: u64 = 5;

    /// Counts a review by its content words. Words of anything but letters are left out: numbers, addresses, codes.
    pub fn add<'a>(&mut self, content_words: impl Iterator<Item = &'a str>) {
        self.reviews += 1;
        let is_word = |word: &&str| word.chars().nth(1).is_some() && word.chars().all(char::is_alphabetic);
        let mut words: Vec<&str> = content_words.filter(is_word).collect();
        words.sort_unstable();
        words.dedup();
        for word in words {
            match self.words.get_mut(word) {
                Some(count) => *count += 1,
                None => drop(self.words.insert(word.to_owned(), 1)),
            }
        }
        if self.words.len() > MAX_WORDS {
            self.words.retain(|_, count| *count > 1);
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.reviews += other.reviews;
        other.words.iter().for_each(|(word, count)| *self.words.entry(word.clone()).or_default() += count);
    }

    /// The words in the most reviews, at most `most` of them, each in [`Self::LEAST_REVIEWS`] or more; of equals the first by alphabet.
    pub fn most_used(mut self, most: usize) -> Self {
        self.words.retain(|_, count| *count >= Self::LEAST_REVIEWS);
        let mut counts: Vec<(String, u64)> = self.words.into_iter().collect();
        counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        counts.truncate(most);
        Self { reviews: self.reviews, words: counts.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_once_a_review_and_only_if_it_is_of_letters() {
        let mut counts = WordCounts::default();
        counts.add(["good", "good", "a", "555", "b2b", "niño"].into_iter());
        counts.add(["good"].into_iter());
        let expected = [("good".to_owned(), 2), ("niño".to_owned(), 1)];
        assert_eq!((counts.reviews, counts.words), (2, expected.into()));
    }

    #[test]
    fn only_words_of_several_reviews_are_kept() {
        let mut counts = WordCounts::default();
        (0..6).for_each(|n| counts.add(["screen", "battery"].into_iter().take(1 + n % 2)));
        (0..5).for_each(|_| counts.add(["zoom", "anna"].into_iter().take(1)));
        let kept = counts.clone().most_used(10);
        assert_eq!(kept.words.keys().collect::<Vec<_>>(), ["screen", "zoom"], "`battery` is in three");
        assert_eq!(counts.most_used(1).words.keys().collect::<Vec<_>>(), ["screen"]);
    }
}
