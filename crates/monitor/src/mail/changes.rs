//! How the run differs: from what the model was measured on, and from the runs before.

use tamiz_domain::{MovedWord, printable};
use tamiz_ports::wrapped;

use super::section;
use crate::account::Account;
use crate::drift::in_words;
use crate::figures::{capitalised, count_of, percent};
use crate::usual::Usual;

/// Shares named at most; the report has them all.
const MOST: usize = 8;
/// Words named at most, in each direction.
const MOST_WORDS: usize = 5;

/// Drift in one line, and the words that moved in another; nothing where no model worked.
pub(super) fn drift(account: &Account) -> Option<String> {
    let drift = &account.summary.drift;
    let line = in_words(drift, account.language)?;
    let words = moved(&drift.words);
    Some(section("Drift", [wrapped("  ", &line)].into_iter().chain(words.map(|words| wrapped("  ", &words)))))
}

fn moved(words: &[MovedWord]) -> Option<String> {
    let named = |is_more: bool| -> Vec<&str> {
        let of_direction = words.iter().filter(|word| (word.run > word.baseline) == is_more);
        of_direction.take(MOST_WORDS).map(|word| word.word.as_str()).collect()
    };
    let clause = |lead: &str, names: Vec<&str>| (!names.is_empty()).then(|| format!("{lead}: {}", names.join(", ")));
    let clauses: Vec<String> =
        [clause("used more", named(true)), clause("used less", named(false))].into_iter().flatten().collect();
    (!clauses.is_empty()).then(|| printable(&capitalised(&format!("{}.", clauses.join("; ")))))
}

/// What is otherwise than in the runs before, as far as it is known what is usual.
pub(super) fn since_last_runs(account: &Account) -> Option<String> {
    let left = |usual: &&Usual| usual.before.is_some_and(|before| before.is_left);
    let line = |usual: &Usual| {
        let before = usual.before?;
        let (low, high) = (percent(before.low), percent(before.high));
        let range = if low == high { low } else { format!("{low} to {high}") };
        Some(wrapped("  ", &format!("{} {}, usually {range}", percent(usual.share), printable(&usual.name))))
    };
    let unusual: Vec<&Usual> = account.usual.iter().filter(left).collect();
    let more = unusual.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("  and {} in the report", count_of(more as u64, "more share")));
    let lines: Vec<String> = unusual.into_iter().take(MOST).filter_map(line).chain(more).collect();
    (!lines.is_empty()).then(|| section("Otherwise than in the last runs", lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_by_direction() {
        let word = |word: &str, baseline, run| MovedWord { word: word.into(), baseline, run };
        let words = [word("bueno", 0.0, 0.2), word("muy", 0.0, 0.1), word("good", 0.3, 0.1)];
        assert_eq!(moved(&words).unwrap(), "Used more: bueno, muy; used less: good.");
        assert_eq!(moved(&words[2..]).unwrap(), "Used less: good.");
        assert_eq!(moved(&[]), None);
    }
}
