//! What is known of a model without loading it: name, pointer, lineage, metrics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Behaviour, CrossValidation, LabelMap, MetricSet, Slice};

/// A model version, named in every part that it labelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReference {
    /// Registered name.
    pub name: String,
    /// Version: the first twelve hexadecimal digits of the digest.
    pub version: String,
    /// SHA-256 of the folder's `SHA256SUMS`.
    pub digest: String,
}

/// `latest.json`: which version of a name is in use. Swapped by compare-and-swap only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPointer {
    /// Version in use.
    pub version: String,
    /// SHA-256 of the version's `SHA256SUMS`.
    pub digest: String,
}

/// `metrics.json` of a model version: what it was trained on, how, and how well it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelMetrics {
    /// Architecture, such as `ngram`.
    pub architecture: String,
    /// Classes in score order.
    pub labels: LabelMap,
    /// Rows it was trained on.
    pub train_rows: u64,
    /// Size of the weights in bytes.
    #[serde(default)]
    pub weight_bytes: u64,
    /// Figures on the hold-out, which training never saw.
    pub holdout: MetricSet,
    /// The same of parts of the hold-out.
    #[serde(default)]
    pub slices: Vec<Slice>,
    /// Behavioural tests, on texts of the hold-out.
    #[serde(default)]
    pub behaviour: Vec<Behaviour>,
    /// Figures on labelled rows from elsewhere, if any were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<MetricSet>,
    /// How much the figures differ from fold to fold of the training rows, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_validation: Option<CrossValidation>,
    /// Rows whose label is probably wrong; `label_noise.csv` lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspected_labels: Option<SuspectedLabels>,
    /// Runs whose labelled rows were in the training data.
    #[serde(default)]
    pub training_runs: Vec<String>,
    /// Where it comes from; none of a model that was not trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
}

impl ModelMetrics {
    /// Of a model of which only the hold-out's figures are known.
    pub fn of_holdout(architecture: &str, labels: LabelMap, train_rows: u64, holdout: MetricSet) -> Self {
        Self {
            architecture: architecture.to_owned(),
            labels,
            train_rows,
            weight_bytes: 0,
            holdout,
            slices: Vec::new(),
            behaviour: Vec::new(),
            test: None,
            cross_validation: None,
            suspected_labels: None,
            training_runs: Vec::new(),
            lineage: None,
        }
    }
}

/// Everything that decides what a training comes to: with the same on a CPU, the same model comes out, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// Version of the program that trained it.
    pub code_version: String,
    /// How texts were cleaned that it was trained on; see [`crate::schema::PREPROCESSING_VERSION`]. None of texts that Tamiz did not clean.
    pub preprocessing: Option<String>,
    /// Column that the labels were read from.
    pub label_column: String,
    /// Parts of the rows that models were trained without, to cross-validate.
    pub folds: usize,
    /// Flags of the training, defaults included.
    pub configuration: BTreeMap<String, String>,
    /// The model that it started from, if any.
    pub init: Option<ModelReference>,
    /// Files that the rows came from.
    pub data: Vec<TrainingFile>,
    /// Rows that steps were taken on.
    pub training: RowSet,
    /// Rows that decided when to stop.
    pub validation: RowSet,
    /// Rows that training never saw.
    pub holdout: RowSet,
}

/// Labels that a model contradicts with confidence, on rows that it never saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspectedLabels {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows whose label is probably wrong.
    pub suspected: u64,
}

/// A file of labelled rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingFile {
    /// The run and the path below it, or the file's URI.
    pub name: String,
    /// Labelled rows in it.
    pub rows: u64,
    /// SHA-256 of these rows: of id, label and text, in order.
    pub digest: String,
}

/// Some rows, by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSet {
    /// How many.
    pub rows: u64,
    /// SHA-256 of their ids in ascending order, each ended by a line feed: `sort | sha256sum`.
    pub digest: String,
}
