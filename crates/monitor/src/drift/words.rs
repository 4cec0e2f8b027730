//! Which words a run uses more often or more seldom than the baseline. Pure.

use tamiz_domain::{MovedWord, WordCounts};

/// Words named at most, in each direction.
const MOST: usize = 8;
/// Share of the reviews that a word must be in on one side.
const LEAST_SHARE: f64 = 0.01;
/// Standard errors by which the shares must differ: of 2,000 words not one by chance.
const LEAST_SCORE: f64 = 5.0;

/// The words that moved the farthest, those used more often first. Only words that several reviews of the run hold are named; of the
/// baseline only such are known.
pub(crate) fn moved(baseline: &WordCounts, run: &WordCounts) -> Vec<MovedWord> {
    if baseline.reviews == 0 || run.reviews == 0 {
        return Vec::new();
    }
    let score = |word: &MovedWord| {
        let (n, m) = (baseline.reviews as f64, run.reviews as f64);
        let pooled = (word.baseline * n + word.run * m) / (n + m);
        (word.run - word.baseline) / (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt().max(f64::MIN_POSITIVE)
    };
    let share =
        |counts: &WordCounts, word: &str| counts.words.get(word).copied().unwrap_or(0) as f64 / counts.reviews as f64;
    let is_known = |counts: &WordCounts, word: &str| {
        counts.words.get(word).is_some_and(|&reviews| reviews >= WordCounts::LEAST_REVIEWS)
    };
    let words = baseline.words.keys().chain(run.words.keys().filter(|word| !baseline.words.contains_key(*word)));
    let mut found: Vec<(f64, MovedWord)> = words
        .filter(|word| is_known(baseline, word) || is_known(run, word))
        .map(|word| MovedWord { word: word.clone(), baseline: share(baseline, word), run: share(run, word) })
        .filter(|word| word.baseline.max(word.run) >= LEAST_SHARE)
        .map(|word| (score(&word), word))
        .filter(|(score, _)| score.abs() >= LEAST_SCORE)
        .collect();
    found.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.word.cmp(&other.1.word)));
    let more = found.iter().take_while(|(score, _)| *score > 0.0).take(MOST);
    let fewer = found.iter().rev().take_while(|(score, _)| *score < 0.0).take(MOST);
    more.chain(fewer).map(|(_, word)| word.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(reviews: u64, words: &[(&str, u64)]) -> WordCounts {
        WordCounts { reviews, words: words.iter().map(|&(word, count)| (word.to_owned(), count)).collect() }
    }

    #[test]
    fn the_words_that_moved_are_named_the_farthest_first() {
        let baseline = counts(1_000, &[("book", 600), ("read", 300), ("great", 200)]);
        let run = counts(1_000, &[("battery", 300), ("charger", 100), ("great", 205), ("read", 100), ("book", 50)]);
        let found: Vec<String> = moved(&baseline, &run).into_iter().map(|word| word.word).collect();
        assert_eq!(found, ["battery", "charger", "book", "read"]);
    }

    #[test]
    fn a_word_of_few_reviews_is_nobodys_business() {
        let baseline = counts(10_000, &[("book", 600)]);
        assert_eq!(moved(&baseline, &counts(20, &[("secretname", 4), ("book", 1)])), []);
        assert_eq!(moved(&baseline, &WordCounts::default()), []);
    }
}
