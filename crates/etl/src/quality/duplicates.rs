//! Finding texts that repeat an earlier one.

use rustc_hash::FxHashSet;
use tamiz_domain::{DuplicateAction, DuplicateConfiguration};

use crate::quality::fingerprint::{BINS, Fingerprint, Signature, num_equal, similarity};

/// Values of a signature in a band. Texts that agree in any one band are compared: two texts of similarity 0.8 agree
/// in one of the 16 bands in 99.98% of cases, two of similarity 0.1 in 0.2%.
const BAND_VALUES: usize = 4;
const BANDS: usize = BINS / BAND_VALUES;
/// Bits of a slot that hold a text's position; the others hold a tag, which spares most looks at texts that fell into a
/// slot by chance.
const POSITION_BITS: u32 = 17;
/// Texts remembered at most; what is beyond is found only within the next as many.
const MAX_TEXTS: usize = (1 << POSITION_BITS) - 1;
/// Odd constant with well-spread bits.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// How a text repeats an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicate {
    /// Its clean text is the same.
    Exact,
    /// Its clean text is nearly the same.
    Near,
}

impl Duplicate {
    /// Value of the `duplicate` column.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Near => "near",
        }
    }

    /// What is to be done about it.
    pub(crate) fn action(self, configuration: &DuplicateConfiguration) -> DuplicateAction {
        match self {
            Self::Exact => configuration.exact,
            Self::Near => configuration.near,
        }
    }
}

/// Remembers texts in the order in which they are seen, and says which repeat an earlier one. Holds about 150 bytes a
/// text, for at most 131,072 texts (20 MB).
///
/// A repeated text is not remembered: each group of texts is compared with its first, so that a chain of small changes
/// does not join texts that have nothing in common.
pub(crate) struct DuplicateFinder {
    finds_near: bool,
    min_tokens: usize,
    /// Equal values of a signature from which on texts are nearly the same.
    min_equal: usize,
    max_texts: usize,
    exact: FxHashSet<u64>,
    signatures: Vec<Signature>,
    /// For each band a table with a power of two of slots: tag, and 1 + position of the last signature that fell there;
    /// 0 for none. A text that is pushed out of a slot is found by its other bands.
    slots: Vec<u32>,
    slot_bits: u32,
}

impl DuplicateFinder {
    /// A finder for about `num_texts` texts.
    pub(crate) fn new(configuration: &DuplicateConfiguration, num_texts: usize) -> Self {
        let max_texts = num_texts.clamp(1, MAX_TEXTS);
        let finds_near = configuration.near != DuplicateAction::Ignore;
        let slot_bits = max_texts.next_power_of_two().ilog2().max(1);
        let reaches = |equal: &usize| similarity(*equal) >= configuration.near_threshold;
        Self {
            finds_near,
            min_tokens: configuration.near_min_tokens,
            min_equal: (0..BINS).find(reaches).unwrap_or(BINS),
            max_texts,
            exact: FxHashSet::default(),
            signatures: Vec::new(),
            slots: if finds_near { vec![0; BANDS << slot_bits] } else { Vec::new() },
            slot_bits,
        }
    }

    /// Whether the text repeats one seen before. A text that does not is remembered.
    pub(crate) fn see(&mut self, text: &Fingerprint) -> Option<Duplicate> {
        let exact = text.exact?;
        if self.exact.contains(&exact) {
            return Some(Duplicate::Exact);
        }
        let signature = text.signature.as_ref().filter(|_| self.finds_near && text.num_tokens >= self.min_tokens);
        if signature.is_some_and(|signature| self.is_near(signature)) {
            return Some(Duplicate::Near);
        }
        if self.exact.len() == self.max_texts {
            self.reset();
        }
        self.exact.insert(exact);
        if let Some(signature) = signature {
            self.remember(signature);
        }
        None
    }

    /// Forgets every text: shards are told apart, so that each can be made alone.
    pub(crate) fn reset(&mut self) {
        self.exact.clear();
        self.signatures.clear();
        self.slots.fill(0);
    }

    fn is_near(&self, signature: &Signature) -> bool {
        let earlier = self.slots_of(signature).map(|(slot, tag)| (self.slots[slot], tag));
        earlier
            .into_iter()
            .filter(|(entry, tag)| entry >> POSITION_BITS == *tag)
            .filter_map(|(entry, _)| self.signatures.get((entry as usize & MAX_TEXTS).checked_sub(1)?))
            .any(|earlier| num_equal(earlier, signature) >= self.min_equal)
    }

    fn remember(&mut self, signature: &Signature) {
        self.signatures.push(*signature);
        let position = self.signatures.len() as u32;
        for (slot, tag) in self.slots_of(signature) {
            self.slots[slot] = tag << POSITION_BITS | position;
        }
    }

    /// Slot and tag of each band.
    fn slots_of(&self, signature: &Signature) -> [(usize, u32); BANDS] {
        let (bands, _) = signature.as_chunks::<BAND_VALUES>();
        std::array::from_fn(|band| {
            let hash = u64::from(u32::from_le_bytes(bands[band])).wrapping_mul(GOLDEN);
            let slot = hash >> (u64::BITS - self.slot_bits);
            (band << self.slot_bits | slot as usize, hash as u32 >> POSITION_BITS)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::fingerprint::token_hash;

    const LONG: &str = "this phone is the best that i have ever had in my life and i would buy it again any day of the \
                        week even if it cost me twice as much as it did when i found it in the shop last summer";

    fn fingerprint(text: &str) -> Fingerprint {
        Fingerprint::of(text, text.split(' ').map(token_hash))
    }

    fn finder(num_texts: usize) -> DuplicateFinder {
        DuplicateFinder::new(&DuplicateConfiguration::default(), num_texts)
    }

    fn seen(finder: &mut DuplicateFinder, text: &str) -> Option<&'static str> {
        finder.see(&fingerprint(text)).map(Duplicate::code)
    }

    #[test]
    fn the_same_text_is_exact_and_a_sentence_more_is_near() {
        let mut finder = finder(100);
        assert_eq!(seen(&mut finder, LONG), None);
        assert_eq!(seen(&mut finder, LONG), Some("exact"));
        assert_eq!(seen(&mut finder, &format!("{LONG} really great")), Some("near"));
        assert_eq!(seen(&mut finder, &LONG.replace("phone", "tablet")), Some("near"));
        assert_eq!(seen(&mut finder, &LONG.split(' ').rev().collect::<Vec<_>>().join(" ")), None);
    }

    #[test]
    fn short_texts_are_only_compared_for_being_the_same_and_empty_ones_not_at_all() {
        let mut finder = finder(100);
        let found = ["good phone i like it", "good phone i like it a", "good phone i like it", "", ""];
        assert_eq!(found.map(|text| seen(&mut finder, text)), [None, None, Some("exact"), None, None]);
    }

    #[test]
    fn a_chain_of_small_changes_is_measured_from_its_first_text() {
        let mut finder = finder(100);
        let mut words: Vec<String> = LONG.split(' ').map(str::to_owned).collect();
        let mut found = vec![seen(&mut finder, LONG)];
        for at in (0..words.len()).step_by(2) {
            words[at] = format!("new{at}");
            found.push(seen(&mut finder, &words.join(" ")));
        }
        assert_eq!(found[1], Some("near"));
        assert!(found[2..].contains(&None), "{found:?}");
    }

    #[test]
    fn what_is_ignored_is_not_looked_for() {
        let configuration = DuplicateConfiguration { near: DuplicateAction::Ignore, ..Default::default() };
        let mut finder = DuplicateFinder::new(&configuration, 100);
        assert_eq!(seen(&mut finder, LONG), None);
        assert_eq!(seen(&mut finder, &format!("{LONG} really")), None);
        assert_eq!(Duplicate::Near.action(&configuration), DuplicateAction::Ignore);
        assert_eq!(Duplicate::Exact.action(&configuration), DuplicateAction::Flag);
    }

    #[test]
    fn texts_are_forgotten_on_reset_and_when_there_are_too_many() {
        let mut finder = finder(2);
        assert_eq!(
            ["a", "b", "a", "c", "a"].map(|text| seen(&mut finder, text)),
            [None, None, Some("exact"), None, None]
        );
        assert_eq!(seen(&mut finder, "c"), Some("exact"));
        finder.reset();
        assert_eq!(seen(&mut finder, "c"), None);
    }
}
