//! The pipeline's configuration: what `configs/pipeline.toml` says, with a default for every key.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{PersonalData, Prices, schema};

/// A sample is there to be read by people.
const MAX_SAMPLE_ROWS: usize = 200;

/// The whole configuration. Unknown keys are errors, so that a typing error is never a silent default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// Names of the source's columns.
    pub columns: Columns,
    /// What labels mean.
    pub labels: LabelScheme,
    /// Cleaning.
    pub etl: EtlConfiguration,
    /// Repeated texts.
    pub duplicates: DuplicateConfiguration,
    /// Masking of personal data.
    pub redact: RedactConfiguration,
    /// Labelling.
    pub inference: InferenceConfiguration,
    /// How much may go wrong before a run is no success.
    pub budget: Budget,
    /// How far a run may be from what its model knows.
    pub drift: DriftConfiguration,
    /// When a new model is trained.
    pub retrain: RetrainConfiguration,
    /// What machines cost.
    pub cost: Prices,
    /// How uploads become runs. Changes no result, so it is not part of the digest.
    pub dispatch: DispatchLimits,
}

impl Configuration {
    /// Hexadecimal SHA-256 of everything that can change a run's results.
    pub fn digest(&self) -> String {
        let relevant = Self { dispatch: DispatchLimits::default(), ..self.clone() };
        // A struct of plain fields and sorted maps always has a JSON form.
        let json = serde_json::to_vec(&relevant).unwrap_or_default();
        hex::encode(Sha256::digest(json))
    }

    /// Checks what the types cannot: each violation as `section.key: what is wrong`.
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut require = |holds: bool, message: &str| {
            if !holds {
                found.push(message.to_owned());
            }
        };
        let shares = [self.budget.max_rejected_share, self.budget.max_failed_share];
        require(shares.iter().all(|s| (0.0..=1.0).contains(s)), "budget: shares lie between 0 and 1");
        let DriftConfiguration { band, strong, .. } = self.drift;
        require(0.0 < band && band <= strong, "drift.band: more than 0, and drift.strong not less");
        let drop = self.retrain.max_accuracy_drop;
        require((0.0..=1.0).contains(&drop), "retrain.max_accuracy_drop: between 0 and 1");
        let Prices { fargate_vcpu, fargate_gib, ec2_vcpu, spot_share } = self.cost;
        let prices = [fargate_vcpu, fargate_gib, ec2_vcpu, spot_share];
        require(prices.iter().all(|price| *price >= 0.0), "cost: prices are not less than 0");
        require(self.etl.rows_per_shard > 0, "etl.rows_per_shard: at least 1");
        require(self.etl.max_record_bytes > 0, "etl.max_record_bytes: at least 1");
        require(self.etl.bytes_per_job > 0, "etl.bytes_per_job: at least 1");
        require(self.etl.sample_rows <= MAX_SAMPLE_ROWS, "etl.sample_rows: at most 200");
        require((0.5..=1.0).contains(&self.duplicates.near_threshold), "duplicates.near_threshold: between 0.5 and 1");
        require(self.duplicates.near_min_tokens >= 3, "duplicates.near_min_tokens: at least 3");
        require(self.etl.max_expansion > 0, "etl.max_expansion: at least 1");
        require(self.etl.max_unpacked_bytes > 0, "etl.max_unpacked_bytes: at least 1");
        require(
            (2..=10_000).contains(&self.inference.max_array_size),
            "inference.max_array_size: 2 to 10,000 (AWS Batch)",
        );
        require(self.inference.batch_rows > 0, "inference.batch_rows: at least 1");
        require(!self.columns.text.is_empty(), "columns.text: at least one name");
        require(self.dispatch.max_objects > 0, "dispatch.max_objects: at least 1");
        require(self.dispatch.max_open_runs > 0, "dispatch.max_open_runs: at least 1");
        require(self.dispatch.max_runnable_jobs > 0, "dispatch.max_runnable_jobs: at least 1");
        found.extend(self.columns.problem_of_targets());
        found
    }
}

/// Names under which sources hold each field, tried in order, compared without case.
///
/// The defaults read the Amazon Reviews 2014, 2018 and 2023 field names, the AWS review dumps (`star_rating`,
/// `review_body`) and the headerless polarity order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// Class given directly: polarity or another class number. A rating beside it decides instead.
    pub label: Vec<String>,
    /// Stars, mapped to a class by `[labels]`.
    pub rating: Vec<String>,
    /// Title of the review.
    pub title: Vec<String>,
    /// Body of the review; the only field that must be there.
    pub text: Vec<String>,
    /// Product variant.
    pub asin: Vec<String>,
    /// Product.
    pub parent_asin: Vec<String>,
    /// Votes that found the review helpful.
    pub helpful_vote: Vec<String>,
    /// Whether the shop saw the purchase.
    pub verified_purchase: Vec<String>,
    /// When it was written: Unix seconds or milliseconds, or an ISO 8601 date.
    pub timestamp: Vec<String>,
    /// Who wrote it; only a keyed hash of it is ever written.
    pub user: Vec<String>,
    /// Further labels, at most [`MAX_TARGETS`]: each goes into the shards as text, in a column of its own name, for models to be
    /// trained on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
}

/// Further labels of a record at most.
pub const MAX_TARGETS: usize = 8;

impl Columns {
    /// What is wrong with [`Self::targets`].
    fn problem_of_targets(&self) -> Option<String> {
        let is_taken = |name: &&String| schema::clean_shard(&[]).column_with_name(name).is_some();
        let repeats = |(at, name): &(usize, &String)| {
            self.targets[..*at].iter().any(|other| other.to_lowercase() == name.to_lowercase())
        };
        if self.targets.len() > MAX_TARGETS {
            return Some(format!("columns.targets: at most {MAX_TARGETS}"));
        }
        if self.targets.iter().any(|name| name.trim().is_empty()) {
            return Some("columns.targets: a name is empty".into());
        }
        if let Some(name) = self.targets.iter().find(is_taken) {
            return Some(format!("columns.targets: `{name}` is another column of the shards"));
        }
        let repeated = self.targets.iter().enumerate().find(repeats);
        repeated.map(|(_, name)| format!("columns.targets: `{name}` is there twice"))
    }
}

impl Default for Columns {
    fn default() -> Self {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        Self {
            label: names(&["polarity", "label", "polaridad", "class"]),
            rating: names(&["rating", "overall", "stars", "star_rating", "score", "reviews.rating"]),
            title: names(&["title", "summary", "review_headline", "review_title", "reviews.title", "titulo"]),
            text: names(&[
                "text",
                "reviewText",
                "review_body",
                "reviews.text",
                "body",
                "review",
                "texto",
                "opinion",
                "content",
                "verified_reviews",
            ]),
            asin: names(&["asin", "product_id", "ProductId"]),
            parent_asin: names(&["parent_asin", "product_parent"]),
            helpful_vote: names(&[
                "helpful_vote",
                "vote",
                "helpful_votes",
                "helpful",
                "HelpfulnessNumerator",
                "reviews.numHelpful",
            ]),
            verified_purchase: names(&["verified_purchase", "verified", "reviews.didPurchase"]),
            timestamp: names(&[
                "timestamp",
                "unixReviewTime",
                "sort_timestamp",
                "review_date",
                "reviews.date",
                "reviewTime",
                "date",
                "time",
            ]),
            user: names(&["user_id", "reviewerID", "customer_id", "UserId"]),
            targets: Vec::new(),
        }
    }
}

/// What labels mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelScheme {
    /// Class of each star rating, where a source gives stars instead of a class. A rating that is not
    /// listed leaves the review unlabelled: by default the three-star ones, as in the Amazon polarity data.
    pub from_rating: BTreeMap<String, i8>,
    /// Smallest class number.
    pub min: i8,
    /// Largest class number.
    pub max: i8,
}

impl Default for LabelScheme {
    fn default() -> Self {
        let from_rating = [("1", 1), ("2", 1), ("4", 2), ("5", 2)];
        Self { from_rating: from_rating.map(|(stars, class)| (stars.to_owned(), class)).into(), min: 1, max: 5 }
    }
}

/// Cleaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EtlConfiguration {
    /// Records of the input that go into a shard; it holds as many rows, less those that are rejected.
    pub rows_per_shard: usize,
    /// Records larger than this are rejected, which bounds memory.
    pub max_record_bytes: usize,
    /// Bytes of input for one job. A run with more is cleaned by an array of jobs.
    pub bytes_per_job: u64,
    /// Rows that `etl.json` shows as a sample.
    pub sample_rows: usize,
    /// Bytes that one packed byte may unpack to, from 64 MiB on; a file that gives more is read no further.
    pub max_expansion: u64,
    /// Bytes that one packed file may unpack to.
    pub max_unpacked_bytes: u64,
    /// Whether text that is certain to be UTF-8 misread as Windows-1252 (`cafÃ©`) is turned back.
    pub repair_mojibake: bool,
}

impl Default for EtlConfiguration {
    fn default() -> Self {
        Self {
            rows_per_shard: 100_000,
            max_record_bytes: 8 << 20,
            bytes_per_job: 4 << 30,
            sample_rows: 20,
            max_expansion: 250,
            max_unpacked_bytes: 1 << 40,
            repair_mojibake: true,
        }
    }
}

/// What becomes of rows whose text repeats an earlier one's in the same shard. Texts are compared after cleaning, so
/// case, punctuation, links and markup make no difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DuplicateConfiguration {
    /// Of the same text.
    pub exact: DuplicateAction,
    /// Of nearly the same text.
    pub near: DuplicateAction,
    /// Share of word triples in common (Jaccard similarity, estimated) from which on texts are nearly the same.
    pub near_threshold: f64,
    /// Texts of fewer tokens are compared for being the same only: short ones are alike by chance.
    pub near_min_tokens: usize,
}

impl Default for DuplicateConfiguration {
    fn default() -> Self {
        Self { exact: DuplicateAction::Flag, near: DuplicateAction::Flag, near_threshold: 0.8, near_min_tokens: 12 }
    }
}

/// What is done with a repeated text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DuplicateAction {
    /// Nothing; it is not looked for.
    Ignore,
    /// The row is kept, and its `duplicate` column says so.
    Flag,
    /// The row is rejected, with the reason `duplicate`.
    Drop,
}

/// Masking of personal data, before anything is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RedactConfiguration {
    /// Kinds that are masked in title, text and rejected records; none by default.
    pub kinds: BTreeSet<PersonalData>,
}

/// Labelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InferenceConfiguration {
    /// Columns of the clean shards repeated beside each prediction.
    pub pass_through: Vec<String>,
    /// Children of the Batch array job at most; more shards are dealt out round robin.
    pub max_array_size: usize,
    /// Rows handed to the device at once, which sorts them by length.
    pub batch_rows: usize,
    /// Tokens of a text that an encoder reads at once; 0 for as many as it can. n-gram models have their own limit.
    pub max_tokens: usize,
    /// What becomes of texts that are longer, where a model has classes of texts; entities are looked for in all of a text.
    pub long_texts: LongTexts,
    /// Tokens that go through an encoder at once; 0 for what suits the device, which a GPU is asked for at the start.
    pub batch_tokens: usize,
}

/// What becomes of a text that is longer than an encoder reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongTexts {
    /// The first tokens are read, and `truncated` says so.
    #[default]
    Truncate,
    /// Windows that overlap are read, and their scores averaged, each counted by its tokens.
    Average,
}

impl Default for InferenceConfiguration {
    fn default() -> Self {
        let columns =
            ["title", "text", "sentiment", "compound", "language", "asin", "parent_asin", "verified_purchase"];
        Self {
            pass_through: columns.map(str::to_owned).into(),
            max_array_size: 1_000,
            batch_rows: 4_096,
            max_tokens: 0,
            long_texts: LongTexts::Truncate,
            batch_tokens: 0,
        }
    }
}

/// How much may go wrong before a run is no success.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Largest share of rejected records.
    pub max_rejected_share: f64,
    /// Largest share of failed rows.
    pub max_failed_share: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { max_rejected_share: 0.1, max_failed_share: 0.01 }
    }
}

/// How far a run may be from what its model was measured on, by population stability index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DriftConfiguration {
    /// From here on a feature has drifted, where the rows are enough to be certain.
    pub band: f64,
    /// From here on it has drifted far.
    pub strong: f64,
    /// Runs of fewer rows are looked at together with the ones before that are as small.
    pub min_rows: u64,
    /// Days that are looked back for them.
    pub window_days: u32,
}

impl Default for DriftConfiguration {
    fn default() -> Self {
        Self { band: 0.1, strong: 0.25, min_rows: 1_000, window_days: 7 }
    }
}

/// When a new model is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetrainConfiguration {
    /// Labelled rows in runs that the current model has not seen, from which on it is trained anew.
    pub min_new_labels: u64,
    /// The same where the model does worse than it should, or is asked about other things than it knows.
    pub min_new_labels_in_need: u64,
    /// How much less often than on its hold-out a model may be right before it does worse than it should.
    pub max_accuracy_drop: f64,
    /// Hours after a run that asked for a new model in which no other one does.
    pub cool_down_hours: u32,
}

impl Default for RetrainConfiguration {
    fn default() -> Self {
        Self { min_new_labels: 100_000, min_new_labels_in_need: 10_000, max_accuracy_drop: 0.05, cool_down_hours: 24 }
    }
}

/// How uploads become runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DispatchLimits {
    /// Objects packed into one run at most.
    pub max_objects: usize,
    /// Bytes packed into one run at most; a larger object is a run of its own.
    pub max_bytes: u64,
    /// Seconds that small files are waited for, when the dispatcher polls the queue itself.
    pub window_seconds: u64,
    /// Running executions from which on uploads wait in the queue.
    pub max_open_runs: usize,
    /// Jobs waiting for a machine (RUNNABLE) from which on uploads wait in the queue.
    pub max_runnable_jobs: usize,
}

impl Default for DispatchLimits {
    fn default() -> Self {
        Self { max_objects: 64, max_bytes: 1 << 30, window_seconds: 5, max_open_runs: 20, max_runnable_jobs: 100 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_results_changes_the_digest() {
        let base = Configuration::default();
        let mut packed = base.clone();
        packed.dispatch.max_objects = 1;
        assert_eq!(base.digest(), packed.digest());
        let mut smaller = base.clone();
        smaller.etl.rows_per_shard = 10;
        assert_ne!(base.digest(), smaller.digest());
    }

    #[test]
    fn defaults_are_valid_and_nonsense_is_named() {
        assert_eq!(Configuration::default().violations(), Vec::<String>::new());
        let mut wrong = Configuration::default();
        wrong.budget.max_failed_share = 1.5;
        wrong.etl.rows_per_shard = 0;
        wrong.duplicates.near_threshold = 0.1;
        assert_eq!(wrong.violations().len(), 3);
    }

    #[test]
    fn further_labels_have_names_of_their_own() {
        let of = |names: &[&str]| {
            let mut configuration = Configuration::default();
            configuration.columns.targets = names.iter().map(|&name| name.to_owned()).collect();
            configuration.violations()
        };
        assert_eq!(of(&["topic", "Urgent"]), Vec::<String>::new());
        assert_eq!(of(&["topic", "label"]), ["columns.targets: `label` is another column of the shards"]);
        assert_eq!(of(&["topic", "Topic"]), ["columns.targets: `Topic` is there twice"]);
        assert_eq!(of(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]), ["columns.targets: at most 8"]);
        assert_eq!(of(&[" "]), ["columns.targets: a name is empty"]);
    }
}
