//! How a file ended.

use serde::{Deserialize, Serialize};
use tamiz_domain::{FileProblem, ManifestObject, SourceColumn};

/// What is known of a file once it is at its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FileEnd {
    pub source: String,
    /// Records that were handed on.
    pub num_records: u64,
    /// None for a file that was left out wholly.
    pub format: Option<String>,
    /// What its columns are read as.
    pub columns: Vec<SourceColumn>,
    pub problem: Option<FileProblem>,
}

impl FileEnd {
    /// Of a file that cannot be read at all.
    pub(crate) fn left_out(object: &ManifestObject, problem: FileProblem) -> Self {
        Self { source: object.source(), num_records: 0, format: None, columns: Vec::new(), problem: Some(problem) }
    }
}
