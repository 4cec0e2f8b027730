//! What the rows of a batch, a file, or a run are like.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tamiz_domain::{DataQuality, Duplicates, PersonalData, RejectReason};
use tamiz_text::decode::EncodingRepair;

use crate::quality::duplicates::Duplicate;
use crate::quality::lengths::LengthTally;

/// Columns that may be null, in the order of [`RowFacts::is_null`].
pub(crate) const NULLABLE: [&str; 8] =
    ["title", "label", "asin", "parent_asin", "helpful_vote", "verified_purchase", "timestamp", "user"];

/// What is counted of one readable record.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowFacts<'a> {
    /// Unicode scalar values of the text before cleaning.
    pub num_characters: usize,
    /// Tokens of the clean text.
    pub num_tokens: usize,
    /// See [`has_html`](crate::quality::html::has_html).
    pub has_html: bool,
    /// Whether the row lacks each of [`NULLABLE`].
    pub is_null: [bool; NULLABLE.len()],
    pub label: Option<i8>,
    /// ISO 639-1.
    pub language: &'a str,
    /// None where the language has no lexicon.
    pub sentiment: Option<&'a str>,
    /// What was done to get text out of the bytes.
    pub repair: Option<EncodingRepair>,
    /// Occurrences of personal data that were masked, by kind.
    pub redactions: Option<&'a BTreeMap<PersonalData, u64>>,
}

/// Figures of some rows. Merging is exact, associative and commutative, so any partition of the rows into batches and
/// any order of merging give the same report. Written as JSON where several jobs share a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quality {
    rows: u64,
    rejected_by_reason: BTreeMap<RejectReason, u64>,
    nulls: [u64; NULLABLE.len()],
    duplicates: Duplicates,
    empty_texts: u64,
    html_texts: u64,
    encoding_repairs: BTreeMap<String, u64>,
    redactions: BTreeMap<PersonalData, u64>,
    characters: LengthTally,
    tokens: LengthTally,
    labels: BTreeMap<i8, u64>,
    languages: BTreeMap<String, u64>,
    sentiments: BTreeMap<String, u64>,
}

impl Quality {
    /// Counts a readable record.
    pub(crate) fn add_row(&mut self, row: &RowFacts<'_>) {
        self.rows += 1;
        for (count, is_null) in self.nulls.iter_mut().zip(row.is_null) {
            *count += u64::from(is_null);
        }
        self.empty_texts += u64::from(row.num_tokens == 0);
        self.html_texts += u64::from(row.has_html);
        self.characters.add(row.num_characters as u64);
        self.tokens.add(row.num_tokens as u64);
        if let Some(label) = row.label {
            *self.labels.entry(label).or_default() += 1;
        }
        count(&mut self.languages, row.language, 1);
        if let Some(sentiment) = row.sentiment {
            count(&mut self.sentiments, sentiment, 1);
        }
        if let Some(repair) = row.repair {
            count(&mut self.encoding_repairs, repair.code(), 1);
        }
        if let Some(redactions) = row.redactions {
            sum(&mut self.redactions, redactions);
        }
    }

    /// Counts a record that could not be used.
    pub(crate) fn add_reject(&mut self, reason: RejectReason) {
        *self.rejected_by_reason.entry(reason).or_default() += 1;
    }

    /// Counts a row, which has been or will be added, as a repeated one.
    pub(crate) fn add_duplicate(&mut self, duplicate: Duplicate) {
        match duplicate {
            Duplicate::Exact => self.duplicates.exact += 1,
            Duplicate::Near => self.duplicates.near += 1,
        }
    }

    /// Adds the figures of other rows.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        for (count, more) in self.nulls.iter_mut().zip(other.nulls) {
            *count += more;
        }
        self.duplicates.exact += other.duplicates.exact;
        self.duplicates.near += other.duplicates.near;
        self.empty_texts += other.empty_texts;
        self.html_texts += other.html_texts;
        self.characters.merge(&other.characters);
        self.tokens.merge(&other.tokens);
        sum(&mut self.rejected_by_reason, &other.rejected_by_reason);
        sum(&mut self.encoding_repairs, &other.encoding_repairs);
        sum(&mut self.redactions, &other.redactions);
        sum(&mut self.labels, &other.labels);
        sum(&mut self.languages, &other.languages);
        sum(&mut self.sentiments, &other.sentiments);
    }

    pub(crate) fn report(&self) -> DataQuality {
        DataQuality {
            rows: self.rows,
            rejected_by_reason: self.rejected_by_reason.clone(),
            null_shares: self.null_shares(),
            duplicates: self.duplicates,
            empty_texts: self.empty_texts,
            html_texts: self.html_texts,
            encoding_repairs: self.encoding_repairs.clone(),
            redactions: self.redactions.clone(),
            characters: self.characters.report(),
            tokens: self.tokens.report(),
            labels: self.labels.clone(),
            languages: self.languages.clone(),
            sentiments: self.sentiments.clone(),
        }
    }

    fn null_shares(&self) -> BTreeMap<String, f64> {
        let share = |count: u64| (count as f64 / self.rows as f64 * 1e6).round() / 1e6;
        let columns = NULLABLE.into_iter().zip(self.nulls).filter(|(_, count)| *count > 0);
        columns.map(|(column, count)| (column.to_owned(), share(count))).collect()
    }
}

/// Adds to a count; allocates only for a new key.
fn count(counts: &mut BTreeMap<String, u64>, key: &str, more: u64) {
    match counts.get_mut(key) {
        Some(count) => *count += more,
        None => {
            counts.insert(key.to_owned(), more);
        }
    }
}

fn sum<K: Clone + Ord>(counts: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        *counts.entry(key.clone()).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LANGUAGES: [&str; 3] = ["en", "es", "de"];

    /// The first `count` of two kinds.
    fn redactions(count: usize) -> BTreeMap<PersonalData, u64> {
        [(PersonalData::Email, 1), (PersonalData::Phone, 2)].into_iter().take(count).collect()
    }

    /// Everything that a record may be, in a few small numbers.
    #[derive(Debug, Clone, Copy)]
    struct Record {
        number: u64,
        length: usize,
        rejected: bool,
        duplicate: bool,
    }

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let record = (any::<u64>(), 0_usize..1_000_000, prop::bool::weighted(0.1), any::<bool>());
        let record =
            record.prop_map(|(number, length, rejected, duplicate)| Record { number, length, rejected, duplicate });
        prop::collection::vec(record, 0..50)
    }

    fn figures(records: &[Record]) -> Quality {
        let mut quality = Quality::default();
        for record in records {
            if record.rejected {
                quality.add_reject(RejectReason::ALL[record.number as usize % RejectReason::ALL.len()]);
                continue;
            }
            let bit = |at: u32| record.number >> at & 1 == 1;
            quality.add_row(&RowFacts {
                num_characters: record.length,
                num_tokens: record.length / 7,
                has_html: bit(0),
                is_null: std::array::from_fn(|column| bit(column as u32)),
                label: bit(9).then_some((record.number % 5) as i8),
                language: LANGUAGES[record.number as usize % LANGUAGES.len()],
                sentiment: bit(10).then_some("Positivo"),
                repair: bit(11).then_some(EncodingRepair::FromWindows1252),
                redactions: Some(&redactions(record.number as usize % 3)),
            });
            if record.duplicate {
                quality.add_duplicate(if bit(12) { Duplicate::Exact } else { Duplicate::Near });
            }
        }
        quality
    }

    proptest! {
        #[test]
        fn any_partition_into_batches_gives_the_same_report(records in records(), cuts in prop::collection::vec(1_usize..9, 1..5)) {
            let (mut merged, mut rest) = (Quality::default(), &records[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break }
                let (batch, later) = rest.split_at((*cut).min(rest.len()));
                merged.merge(&figures(batch));
                rest = later;
            }
            prop_assert_eq!(merged.report(), figures(&records).report());
        }

        #[test]
        fn merging_is_associative(a in records(), b in records(), c in records()) {
            let [a, b, c] = [a, b, c].map(|records| figures(&records));
            let join = |left: &Quality, right: &Quality| {
                let mut sum = left.clone();
                sum.merge(right);
                sum
            };
            prop_assert_eq!(join(&join(&a, &b), &c).report(), join(&a, &join(&b, &c)).report());
        }
    }

    #[test]
    fn figures_survive_being_written_and_read() {
        let mut quality = Quality::default();
        quality.add_row(&RowFacts { num_characters: 700, label: Some(-1), language: "en", ..RowFacts::default() });
        quality.add_reject(RejectReason::NulByte);
        let json = serde_json::to_string(&quality).unwrap();
        assert_eq!(serde_json::from_str::<Quality>(&json).unwrap(), quality);
    }

    #[test]
    fn each_fact_is_found_in_the_report() {
        let mut quality = Quality::default();
        let mut is_null = [false; NULLABLE.len()];
        is_null[0] = true;
        let english =
            RowFacts { num_characters: 12, num_tokens: 2, language: "en", label: Some(2), ..RowFacts::default() };
        quality.add_row(&RowFacts { is_null, has_html: true, redactions: Some(&redactions(2)), ..english });
        quality.add_row(&RowFacts { repair: Some(EncodingRepair::FromUtf16), sentiment: Some("Neutral"), ..english });
        quality.add_row(&RowFacts { num_tokens: 0, label: None, language: "es", ..english });
        quality.add_reject(RejectReason::MissingText);
        quality.add_duplicate(Duplicate::Near);
        let report = quality.report();
        assert_eq!((report.rows, report.empty_texts, report.html_texts), (3, 1, 1));
        assert_eq!(report.rejected_by_reason, [(RejectReason::MissingText, 1)].into());
        assert_eq!(report.null_shares, [("title".to_owned(), 0.333_333)].into());
        assert_eq!(report.duplicates, Duplicates { exact: 0, near: 1 });
        assert_eq!(report.encoding_repairs, [("utf-16".to_owned(), 1)].into());
        assert_eq!(report.redactions, redactions(2));
        assert_eq!((report.characters.p50, report.tokens.max, report.tokens.mean), (12, 2, 1.33));
        assert_eq!(report.labels, [(2, 2)].into());
        assert_eq!(report.languages, [("en".to_owned(), 2), ("es".to_owned(), 1)].into());
        assert_eq!(report.sentiments, [("Neutral".to_owned(), 1)].into());
    }
}
