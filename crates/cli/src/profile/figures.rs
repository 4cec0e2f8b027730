//! Everything that was found; `--json` prints it as it stands here.

use serde::Serialize;
use tamiz_domain::{Configuration, Counts, DataQuality, EtlReport, FileProblem, FileReport, LabelMap};

use crate::profile::cleaned::Cleaned;
use crate::profile::findings::{Finding, findings};
use crate::profile::lengths::LengthBin;
use crate::profile::problems::Problem;
use crate::profile::shards::ShardFigures;
use crate::profile::words::ClassWords;

/// What the data of some files is like.
#[derive(Debug, Serialize)]
pub struct Profile {
    /// Each file.
    pub files: Vec<FileProfile>,
    /// Records of all files by outcome.
    pub counts: Counts,
    /// What deserves a look, the most important first.
    pub findings: Vec<Finding>,
    /// What the readable records of all files are like.
    pub quality: DataQuality,
    /// Names of the labels, in order.
    pub labels: LabelMap,
    /// Clean rows by number of tokens.
    pub lengths: Vec<LengthBin>,
    /// Frequent and typical words of each class.
    pub words: Vec<ClassWords>,
    /// Rejected records by reason, the most frequent first.
    pub problems: Vec<Problem>,
    /// What cleaning does to some rows.
    pub samples: Vec<Cleaned>,
}

/// One file.
#[derive(Debug, Serialize)]
pub struct FileProfile {
    /// Its name.
    pub name: String,
    /// What it was recognised as; none for a file that cannot be read.
    pub format: Option<String>,
    /// Its records by outcome.
    pub counts: Counts,
    /// Why it was left out, wholly or from some record on.
    pub problem: Option<FileProblem>,
    /// What its readable records are like.
    pub quality: DataQuality,
}

/// A file as people know it: without its folders, which are nobody else's business.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

impl Profile {
    /// Puts together what the cleaning reported and what was read back.
    pub fn new(
        report: &EtlReport,
        shards: ShardFigures,
        problems: Vec<Problem>,
        configuration: &Configuration,
    ) -> Self {
        let labels = LabelMap::of_values(report.quality.labels.keys().copied());
        Self {
            files: report.files.iter().map(FileProfile::new).collect(),
            counts: report.counts,
            findings: findings(report, &labels, configuration),
            quality: report.quality.clone(),
            words: shards.words.into_classes(&labels),
            labels,
            lengths: shards.lengths.into_bins(),
            problems,
            samples: shards.samples.into_rows(),
        }
    }
}

impl FileProfile {
    fn new(file: &FileReport) -> Self {
        Self {
            name: file_name(&file.source).to_owned(),
            format: file.format.clone(),
            counts: file.counts,
            problem: file.problem.clone(),
            quality: file.quality.clone(),
        }
    }
}
