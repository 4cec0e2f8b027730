//! From text to rows of the embedding table.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bags::Bags;
use super::known::Known;
use super::tokens::{self, each_token};
use crate::Problem;
use crate::task::Reading;

/// Longest n-gram that the rules allow.
const MAX_NGRAMS: usize = 5;
/// Texts that one task turns into features.
const TEXTS_PER_TASK: usize = 256;

/// How text becomes features, in full: part of `config.json`, so that a model explains itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturiserConfig {
    /// Name and version of the token rules: `words-1`.
    pub tokens: String,
    /// How an n-gram becomes a row: `fnv1a64-fmix64`.
    pub hash: String,
    /// Longest n-gram in words; all shorter ones are features too.
    pub ngrams: usize,
    /// Rows of the table, a power of two.
    pub buckets: usize,
    /// Tokens of a text that are read; a longer text is truncated, and flagged.
    pub max_tokens: usize,
}

impl FeaturiserConfig {
    const HASH: &str = "fnv1a64-fmix64";

    /// The current rules with the given sizes.
    pub fn new(ngrams: usize, buckets: usize) -> Self {
        Self { tokens: tokens::RULES.into(), hash: Self::HASH.into(), ngrams, buckets, max_tokens: 8_192 }
    }

    /// What is wrong with the configuration, if anything.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let wrong = |setting, why| Some(Problem::Setting { setting, why });
        match self {
            _ if self.tokens != tokens::RULES => wrong("tokens", "is not `words-1`, the rules of this program"),
            _ if self.hash != Self::HASH => wrong("hash", "is not `fnv1a64-fmix64`, the hash of this program"),
            _ if !(1..=MAX_NGRAMS).contains(&self.ngrams) => wrong("ngrams", "must be 1 to 5"),
            _ if !self.buckets.is_power_of_two() => wrong("buckets", "must be a power of two"),
            _ if !(1 << 8..=1 << 28).contains(&self.buckets) => wrong("buckets", "must be 2^8 to 2^28"),
            _ if !(1..=1 << 20).contains(&self.max_tokens) => wrong("max_tokens", "must be 1 to 2^20"),
            _ => None,
        }
    }
}

/// Turns texts into features; made from a configuration that was checked.
#[derive(Debug, Clone)]
pub struct Featuriser {
    ngrams: usize,
    mask: u64,
    max_tokens: usize,
    /// The n-grams that the training met; none before there was one.
    known: Option<Known>,
}

impl Featuriser {
    /// A featuriser for a configuration.
    ///
    /// # Errors
    /// [`Problem::Setting`].
    pub fn new(config: &FeaturiserConfig) -> Result<Self, Problem> {
        match config.problem() {
            Some(problem) => Err(problem),
            None => Ok(Self {
                ngrams: config.ngrams,
                mask: config.buckets as u64 - 1,
                max_tokens: config.max_tokens,
                known: None,
            }),
        }
    }

    /// The same, which tells known n-grams from unknown ones.
    pub(super) fn knowing(self, known: Known) -> Self {
        Self { known: Some(known), ..self }
    }

    /// Features of every text, in order, computed on all cores.
    pub(crate) fn bags<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Bags {
        let parts: Vec<Bags> = texts
            .par_chunks(TEXTS_PER_TASK)
            .map(|chunk| {
                let mut bags = Bags::default();
                chunk.iter().for_each(|text| self.add(text.as_ref(), &mut bags));
                bags
            })
            .collect();
        let mut all = Bags::default();
        all.indices.reserve_exact(parts.iter().map(|part| part.indices.len()).sum());
        parts.iter().for_each(|part| all.append(part));
        all
    }

    /// Adds one text. For each token the n-grams that end with it, shortest first.
    fn add(&self, text: &str, bags: &mut Bags) {
        let mut recent = [0_u64; MAX_NGRAMS];
        let (mut read, mut truncated) = (0_usize, false);
        each_token(text, |token| {
            if read == self.max_tokens {
                truncated = true;
                return false;
            }
            let mut gram = token;
            bags.indices.push(self.row(gram));
            for back in 1..self.ngrams.min(read + 1) {
                gram = fmix64(gram).wrapping_add(recent[(read - back) % MAX_NGRAMS]);
                bags.indices.push(self.row(gram));
            }
            recent[read % MAX_NGRAMS] = token;
            read += 1;
            true
        });
        let unknown_share = self.known.as_ref().map_or(0.0, |known| known.unknown_share(bags.open_text()));
        // `max_tokens` is 2^20 at most.
        bags.end_text(Reading { num_tokens: read as u32, unknown_share, truncated });
    }

    fn row(&self, gram: u64) -> i32 {
        // The mask keeps 28 bits at most.
        (fmix64(gram) & self.mask) as i32
    }
}

/// The finaliser of MurmurHash3 (public domain, Austin Appleby): spreads every bit over all others.
fn fmix64(mut x: u64) -> u64 {
    x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(ngrams: usize, text: &str) -> Vec<i32> {
        Featuriser::new(&FeaturiserConfig::new(ngrams, 1 << 20)).unwrap().bags(&[text]).indices
    }

    #[test]
    fn every_ngram_up_to_the_longest_is_one_feature() {
        assert_eq!(features(1, "a b c").len(), 3);
        assert_eq!(features(2, "a b c").len(), 5);
        assert_eq!(features(3, "a b c").len(), 6);
        assert_eq!(features(5, "a").len(), 1);
    }

    #[test]
    fn word_order_matters_and_case_does_not() {
        assert_eq!(features(2, "Not Good"), features(2, "not good"));
        let (a, b) = (features(2, "not good"), features(2, "good not"));
        assert!(a.contains(&b[0]) && !a.contains(&b[2]));
    }

    #[test]
    fn features_never_change_between_releases() {
        // Computed apart from this code: fmix64 of FNV-1a, the bigram as fmix64(fmix64(good) + not).
        assert_eq!(features(2, "not good"), [956_647, 566_516, 922_150]);
    }

    #[test]
    fn batches_do_not_change_features_and_order_is_kept() {
        let texts: Vec<String> = (0..1_000).map(|n| format!("text {n} of {}", n % 7)).collect();
        let featuriser = Featuriser::new(&FeaturiserConfig::new(2, 1 << 16)).unwrap();
        let together = featuriser.bags(&texts);
        assert_eq!(together.readings.len(), texts.len());
        for (row, text) in texts.iter().enumerate() {
            assert_eq!(together.text(row), featuriser.bags(&[text]).indices);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_flagged() {
        let config = FeaturiserConfig { max_tokens: 3, ..FeaturiserConfig::new(1, 256) };
        let bags = Featuriser::new(&config).unwrap().bags(&["a b c", "a b c d", ""]);
        let readings: Vec<(u32, bool)> = bags.readings.iter().map(|text| (text.num_tokens, text.truncated)).collect();
        assert_eq!(readings, [(3, false), (3, true), (0, false)]);
        assert_eq!((bags.text(1).len(), bags.text(2).len()), (3, 0));
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        for (ngrams, buckets) in [(0, 256), (6, 256), (2, 1_000), (2, 16)] {
            assert!(FeaturiserConfig::new(ngrams, buckets).problem().is_some(), "{ngrams} {buckets}");
        }
    }
}
