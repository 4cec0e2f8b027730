//! What the cleaning of a file came to, and what must be so of it.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tamiz_domain::{Configuration, EtlReport, RejectReason};

/// The report, and the bytes of every part and of `etl.json`.
#[derive(Debug)]
pub struct Cleaned {
    pub report: EtlReport,
    pub objects: BTreeMap<String, Bytes>,
}

/// A rejected record.
struct Reject {
    row: u64,
    offset: Option<u64>,
    reason: String,
    raw: Vec<u8>,
}

impl Cleaned {
    /// Every part, by its path.
    pub fn parts(&self) -> BTreeMap<&str, &Bytes> {
        let is_part = |(path, _): &(&str, &Bytes)| path.ends_with(".parquet");
        self.objects.iter().map(|(path, bytes)| (path.as_str(), bytes)).filter(is_part).collect()
    }

    /// What must be so of any file: every record is in exactly one part, once; whatever was refused has a reason; and rejected records
    /// lie where their offsets say.
    pub fn check(&self, content: &[u8], configuration: &Configuration) {
        let [file] = &self.report.files[..] else { panic!("one file went in, {} came out", self.report.files.len()) };
        assert!(self.report.counts.is_conserved(), "{:?}", self.report.counts);
        assert_eq!((file.counts, self.report.counts.failed), (self.report.counts, 0));
        assert!(file.counts.input > 0 || file.problem.is_some(), "a file without records says why");
        if let Some(problem) = &file.problem {
            assert!(!problem.detail.is_empty(), "{} has no detail", problem.reason);
        }
        let rejects = self.rejects();
        let mut rows = self.rows();
        assert_eq!(rows.len() as u64, file.counts.ok);
        assert_eq!(rejects.len() as u64, file.counts.rejected);
        rows.extend(rejects.iter().map(|reject| reject.row));
        rows.sort_unstable();
        assert!(rows.iter().copied().eq(1..=file.counts.input), "records are numbered {rows:?}");
        for pair in rejects.windows(2) {
            assert!(pair[0].row < pair[1].row && pair[0].offset <= pair[1].offset, "rejected records are in order");
        }
        for reject in &rejects {
            assert!(RejectReason::ALL.iter().any(|reason| reason.code() == reject.reason), "{}", reject.reason);
        }
        if self.is_as_uploaded(content) && configuration.redact.kinds.is_empty() {
            rejects.iter().for_each(|reject| reject.check_place(content));
        }
    }

    /// Records begin where whoever divides the run says that they do, each behind the end of a line.
    pub fn check_starts(&self, content: &[u8], starts: &[(u64, Option<u64>)]) {
        assert!(starts.iter().map(|start| start.0).eq(1..=self.report.counts.input), "{starts:?}");
        for pair in starts.windows(2) {
            assert!(pair[0].1 < pair[1].1 || pair[1].1.is_none(), "{starts:?}");
        }
        for reject in self.rejects() {
            let (_, planned) = starts[reject.row as usize - 1];
            assert!(planned.is_none() || planned == reject.offset, "record {} begins at {planned:?}", reject.row);
        }
        let offsets = starts.iter().skip(1).filter_map(|start| start.1);
        for offset in offsets.map(|offset| offset as usize) {
            assert!(
                matches!(content[offset - 1], b'\n' | b'\r'),
                "a record begins at {offset}, in the middle of a line"
            );
        }
    }

    /// Whether offsets count the bytes of the file as it came: they do not in what was packed, or UTF-16.
    fn is_as_uploaded(&self, content: &[u8]) -> bool {
        let format = self.report.files[0].format.as_deref();
        let is_wide = content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff");
        !is_wide && format.is_some_and(|format| !format.contains('+') && format != "parquet")
    }

    fn batches(&self, paths: impl Iterator<Item = String>) -> Vec<RecordBatch> {
        let read = |path: String| {
            let reader =
                ParquetRecordBatchReaderBuilder::try_new(self.objects[&path].clone()).expect("a part is Parquet");
            reader
                .build()
                .expect("a part is Parquet")
                .map(|batch| batch.expect("a part is Parquet"))
                .collect::<Vec<_>>()
        };
        paths.flat_map(read).collect()
    }

    /// Row numbers of the clean rows.
    fn rows(&self) -> Vec<u64> {
        let shards = self.batches(self.report.shards.iter().map(|part| part.path.clone()));
        shards.iter().flat_map(|batch| batch["row"].as_primitive::<UInt64Type>().values().to_vec()).collect()
    }

    fn rejects(&self) -> Vec<Reject> {
        let parts = self.batches(self.report.rejected.iter().map(|part| part.path.clone()));
        parts.iter().flat_map(rejects_of).collect()
    }
}

impl Reject {
    fn check_place(&self, content: &[u8]) {
        let offset = self.offset.expect("records of text have offsets") as usize;
        let there = content.get(offset..).unwrap_or_default();
        assert!(there.starts_with(&self.raw), "record {} does not lie at {offset}", self.row);
    }
}

fn rejects_of(batch: &RecordBatch) -> Vec<Reject> {
    let [rows, offsets] = ["row", "offset"].map(|name| batch[name].as_primitive::<UInt64Type>());
    let reasons = cast(&batch["reason"], &DataType::Utf8).expect("a dictionary of text");
    let (reasons, raw) = (reasons.as_string::<i32>(), batch["raw"].as_binary::<i32>());
    let reject = |index: usize| Reject {
        row: rows.value(index),
        offset: offsets.is_valid(index).then(|| offsets.value(index)),
        reason: reasons.value(index).to_owned(),
        raw: raw.value(index).to_vec(),
    };
    (0..batch.num_rows()).map(reject).collect()
}
