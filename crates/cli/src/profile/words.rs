//! Which words the classes use, and which are typical of each.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tamiz_domain::LabelMap;
use tamiz_monitor::figures::share;

/// Words shown for each class.
const SHOWN: usize = 15;
/// Distinct words counted for a class; above, those seen once are forgotten.
const MAX_WORDS: usize = 1 << 20;
/// Reviews that a typical word occurs in at least: rarer ones are names and typing errors.
const MIN_REVIEWS: u64 = 3;
/// Weight of the prior, in words: how much evidence it takes to make a class different from the others.
const PRIOR_WORDS: f64 = 1_000.0;
/// Score from which on a word is typical: what a fair draw exceeds once in 40 times.
const MIN_SCORE: f64 = 1.96;

/// The words of one class.
#[derive(Debug, Serialize)]
pub struct ClassWords {
    /// The label; none for all reviews together, where there are no labels.
    pub label: Option<i8>,
    /// Its name.
    pub name: String,
    /// Reviews of the class.
    pub reviews: u64,
    /// Content words in the most reviews.
    pub frequent: Vec<Word>,
    /// Content words that tell the class from the others; empty for a single class.
    pub typical: Vec<Word>,
}

/// A content word of a class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Word {
    /// The word, as in clean text.
    pub word: String,
    /// Reviews of the class that it occurs in.
    pub reviews: u64,
    /// How many times as often as in the other classes it occurs, by the share of the reviews that hold it. None for a
    /// frequent word, and for one that no other class uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<f64>,
    /// How typical it is of the class: z-score of the log-odds ratio with an informative Dirichlet prior (Monroe,
    /// Colaresi and Quinn, Fightin' words, Political Analysis 2008), over reviews that hold the word. None for a
    /// frequent word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// Counts the reviews that hold each word, class by class.
#[derive(Debug, Default)]
pub struct WordCounts {
    classes: BTreeMap<Option<i8>, ClassCounts>,
}

#[derive(Debug, Default)]
struct ClassCounts {
    reviews: u64,
    words: HashMap<String, u64>,
}

impl WordCounts {
    /// Counts a review. A word that it holds several times counts once, so that one excited review decides nothing.
    pub fn add<'a>(&mut self, label: Option<i8>, content_tokens: impl Iterator<Item = &'a str>) {
        let class = self.classes.entry(label).or_default();
        class.reviews += 1;
        let mut words: Vec<&str> = content_tokens.filter(|word| is_word(word)).collect();
        words.sort_unstable();
        words.dedup();
        for word in words {
            match class.words.get_mut(word) {
                Some(count) => *count += 1,
                None => drop(class.words.insert(word.to_owned(), 1)),
            }
        }
        if class.words.len() > MAX_WORDS {
            class.words.retain(|_, count| *count > 1);
        }
    }

    /// The words of each class in the order of the labels; those of all reviews where none has a label.
    pub fn into_classes(mut self, labels: &LabelMap) -> Vec<ClassWords> {
        if self.classes.len() > 1 {
            self.classes.remove(&None);
        }
        let all = self.all();
        let typical = |class: &ClassCounts| if self.classes.len() > 1 { class.typical(&all) } else { Vec::new() };
        let name = |label: Option<i8>| label.map_or_else(|| "all reviews".to_owned(), |label| labels.name_of(label));
        let class = |(label, class): (&Option<i8>, &ClassCounts)| ClassWords {
            label: *label,
            name: name(*label),
            reviews: class.reviews,
            frequent: class.frequent(),
            typical: typical(class),
        };
        self.classes.iter().map(class).collect()
    }

    /// All classes together.
    fn all(&self) -> ClassCounts {
        let mut all = ClassCounts::default();
        for class in self.classes.values() {
            all.reviews += class.reviews;
            for (word, count) in &class.words {
                match all.words.get_mut(word) {
                    Some(sum) => *sum += count,
                    None => drop(all.words.insert(word.clone(), *count)),
                }
            }
        }
        all
    }
}

impl ClassCounts {
    fn frequent(&self) -> Vec<Word> {
        let words = self.words.iter().map(|(word, reviews)| Word {
            word: word.clone(),
            reviews: *reviews,
            times: None,
            score: None,
        });
        first(words.collect(), |word| word.reviews as f64)
    }

    /// The words that the class uses more than the others do. The prior is how often all classes use them.
    fn typical(&self, all: &Self) -> Vec<Word> {
        let (words_here, words_everywhere) = (self.num_words(), all.num_words());
        let common = self.words.iter().filter(|(_, reviews)| **reviews >= MIN_REVIEWS);
        let scored = common.map(|(word, &reviews)| {
            let others = all.words.get(word).map_or(0, |everywhere| everywhere - reviews);
            let here = Use { reviews: reviews as f64, words: words_here };
            let elsewhere = Use { reviews: others as f64, words: words_everywhere - words_here };
            let times = share(reviews, self.reviews) / share(others, all.reviews - self.reviews);
            Word {
                word: word.clone(),
                reviews,
                times: times.is_finite().then(|| (times * 10.0).round() / 10.0),
                score: Some((here.score_against(&elsewhere) * 100.0).round() / 100.0),
            }
        });
        let score = |word: &Word| word.score.unwrap_or_default();
        first(scored.filter(|word| score(word) >= MIN_SCORE).collect(), score)
    }

    fn num_words(&self) -> f64 {
        self.words.values().sum::<u64>() as f64
    }
}

/// How often a word is used somewhere, where so many words are.
struct Use {
    reviews: f64,
    words: f64,
}

impl Use {
    /// See [`Word::score`].
    fn score_against(&self, other: &Self) -> f64 {
        let prior = (self.reviews + other.reviews) / (self.words + other.words) * PRIOR_WORDS;
        let log_odds = |it: &Self| ((it.reviews + prior) / (it.words + PRIOR_WORDS - it.reviews - prior)).ln();
        let variance = 1.0 / (self.reviews + prior) + 1.0 / (other.reviews + prior);
        (log_odds(self) - log_odds(other)) / variance.sqrt()
    }
}

/// Neither a number nor a single letter.
fn is_word(token: &str) -> bool {
    token.chars().nth(1).is_some() && token.chars().any(char::is_alphabetic)
}

/// The words of the highest rank; in alphabetical order where ranks are equal, so that the page is always the same.
fn first(mut words: Vec<Word>, rank: impl Fn(&Word) -> f64) -> Vec<Word> {
    words.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then_with(|| a.word.cmp(&b.word)));
    words.truncate(SHOWN);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(reviews: &[(Option<i8>, &str, usize)]) -> Vec<ClassWords> {
        let mut counts = WordCounts::default();
        for (label, text, repeats) in reviews {
            (0..*repeats).for_each(|_| counts.add(*label, text.split(' ')));
        }
        counts.into_classes(&LabelMap::of_values([1, 2]))
    }

    fn words(words: &[Word]) -> Vec<&str> {
        words.iter().map(|word| word.word.as_str()).collect()
    }

    #[test]
    fn typical_words_tell_the_classes_apart_where_frequent_ones_do_not() {
        let found = counts(&[(Some(1), "phone broken refund 1 x", 50), (Some(2), "phone great love great", 80)]);
        assert_eq!(found.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(), ["negative", "positive"]);
        assert_eq!(words(&found[0].frequent), ["broken", "phone", "refund"]);
        assert_eq!(words(&found[0].typical), ["broken", "refund"]);
        assert_eq!(words(&found[1].typical), ["great", "love"]);
        assert_eq!((found[1].reviews, found[1].frequent[0].reviews), (80, 80), "a repeated word counts once a review");
    }

    #[test]
    fn scores_equal_those_of_the_formula() {
        // y = 40 of 100 here and 10 of 300 there, prior 1,000 words in proportion: 50 of 400 is 125.
        let found = counts(&[(Some(1), "aa", 40), (Some(1), "bb", 60), (Some(2), "aa", 10), (Some(2), "bb", 290)]);
        let difference = (165.0_f64 / (1_100.0 - 165.0)).ln() - (135.0_f64 / (1_300.0 - 135.0)).ln();
        let score = difference / (1.0_f64 / 165.0 + 1.0 / 135.0).sqrt();
        let word = &found[0].typical[0];
        assert_eq!((word.score, word.times), (Some((score * 100.0).round() / 100.0), Some(12.0)));
    }

    #[test]
    fn chance_is_not_typical_and_reviews_without_labels_are_one_class() {
        assert!(counts(&[(Some(1), "same words", 50), (Some(2), "same words", 52)])[0].typical.is_empty());
        let unlabelled = counts(&[(None, "phone great", 5)]);
        assert_eq!((unlabelled.len(), unlabelled[0].name.as_str(), unlabelled[0].typical.len()), (1, "all reviews", 0));
        assert_eq!(counts(&[(None, "aa", 5), (Some(1), "bb", 5)]).len(), 1);
    }
}
