//! `etl.json`: the commit object of the cleaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Counts, DataQuality, RejectReason, RunId, SampleRow};

/// What the cleaning did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EtlReport {
    /// The run.
    pub run_id: RunId,
    /// Records by outcome; `failed` is 0 here.
    pub counts: Counts,
    /// Clean rows that carry a label.
    pub labelled: u64,
    /// Number of shards.
    pub num_shards: usize,
    /// Children of the inference array job: the number of shards, at most `inference.max_array_size`.
    pub array_size: usize,
    /// Shards in order, below the run's folder.
    pub shards: Vec<PartEntry>,
    /// Parts of rejected records in order, below the run's folder.
    pub rejected: Vec<PartEntry>,
    /// Each input file.
    pub files: Vec<FileReport>,
    /// Rejected records by reason.
    pub rejected_by_reason: BTreeMap<RejectReason, u64>,
    /// Clean rows by label.
    pub labels: BTreeMap<i8, u64>,
    /// Clean rows that carry each further label; see [`crate::Columns::targets`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, u64>,
    /// Clean rows by language (ISO 639-1).
    pub languages: BTreeMap<String, u64>,
    /// Clean rows by lexicon sentiment.
    pub sentiments: BTreeMap<String, u64>,
    /// What the readable records of all files are like.
    #[serde(default)]
    pub quality: DataQuality,
    /// Some clean rows, drawn at random, in the order of their ids.
    #[serde(default)]
    pub sample: Vec<SampleRow>,
}

/// One Parquet part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// Path below the run's folder: `shards/part-00000.parquet`.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// XXH3 of its bytes, 16 hexadecimal digits; none where whoever listed the part did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What became of one input file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileReport {
    /// Provenance, as in the `source` column.
    pub source: String,
    /// Records by outcome.
    pub counts: Counts,
    /// What the content was recognised as: `csv`, `tsv`, `jsonl`, with `+gzip` or `+zstd`; none for a file left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Its columns in their order, or of JSON the keys of its first objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<SourceColumn>,
    /// Why the file was left out, wholly or from some record on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<FileProblem>,
    /// What its readable records are like.
    #[serde(default)]
    pub quality: DataQuality,
}

/// A column of an input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceColumn {
    /// Its name.
    pub name: String,
    /// What it is read as: a column of the clean shards, or `rating`, which becomes a label; none for one that is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Why a file was left out, wholly or from some record on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    /// The reason.
    pub reason: RejectReason,
    /// What was seen, for people; holds no review text.
    pub detail: String,
}
