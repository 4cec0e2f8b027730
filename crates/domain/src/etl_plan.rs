//! What the state machine reads of the cleaning: small, because a payload holds 256 KiB.

use serde::{Deserialize, Serialize};

use crate::{EtlReport, RunId};

/// `plan.json`: how many jobs the cleaning still needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtlPlan {
    /// The run.
    pub run_id: RunId,
    /// Children of the array job that cleans the splits, at least 2 (Batch knows no smaller array); 0 where the run is
    /// cleaned already.
    pub array_size: usize,
}

/// `shards.json`: how many shards there are to label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardCount {
    /// The run.
    pub run_id: RunId,
    /// Number of shards.
    pub num_shards: usize,
    /// Children of the inference array job.
    pub array_size: usize,
}

impl ShardCount {
    /// What a report says of shards.
    pub fn of(report: &EtlReport) -> Self {
        Self { run_id: report.run_id.clone(), num_shards: report.num_shards, array_size: report.array_size }
    }
}
