//! What input data is like: the quality figures of `etl.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{PersonalData, RejectReason};

/// What the records of one file, or of all files of a run, are like.
///
/// The figures tell of the readable records as they came, so they include rows that were then dropped as duplicates.
/// Counts are numbers of rows unless said otherwise. Small on purpose: `etl.json` holds one for each file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataQuality {
    /// Readable records, which all other figures but `rejected_by_reason` are about.
    pub rows: u64,
    /// Records that could not be used, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected_by_reason: BTreeMap<RejectReason, u64>,
    /// Share of the rows without a value, by column: 0 to 1, to 6 decimals. Columns that are always filled are left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub null_shares: BTreeMap<String, f64>,
    /// Rows whose text repeats an earlier one's.
    pub duplicates: Duplicates,
    /// Rows of whose text the cleaning leaves nothing.
    pub empty_texts: u64,
    /// Rows whose text holds HTML tags or entities.
    pub html_texts: u64,
    /// Rows that were not UTF-8, by the encoding that they were read as.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub encoding_repairs: BTreeMap<String, u64>,
    /// Personal data that was masked, by kind. Occurrences, not rows.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub redactions: BTreeMap<PersonalData, u64>,
    /// Length of the texts in characters (Unicode scalar values), before cleaning.
    pub characters: Lengths,
    /// Length of the texts in tokens, after cleaning.
    pub tokens: Lengths,
    /// Rows by label; unlabelled ones are left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<i8, u64>,
    /// Rows by language (ISO 639-1).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<String, u64>,
    /// Rows by lexicon sentiment; rows in a language without lexicon are left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sentiments: BTreeMap<String, u64>,
}

/// Rows whose text repeats an earlier one's within the same shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Duplicates {
    /// The clean text is the same.
    pub exact: u64,
    /// The clean text shares most of its word triples with an earlier one.
    pub near: u64,
}

/// How long some texts are. All zero where there is none.
///
/// Quantiles are right to 0.4% (exact below 512); minimum, maximum and mean are exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lengths {
    /// The shortest.
    pub min: u64,
    /// The longest.
    pub max: u64,
    /// Arithmetic mean, to 2 decimals.
    pub mean: f64,
    /// 5% are not longer.
    pub p5: u64,
    /// 25% are not longer.
    pub p25: u64,
    /// The median.
    pub p50: u64,
    /// 75% are not longer.
    pub p75: u64,
    /// 95% are not longer.
    pub p95: u64,
    /// 99% are not longer.
    pub p99: u64,
}

/// One row of the sample: shortened, with personal data masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleRow {
    /// The row, as in the `review_id` column.
    pub review_id: String,
    /// Its label, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<i8>,
    /// Its language (ISO 639-1).
    pub language: String,
    /// The beginning of its text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_an_older_report_lacks_are_zero() {
        assert_eq!(serde_json::from_str::<DataQuality>("{}").unwrap(), DataQuality::default());
    }

    #[test]
    fn figures_without_content_take_little_room() {
        assert!(serde_json::to_string(&DataQuality::default()).unwrap().len() < 300);
    }
}
