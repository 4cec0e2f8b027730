//! A sample of rows that does not depend on their order.

use std::collections::BTreeMap;

use tamiz_domain::SampleRow;
use tamiz_text::redact::{redact, shorten};
use twox_hash::XxHash3_64;

/// Key of the hash that draws the sample. Any constant will do, so long as nothing else uses it to pick rows.
const KEY: u64 = 0x7461_6d69_7a00_0001;
/// Characters of a text that a sample shows.
const TEXT_CHARS: usize = 200;

/// The rows whose ids have the smallest keyed hashes: a sample without replacement that is the same whatever the order
/// in which rows are offered and parts merged. Holds at most `capacity` values.
///
/// Bottom-k sampling: Cohen and Kaplan, Summarizing data using bottom-k sketches, PODC 2007.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reservoir<T> {
    capacity: usize,
    /// By hash, and by id where hashes are equal.
    rows: BTreeMap<(u64, String), T>,
}

impl<T> Reservoir<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, rows: BTreeMap::new() }
    }

    /// Offers a row; `value` is asked for only if the row gets in. Most rows cost one hash.
    pub(crate) fn offer(&mut self, review_id: &str, value: impl FnOnce() -> T) {
        let hash = XxHash3_64::oneshot_with_seed(KEY, review_id.as_bytes());
        if self.has_room_for(hash, review_id) {
            self.insert((hash, review_id.to_owned()), value());
        }
    }

    /// Adds another sample's rows.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, value) in other.rows {
            if self.has_room_for(key.0, &key.1) {
                self.insert(key, value);
            }
        }
    }

    /// Adds rows of another sample that was written, which say themselves what they are called.
    pub(crate) fn merge_rows(&mut self, rows: impl IntoIterator<Item = T>, review_id: impl Fn(&T) -> String) {
        for row in rows {
            self.offer(&review_id(&row), || row);
        }
    }

    /// The same sample of something else.
    pub(crate) fn map<U>(self, mut value: impl FnMut(&str, T) -> U) -> Reservoir<U> {
        let rows = self.rows.into_iter();
        let rows = rows.map(|(key, old)| {
            let new = value(&key.1, old);
            (key, new)
        });
        Reservoir { capacity: self.capacity, rows: rows.collect() }
    }

    /// The sample, in order of review ids.
    pub(crate) fn into_rows(self) -> Vec<T> {
        let by_id: BTreeMap<String, T> = self.rows.into_iter().map(|((_, id), value)| (id, value)).collect();
        by_id.into_values().collect()
    }

    fn has_room_for(&self, hash: u64, id: &str) -> bool {
        self.rows.len() < self.capacity
            || self.rows.last_key_value().is_some_and(|((last, last_id), _)| (hash, id) < (*last, last_id.as_str()))
    }

    fn insert(&mut self, key: (u64, String), value: T) {
        self.rows.insert(key, value);
        if self.rows.len() > self.capacity {
            self.rows.pop_last();
        }
    }
}

/// A row that was drawn, before it is known whether it stays in the sample: masking is for those that do.
pub(crate) struct DrawnRow {
    label: Option<i8>,
    language: &'static str,
    /// The beginning of its text.
    text: String,
}

impl DrawnRow {
    pub(crate) fn new(label: Option<i8>, language: &'static str, text: &str) -> Self {
        Self { label, language, text: shorten(text, 4 * TEXT_CHARS).into_owned() }
    }

    /// The row as it is shown: nobody's address or number in its text.
    pub(crate) fn into_sample_row(self, review_id: &str) -> SampleRow {
        SampleRow {
            review_id: review_id.to_owned(),
            label: self.label,
            language: self.language.to_owned(),
            // Masked before it is cut: half a telephone number is none, and would be shown.
            text: shorten(&redact(&self.text), TEXT_CHARS).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sampled(capacity: usize, rows: impl IntoIterator<Item = u32>) -> Reservoir<u32> {
        let mut sample = Reservoir::new(capacity);
        for row in rows {
            sample.offer(&format!("id-{row:08}"), || row);
        }
        sample
    }

    proptest! {
        #[test]
        fn any_order_and_any_partition_give_the_same_rows(
            capacity in 0_usize..8,
            rows in prop::collection::btree_set(0_u32..1_000, 0..60),
            cuts in prop::collection::vec(1_usize..20, 1..6),
        ) {
            let whole = sampled(capacity, rows.iter().copied());
            let (mut merged, mut rest) = (Reservoir::new(capacity), rows.iter().rev().copied().collect::<Vec<_>>());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break }
                merged.merge(sampled(capacity, rest.drain(..(*cut).min(rest.len()))));
            }
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(whole.into_rows().len(), capacity.min(rows.len()));
        }
    }

    #[test]
    fn every_row_is_as_likely_as_any_other() {
        let drawn = sampled(1_000, 0..10_000).into_rows();
        let mean = drawn.iter().map(|&row| f64::from(row)).sum::<f64>() / drawn.len() as f64;
        assert!((mean - 5_000.0).abs() < 300.0, "mean row {mean}");
    }

    #[test]
    fn written_samples_can_be_merged() {
        let mut merged = Reservoir::new(5);
        for rows in [0..30, 30..50] {
            merged.merge_rows(sampled(5, rows).into_rows(), |row| format!("id-{row:08}"));
        }
        assert_eq!(merged, sampled(5, 0..50));
    }

    #[test]
    fn a_sample_of_positions_becomes_one_of_texts() {
        let texts = sampled(3, 0..100).map(|id, row| format!("{id}: {row}"));
        let rows = sampled(3, 0..100).into_rows();
        assert_eq!(texts.into_rows(), rows.iter().map(|row| format!("id-{row:08}: {row}")).collect::<Vec<_>>());
    }

    #[test]
    fn only_rows_that_get_in_are_looked_at() {
        let (mut looked, mut sample) = (0, Reservoir::new(10));
        for row in 0..10_000 {
            sample.offer(&format!("id-{row:08}"), || looked += 1);
        }
        assert!((10..150).contains(&looked), "{looked}");
    }

    #[test]
    fn a_shown_text_is_short_and_masked() {
        let text = format!("{} write to jane.doe@example.org {}", "good ".repeat(36), "bad ".repeat(100));
        let row = DrawnRow::new(Some(2), "en", &text).into_sample_row("a-1");
        assert!(row.text.chars().count() <= TEXT_CHARS && row.text.ends_with('…'), "{}", row.text);
        assert!(!row.text.contains("jane"), "{}", row.text);
    }
}
