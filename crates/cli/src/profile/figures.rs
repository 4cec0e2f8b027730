//! Everything that was found; `--json` prints it as it stands here.

use serde::Serialize;
use tamiz_domain::{Configuration, Counts, DataQuality, EtlReport, FileProblem, FileReport, LabelMap, SourceColumn};
use tamiz_monitor::figures::count_of;

use crate::profile::cleaned::Cleaned;
use crate::profile::findings::{Finding, findings};
use crate::profile::lengths::LengthBin;
use crate::profile::names::file_name;
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
    /// How its letters are written; none for a file that cannot be read.
    pub encoding: Option<String>,
    /// Its columns, and what they are read as.
    pub columns: Vec<SourceColumn>,
    /// Its records by outcome.
    pub counts: Counts,
    /// Why it was left out, wholly or from some record on.
    pub problem: Option<FileProblem>,
    /// What its readable records are like.
    pub quality: DataQuality,
}

/// An encoding's name, with the records that are not like the others.
fn encoding(quality: &DataQuality) -> String {
    let records = |code| quality.encoding_repairs.get(code).copied().unwrap_or(0);
    match (records("utf-16"), records("windows-1252")) {
        (0, 0) => "UTF-8".to_owned(),
        (0, rows) if rows == quality.rows => "Windows-1252".to_owned(),
        (0, rows) => format!("UTF-8; {} Windows-1252", count_of(rows, "record")),
        _ => "UTF-16".to_owned(),
    }
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
            encoding: file.format.is_some().then(|| encoding(&file.quality)),
            columns: file.columns.clone(),
            counts: file.counts,
            problem: file.problem.clone(),
            quality: file.quality.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_told_with_its_exceptions() {
        let of = |repairs: &[(&str, u64)]| {
            let encoding_repairs = repairs.iter().map(|(code, rows)| ((*code).to_owned(), *rows)).collect();
            encoding(&DataQuality { rows: 10, encoding_repairs, ..DataQuality::default() })
        };
        assert_eq!(of(&[("mojibake", 3)]), "UTF-8");
        assert_eq!(of(&[("windows-1252", 10)]), "Windows-1252");
        assert_eq!(of(&[("windows-1252", 1)]), "UTF-8; 1 record Windows-1252");
        assert_eq!(of(&[("utf-16", 10)]), "UTF-16");
    }
}
