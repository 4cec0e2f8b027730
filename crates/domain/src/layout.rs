//! Where the objects of a run lie, relative to the staging or results root.

use crate::RunId;

/// Folder of runs below the staging and the results root.
pub const STAGING_RUNS: &str = "runs";
/// Folder of claims below the staging root.
pub const STAGING_CLAIMS: &str = "claims";

/// Relative names inside one run's folder (`runs/<run_id>/…`).
pub struct RunLayout;

impl RunLayout {
    /// What to process; written by the dispatcher.
    pub const MANIFEST: &str = "manifest.json";
    /// Folder of clean rows.
    pub const SHARDS: &str = "shards";
    /// Folder of rows that could not be used.
    pub const REJECTED: &str = "rejected";
    /// How many jobs the cleaning still needs.
    pub const PLAN: &str = "plan.json";
    /// Where a large run is divided among jobs.
    pub const SPLITS: &str = "splits.json";
    /// Folder of what each of those jobs did.
    pub const SPLIT_REPORTS: &str = "splits";
    /// How many shards there are.
    pub const SHARD_COUNT: &str = "shards.json";
    /// Commit object of the cleaning.
    pub const ETL: &str = "etl.json";
    /// Folder of predictions.
    pub const PREDICTIONS: &str = "predictions";
    /// Folder of how long the jobs of the labelling took.
    pub const TIMINGS: &str = "timings";
    /// Commit object of the report.
    pub const SUMMARY: &str = "summary.json";
    /// The page for people.
    pub const REPORT: &str = "report.html";
    /// Folder of failure notes.
    pub const ERRORS: &str = "errors";

    /// `runs/<run_id>`, below a staging or results root.
    pub fn run(run_id: &RunId) -> String {
        format!("{STAGING_RUNS}/{run_id}")
    }
}

/// File name of how long the labelling job of this array index took: `inference-00000.json`.
pub fn timings_name(index: usize) -> String {
    format!("inference-{index:05}.json")
}

/// File name of the `index`-th part of a folder: `part-00000.parquet`.
pub fn part_name(index: usize) -> String {
    format!("part-{index:05}.parquet")
}
