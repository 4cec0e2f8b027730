//! VADER's rules over the words of a text, in the order and with the constants of the reference.

use super::contrast;
use super::phrases;
use super::word::Keyword::{At, Doubt, Kind, Least, Never, No, Nor, Of, Or, So, This, Very, Without};
use super::word::Word;

/// What negation makes of a valence.
const NEGATION: f64 = -0.74;

/// How much stronger a word in capitals is among words that are not.
const CAPITALS: f64 = 0.733;

/// How much of a booster's effect is left over a distance of one, two and three words.
const DAMPING: [f64; 3] = [1.0, 0.95, 0.9];

/// Sum of the valences of all words after all rules; positive is good.
///
/// `valences` is scratch space.
pub(super) fn sum_of_valences(words: &[Word], valences: &mut Vec<(usize, f64)>) -> f64 {
    let num_upper = words.iter().filter(|word| word.is_upper).count();
    let capitals_count = num_upper > 0 && num_upper < words.len();
    valences.clear();
    for i in 0..words.len() {
        let valence = valence_at(words, i, capitals_count);
        if valence != 0.0 {
            valences.push((i, valence));
        }
    }
    contrast::weigh_around_but(words, valences);
    // Plain addition from the left: the reference runs on Python 3.11, whose `sum` does not compensate.
    valences.iter().fold(0.0, |sum, &(_, valence)| sum + valence)
}

fn valence_at(words: &[Word], i: usize, capitals_count: bool) -> f64 {
    let word = words[i];
    let next = words.get(i + 1);
    let Some(in_lexicon) = word.valence() else { return 0.0 };
    if word.boost().is_some() || (word.is(Kind) && next.is_some_and(|next| next.is(Of))) {
        return 0.0;
    }
    let mut valence = in_lexicon;
    if word.is(No) && next.is_some_and(|next| next.valence().is_some()) {
        valence = 0.0;
    }
    if follows_no(words, i) {
        valence = in_lexicon * NEGATION;
    }
    if word.is_upper && capitals_count {
        valence = further_from_zero(valence, CAPITALS, valence);
    }
    for distance in 1..=3.min(i) {
        if words[i - distance].valence().is_none() {
            valence += boost(words[i - distance], valence, capitals_count) * DAMPING[distance - 1];
            valence = negate(valence, words, i, distance);
            if distance == 3 {
                valence = phrases::apply(valence, words, i);
            }
        }
    }
    negate_by_least(valence, words, i)
}

/// Adds `amount` to `value` in the direction of `sign`.
fn further_from_zero(value: f64, amount: f64, sign: f64) -> f64 {
    if sign > 0.0 { value + amount } else { value - amount }
}

fn follows_no(words: &[Word], i: usize) -> bool {
    let is_no = |distance: usize| i >= distance && words[i - distance].is(No);
    is_no(1) || is_no(2) || is_no(3) && (words[i - 1].is(Or) || words[i - 1].is(Nor))
}

/// What `booster`, standing before a word of this valence, adds to it.
fn boost(booster: Word, valence: f64, capitals_count: bool) -> f64 {
    let Some(amount) = booster.boost() else { return 0.0 };
    let amount = if valence < 0.0 { -amount } else { amount };
    if booster.is_upper && capitals_count { further_from_zero(amount, CAPITALS, valence) } else { amount }
}

/// Negation by the word `distance` words before word `i`, and the phrases that look like one.
fn negate(valence: f64, words: &[Word], i: usize, distance: usize) -> f64 {
    let back = |distance: usize| words[i - distance];
    let is_so = |word: Word| word.is(So) || word.is(This);
    let never_so = match distance {
        2 => back(2).is(Never) && is_so(back(1)),
        // Any "so" right before the word counts at this distance, "never" or not: so it stands in the reference.
        3 => back(3).is(Never) && is_so(back(2)) || is_so(back(1)),
        _ => false,
    };
    if never_so {
        return valence * 1.25;
    }
    let without_doubt = back(distance).is(Without) && (1..distance).any(|nearer| back(nearer).is(Doubt));
    if back(distance).negates && !without_doubt { valence * NEGATION } else { valence }
}

fn negate_by_least(valence: f64, words: &[Word], i: usize) -> f64 {
    let follows_least = i > 0 && words[i - 1].valence().is_none() && words[i - 1].is(Least);
    let at_least = i > 1 && (words[i - 2].is(At) || words[i - 2].is(Very));
    if follows_least && !at_least { valence * NEGATION } else { valence }
}
