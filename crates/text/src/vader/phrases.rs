//! Idioms and two-word dampeners around a word that carries sentiment.

use super::word::Keyword::{self, *};
use super::word::Word;

/// Idioms whose valence replaces that of their words.
const IDIOMS: &[(&[Keyword], f64)] = &[
    (&[The, Shit], 3.0),
    (&[The, Bomb], 3.0),
    (&[Bad, Ass], 1.5),
    (&[Bus, Stop], 0.0),
    (&[Yeah, Right], -2.0),
    (&[Kiss, Of, Death], -1.5),
    (&[To, Die, For], 3.0),
    (&[Beating, Heart], 3.5),
];

/// Dampeners of two words.
const DAMPENERS: &[&[Keyword]] = &[&[Just, Enough], &[Kind, Of], &[Sort, Of]];
const DAMPENING: f64 = -0.293;

/// The valence of word `i`, at least the fourth, after the phrases it stands in or behind.
pub(super) fn apply(valence: f64, words: &[Word], i: usize) -> f64 {
    // Every phrase has two words of the few that have a name; most neighbourhoods have none.
    let neighbourhood = &words[i - 3..words.len().min(i + 3)];
    if neighbourhood.iter().filter(|word| word.keyword.is_some()).count() < 2 {
        return valence;
    }
    let [one_zero, two_one, three_two] = [&words[i - 1..=i], &words[i - 2..i], &words[i - 3..i - 1]];
    let [two_one_zero, three_two_one] = [&words[i - 2..=i], &words[i - 3..i]];
    let mut valence =
        [one_zero, two_one_zero, two_one, three_two_one, three_two].into_iter().find_map(idiom).unwrap_or(valence);
    for length in [2, 3] {
        if let Some(ahead) = words.get(i..i + length) {
            valence = idiom(ahead).unwrap_or(valence);
        }
    }
    let dampeners = [three_two, two_one].into_iter().filter(|words| is_dampener(words));
    dampeners.fold(valence, |valence, _| valence + DAMPENING)
}

fn idiom(words: &[Word]) -> Option<f64> {
    IDIOMS.iter().find(|(phrase, _)| are(words, phrase)).map(|&(_, valence)| valence)
}

fn is_dampener(words: &[Word]) -> bool {
    DAMPENERS.iter().any(|phrase| are(words, phrase))
}

fn are(words: &[Word], phrase: &[Keyword]) -> bool {
    words.len() == phrase.len() && words.iter().zip(phrase).all(|(word, &keyword)| word.is(keyword))
}
