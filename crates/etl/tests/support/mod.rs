//! A run over files made by a test, and its results read back.

#![allow(dead_code, reason = "each test binary uses its own part of this")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code outside of test functions")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, UInt64Type};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tamiz_domain::{
    Configuration, EtlPlan, EtlReport, FileReport, Manifest, ManifestObject, ObjectIdentity, Ownership,
};
use tamiz_etl::{Deps, EtlError, Settings, Step, run, run_step};
use tamiz_ports::FolderStores;
use tamiz_telemetry::{Progress, Shutdown};

/// A folder with input files and runs over them.
pub struct Bench {
    folder: Arc<tempfile::TempDir>,
    objects: Vec<ManifestObject>,
    /// Configuration of the runs.
    pub configuration: Configuration,
    /// Flags beside manifest and output.
    pub threads: usize,
    pub user_key: Option<&'static str>,
}

/// What one run left behind.
pub struct Outcome {
    pub report: EtlReport,
    pub output: PathBuf,
    /// Keeps the folder for as long as it is looked at.
    _folder: Arc<tempfile::TempDir>,
}

/// A rejected record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub source: String,
    pub row: u64,
    pub offset: Option<u64>,
    pub reason: String,
    pub detail: String,
    pub raw: Vec<u8>,
}

impl Bench {
    pub fn new() -> Self {
        Self {
            folder: Arc::new(tempfile::tempdir().unwrap()),
            objects: Vec::new(),
            configuration: Configuration::default(),
            threads: 2,
            user_key: None,
        }
    }

    /// Adds an input file.
    pub fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content.as_ref()).unwrap();
        let uri = path.to_str().unwrap().to_owned();
        let identity = ObjectIdentity { bucket: "file".into(), key: name.into(), etag: "0".into() };
        let size = content.as_ref().len() as u64;
        self.objects.push(ManifestObject { identity, uri, version_id: None, size });
        self
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn manifest(&self) -> Manifest {
        Manifest::plan(self.objects.clone(), self.configuration.clone(), Ownership::Manifest, None)
    }

    /// Runs into the folder `output`.
    pub async fn try_run(&self, output: &str, shutdown: Shutdown) -> Result<Outcome, EtlError> {
        let report = run(self.settings(output), deps(), shutdown).await?;
        Ok(Outcome { report, output: self.path().join(output), _folder: self.folder.clone() })
    }

    /// The content of every file of a run.
    pub fn bytes_of(&self, output: &str) -> Vec<Vec<u8>> {
        let folder = self.path().join(output);
        let folders = [folder.clone(), folder.join("shards"), folder.join("rejected")];
        let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap().map(Result::unwrap));
        files.filter(|file| file.path().is_file()).map(|file| std::fs::read(file.path()).unwrap()).collect()
    }

    /// Takes one step of a run into the folder `output`, as child `array_index` of an array job.
    pub async fn step(&self, output: &str, step: Step, array_index: usize) -> Result<Option<EtlReport>, EtlError> {
        let settings = Settings { step, array_index, ..self.settings(output) };
        run_step(settings, deps(), Shutdown::new()).await
    }

    /// Takes all steps of a run, one job after the other.
    pub async fn run_by_steps(&self, output: &str) -> Outcome {
        assert!(self.step(output, Step::Plan, 0).await.unwrap().is_none(), "the run is too small to be divided");
        let plan: EtlPlan = read_json(&self.path().join(output).join("plan.json"));
        for index in (0..plan.array_size).rev() {
            assert_eq!(self.step(output, Step::Split, index).await.unwrap(), None);
        }
        let report = self.step(output, Step::Join, 0).await.unwrap().unwrap();
        Outcome { report, output: self.path().join(output), _folder: self.folder.clone() }
    }

    fn settings(&self, output: &str) -> Settings {
        let manifest = self.path().join("manifest.json");
        std::fs::write(&manifest, serde_json::to_vec(&self.manifest()).unwrap()).unwrap();
        let [manifest, target] =
            [&manifest, &self.path().join(output)].map(|path| path.to_str().unwrap().parse().unwrap());
        Settings {
            threads: self.threads.try_into().ok(),
            user_key: self.user_key.map(|key| key.parse().unwrap()),
            ..Settings::new(manifest, target)
        }
    }

    pub async fn run(&self) -> Outcome {
        self.try_run("out", Shutdown::new()).await.unwrap()
    }
}

fn deps() -> Deps {
    Deps { stores: Arc::new(FolderStores::default()), progress: Progress::default() }
}

pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

impl Outcome {
    /// The report of the input file `name`.
    pub fn file(&self, name: &str) -> &FileReport {
        let suffix = format!("/{name}");
        self.report.files.iter().find(|file| file.source.ends_with(&suffix)).expect("the file is in the report")
    }

    /// Every shard's rows.
    pub fn shards(&self) -> Vec<RecordBatch> {
        self.report.shards.iter().flat_map(|part| read_part(&self.output.join(&part.path))).collect()
    }

    /// A text column over all shards; nulls as `∅`.
    pub fn texts(&self, column: &str) -> Vec<String> {
        self.shards().iter().flat_map(|batch| texts(batch, column)).collect()
    }

    /// A text column of the rows that come from the input file `name`.
    pub fn texts_of(&self, name: &str, column: &str) -> Vec<String> {
        let of_file = |(source, text): (String, String)| source.ends_with(&format!("/{name}")).then_some(text);
        self.texts("source").into_iter().zip(self.texts(column)).filter_map(of_file).collect()
    }

    /// Row, reason and raw bytes (as text) of every rejected record.
    pub fn rejected(&self) -> Vec<(u64, String, String)> {
        let parts = |reject: Reject| (reject.row, reject.reason, String::from_utf8_lossy(&reject.raw).into_owned());
        self.rejects().into_iter().map(parts).collect()
    }

    /// Every rejected record.
    pub fn rejects(&self) -> Vec<Reject> {
        self.rejected_batches().iter().flat_map(rejects).collect()
    }

    /// A text column of the rejected records.
    pub fn rejected_texts(&self, column: &str) -> Vec<String> {
        self.rejected_batches().iter().flat_map(|batch| texts(batch, column)).collect()
    }

    fn rejected_batches(&self) -> Vec<RecordBatch> {
        self.report.rejected.iter().flat_map(|part| read_part(&self.output.join(&part.path))).collect()
    }

    /// Every output file's bytes by its path.
    pub fn bytes(&self) -> BTreeMap<String, Vec<u8>> {
        let parts = self.report.shards.iter().chain(&self.report.rejected).map(|part| part.path.clone());
        parts
            .chain(["etl.json".to_owned()])
            .map(|path| (path.clone(), std::fs::read(self.output.join(path)).unwrap()))
            .collect()
    }
}

pub fn read_part(path: &Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(path).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    let column = &batch[column];
    let value = |index: usize| match column.as_any_dictionary_opt() {
        _ if column.is_null(index) => "∅".to_owned(),
        Some(_) => {
            let dictionary = column.as_dictionary::<Int32Type>();
            dictionary.values().as_string::<i32>().value(dictionary.keys().value(index) as usize).to_owned()
        }
        None => column.as_string::<i32>().value(index).to_owned(),
    };
    (0..column.len()).map(value).collect()
}

fn rejects(batch: &RecordBatch) -> Vec<Reject> {
    let column = |name| texts(batch, name);
    let (sources, reasons, details) = (column("source"), column("reason"), column("detail"));
    let number = |name: &str, index: usize| {
        let column = batch[name].as_primitive::<UInt64Type>();
        column.is_valid(index).then(|| column.value(index))
    };
    let reject = |index: usize| Reject {
        source: sources[index].clone(),
        row: number("row", index).unwrap(),
        offset: number("offset", index),
        reason: reasons[index].clone(),
        detail: details[index].clone(),
        raw: batch["raw"].as_binary::<i32>().value(index).to_vec(),
    };
    (0..batch.num_rows()).map(reject).collect()
}

/// A Parquet file of one row group.
pub fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Many different records in the polarity order, some of them broken.
pub fn many_records(count: usize) -> String {
    let words = ["good", "bad", "excellent battery", "terrible noise, really", "it's \"\"fine\"\""];
    (0..count)
        .map(|number| match number % 97 {
            13 => format!("{number} is no record\n"),
            57 => format!("\"9\",\"title {number}\",\"text\"\n"),
            _ => {
                let (label, text) = (1 + number % 2, words[number % words.len()].repeat(1 + number % 7));
                format!("\"{label}\",\"title {number}\",\"{text} {number}\"\n")
            }
        })
        .collect()
}
