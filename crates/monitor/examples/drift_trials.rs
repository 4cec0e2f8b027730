//! Compares chosen rows of predictions with others of them, over and over: how often drift is told where there is none. For
//! `scripts/bench/drift.sh`.
//!
//! `drift_trials PREDICTIONS BASELINE_ROWS ROWS TRIALS`: a folder of Parquet parts; rows of a baseline; rows that are compared with it; a file
//! with the row numbers of baseline and rows of each trial, as little-endian 32-bit numbers. Prints one JSON line a trial.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float32Type, Int8Type, UInt32Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tamiz_domain::{Baseline, DriftConfiguration, Profile, ProfiledRow, WordCounts};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [predictions, baseline_rows, rows, trials] = arguments.as_slice() else {
        return Err(anyhow!("usage: drift_trials PREDICTIONS BASELINE_ROWS ROWS TRIALS"));
    };
    let columns = Columns::of(&read(Path::new(predictions))?)?;
    let configuration = DriftConfiguration::default();
    let trials = numbers(trials)?;
    let mut out = std::io::stdout().lock();
    let (baseline_rows, rows): (usize, usize) = (baseline_rows.parse()?, rows.parse()?);
    for trial in trials.chunks_exact((baseline_rows + rows).max(1)) {
        let (baseline, rows) = trial.split_at(baseline_rows);
        let baseline = Baseline { profile: columns.profile(baseline), words: WordCounts::default() };
        let drift = tamiz_monitor::drift::compare(&baseline, &columns.profile(rows), 1, &configuration);
        writeln!(out, "{}", serde_json::to_string(&drift)?)?;
    }
    Ok(())
}

fn numbers(file: &str) -> anyhow::Result<Vec<usize>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {file}"))?;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte));
    Ok(bytes.chunks_exact(4).map(number).collect())
}

/// All parts as one batch.
fn read(folder: &Path) -> anyhow::Result<RecordBatch> {
    let mut parts: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    parts.sort();
    let mut batches = Vec::new();
    for part in parts {
        for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(part)?)?.build()? {
            batches.push(batch?);
        }
    }
    let schema = batches.first().context("there are no predictions")?.schema();
    Ok(concat_batches(&schema, &batches)?)
}

/// The columns that drift is measured by.
struct Columns {
    num_characters: ArrayRef,
    num_tokens: ArrayRef,
    unknown_share: ArrayRef,
    language: ArrayRef,
    predicted: ArrayRef,
    confidence: ArrayRef,
    label: ArrayRef,
}

impl Columns {
    fn of(batch: &RecordBatch) -> anyhow::Result<Self> {
        let column = |name: &str, data_type: &DataType| -> anyhow::Result<ArrayRef> {
            Ok(cast(batch.column_by_name(name).with_context(|| format!("there is no column {name}"))?, data_type)?)
        };
        Ok(Self {
            num_characters: column("num_characters", &DataType::UInt32)?,
            num_tokens: column("num_tokens", &DataType::UInt32)?,
            unknown_share: column("unknown_share", &DataType::Float32)?,
            language: column("language", &DataType::Utf8)?,
            predicted: column("predicted", &DataType::Int8)?,
            confidence: column("confidence", &DataType::Float32)?,
            label: column("label", &DataType::Int8)?,
        })
    }

    fn profile(&self, rows: &[usize]) -> Profile {
        let mut profile = Profile::default();
        for &row in rows.iter().filter(|&&row| row < self.label.len()) {
            let number =
                |column: &ArrayRef| column.is_valid(row).then(|| column.as_primitive::<UInt32Type>().value(row));
            let share =
                |column: &ArrayRef| column.is_valid(row).then(|| column.as_primitive::<Float32Type>().value(row));
            let class = |column: &ArrayRef| column.is_valid(row).then(|| column.as_primitive::<Int8Type>().value(row));
            profile.add(&ProfiledRow {
                characters: number(&self.num_characters),
                tokens: number(&self.num_tokens),
                unknown_share: share(&self.unknown_share),
                language: self.language.is_valid(row).then(|| self.language.as_string::<i32>().value(row)),
                predicted: class(&self.predicted),
                confidence: share(&self.confidence),
                label: class(&self.label),
            });
        }
        profile
    }
}
