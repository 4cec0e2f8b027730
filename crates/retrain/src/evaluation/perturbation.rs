//! Changes of a text after which a model should answer as before. Pure: the generator is an argument.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::words::{LOOKALIKES, NAMES, NEUTRAL, PRODUCTS};
use crate::data::Row;

/// A change, and none of a text that it cannot be made in.
pub(super) type Perturbation = fn(&Row<'_>, &mut ChaCha8Rng) -> Option<String>;

/// Every change, by the name of its test.
pub(super) const PERTURBATIONS: [(&str, Perturbation); 7] = [
    ("typos", typos),
    ("names", names),
    ("products", products),
    ("upper_case", upper_case),
    ("emoji", emoji),
    ("neutral_sentence", neutral_sentence),
    ("confusables", confusables),
];

/// Of so many words that can be changed one is, and one at least.
const WORDS_A_CHANGE: usize = 10;
/// Shortest word with a typing error, in letters.
const SHORTEST_TYPO: usize = 4;

/// Swaps two neighbouring letters within some words.
fn typos(row: &Row<'_>, rng: &mut ChaCha8Rng) -> Option<String> {
    change_some(row.text, rng, |word, rng| {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() < SHORTEST_TYPO || !letters.iter().all(|letter| letter.is_alphabetic()) {
            return None;
        }
        let at = rng.random_range(1..letters.len() - 1);
        letters.swap(at, at + 1);
        Some(letters.into_iter().collect())
    })
}

/// Puts another person in the place of each that is named.
fn names(row: &Row<'_>, rng: &mut ChaCha8Rng) -> Option<String> {
    swap_words(row.text, rng, &[&NAMES])
}

/// Puts another product in the place of each that is named.
fn products(row: &Row<'_>, rng: &mut ChaCha8Rng) -> Option<String> {
    swap_words(row.text, rng, &PRODUCTS)
}

fn upper_case(row: &Row<'_>, _: &mut ChaCha8Rng) -> Option<String> {
    Some(row.text.to_uppercase())
}

/// Adds an emoji that is neither glad nor sorry.
fn emoji(row: &Row<'_>, _: &mut ChaCha8Rng) -> Option<String> {
    Some(format!("{} 📦", row.text))
}

fn neutral_sentence(row: &Row<'_>, _: &mut ChaCha8Rng) -> Option<String> {
    let of_language = NEUTRAL.iter().find(|(language, _)| Some(*language) == row.language);
    Some(format!("{} {}", row.text, of_language.unwrap_or(&NEUTRAL[0]).1))
}

/// Writes some words with letters of another script that look the same.
fn confusables(row: &Row<'_>, rng: &mut ChaCha8Rng) -> Option<String> {
    let alike = |letter: char| LOOKALIKES.iter().find(|(latin, _)| *latin == letter).map(|(_, other)| *other);
    change_some(row.text, rng, |word, _| {
        let changed: String = word.chars().map(|letter| alike(letter).unwrap_or(letter)).collect();
        (changed != word).then_some(changed)
    })
}

/// Changes one in [`WORDS_A_CHANGE`] of the words that can be.
fn change_some(
    text: &str,
    rng: &mut ChaCha8Rng,
    change: impl Fn(&str, &mut ChaCha8Rng) -> Option<String>,
) -> Option<String> {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let changed: Vec<(usize, String)> =
        words.iter().enumerate().filter_map(|(at, word)| Some((at, change(word, rng)?))).collect();
    let count = changed.len().div_ceil(WORDS_A_CHANGE);
    let chosen = rand::seq::index::sample(rng, changed.len(), count);
    for (at, word) in chosen.into_iter().map(|at| &changed[at]) {
        words[*at].clone_from(word);
    }
    (count > 0).then(|| words.join(" "))
}

/// Replaces every whole word of a list by another one of it.
fn swap_words(text: &str, rng: &mut ChaCha8Rng, lists: &[&[&str]]) -> Option<String> {
    let mut swapped = false;
    let mut swap = |word: &str| {
        let core = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let Some((list, at)) =
            lists.iter().find_map(|list| Some((list, list.iter().position(|known| *known == core)?)))
        else {
            return word.to_owned();
        };
        swapped = true;
        let other = (at + rng.random_range(1..list.len())) % list.len();
        word.replacen(core, list[other], 1)
    };
    let words: Vec<String> = text.split(' ').map(&mut swap).collect();
    swapped.then(|| words.join(" "))
}
