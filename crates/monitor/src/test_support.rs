//! Runs made up for tests: real Parquet parts in the schemas of the domain, in buckets in memory.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::array::{
    ArrayRef, Float32Array, Int8Array, RecordBatch, StringArray, UInt32Array, UInt64Array, new_null_array,
};
use arrow::datatypes::Schema;
use parquet::arrow::ArrowWriter;
use tamiz_domain::{
    Configuration, Counts, DataQuality, EtlReport, FileProblem, FileReport, JobUse, LabelMap, Manifest, ManifestObject,
    ModelReference, ObjectIdentity, Ownership, PartEntry, RejectReason, RunId, RunLayout, RunRecord, Verdict,
    part_name, schema,
};
use tamiz_ports::{FixedJobs, Folder, MemoryMailer, MemoryStores, Stores};
use tamiz_telemetry::Progress;

use crate::language::Language;
use crate::predictions::Predictions;
use crate::tally::Rows;
use crate::{Deps, Failure, Settings};

/// A text that stands for a review wherever one could slip out.
pub(crate) const REVIEW_TEXT: &str = "my secret review text";

/// A row of predictions.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) source: String,
    pub(crate) label: Option<i8>,
    pub(crate) predicted: Option<i8>,
    pub(crate) confidence: f32,
    pub(crate) sentiment: Option<&'static str>,
    pub(crate) language: &'static str,
}

/// `rows` predictions for a source, every tenth of them wrong and the n-th with the confidence that its number gives.
pub(crate) fn predicted_rows(source: &str, rows: u64, labelled: bool) -> Vec<Row> {
    let row = |n: u64| {
        let truth = 1 + (n % 2) as i8;
        let predicted = if n % 10 == 9 { 3 - truth } else { truth };
        Row {
            source: source.to_owned(),
            label: labelled.then_some(truth),
            predicted: Some(predicted),
            confidence: 0.51 + 0.48 * ((n * 37 % 100) as f32 / 100.0).sqrt(),
            sentiment: [Some("Positivo"), Some("Negativo"), Some("Neutral"), None][(n * 7 % 4) as usize],
            language: "en",
        }
    };
    (0..rows).map(row).collect()
}

/// The report of a cleaning: `(source, ok, rejected)` for each file, one shard, one part of rejected records.
pub(crate) fn cleaned(files: &[(&str, u64, u64)]) -> EtlReport {
    let file = |&(source, ok, rejected): &(&str, u64, u64)| FileReport {
        source: source.to_owned(),
        counts: Counts { input: ok + rejected, ok, rejected, failed: 0 },
        format: Some("csv+gzip".into()),
        columns: Vec::new(),
        problem: None,
        quality: DataQuality::default(),
    };
    let files: Vec<FileReport> = files.iter().map(file).collect();
    let mut counts = Counts::default();
    files.iter().for_each(|file| counts += file.counts);
    let part = |folder: &str, rows| PartEntry { path: format!("{folder}/{}", part_name(0)), rows, digest: None };
    let shards: Vec<_> = (counts.ok > 0).then(|| part(RunLayout::SHARDS, counts.ok)).into_iter().collect();
    let rejected = (counts.rejected > 0).then(|| part(RunLayout::REJECTED, counts.rejected));
    EtlReport {
        run_id: folder_manifest(&[]).run_id,
        labelled: 0,
        num_shards: shards.len(),
        array_size: shards.len(),
        shards,
        rejected: rejected.into_iter().collect(),
        rejected_by_reason: (counts.rejected > 0)
            .then_some((RejectReason::WrongNumberOfFields, counts.rejected))
            .into_iter()
            .collect(),
        labels: Default::default(),
        targets: Default::default(),
        languages: Default::default(),
        sentiments: Default::default(),
        quality: DataQuality::default(),
        sample: Vec::new(),
        counts,
        files,
    }
}

/// A file of which nothing could be used.
pub(crate) fn left_out(source: &str, reason: RejectReason, detail: &str) -> FileReport {
    let problem = Some(FileProblem { reason, detail: detail.to_owned() });
    FileReport {
        source: source.to_owned(),
        counts: Counts::default(),
        format: None,
        columns: Vec::new(),
        problem,
        quality: DataQuality::default(),
    }
}

/// The manifest of a run that owns the objects at `uris`.
pub(crate) fn folder_manifest(uris: &[&str]) -> Manifest {
    let object = |uri: &&str| ManifestObject {
        identity: ObjectIdentity { bucket: "in".into(), key: (*uri).to_owned(), etag: "e".into() },
        uri: (*uri).to_owned(),
        version_id: None,
        size: 1,
    };
    Manifest::plan(uris.iter().map(object).collect(), Configuration::default(), Ownership::Manifest, None)
}

/// What predictions for a cleaning look like once read, nothing lost.
pub(crate) fn labelled(etl: &EtlReport) -> Predictions {
    let mut predictions = Predictions::default();
    for file in &etl.files {
        predictions.tally.sources.insert(file.source.clone(), Rows { ok: file.counts.ok, failed: 0 });
    }
    let part = |shard: &PartEntry| PartEntry {
        path: shard.path.replace("shards", "predictions"),
        rows: shard.rows,
        digest: None,
    };
    predictions.parts = etl.shards.iter().map(part).collect();
    predictions
}

/// A run in memory.
pub(crate) struct TestRun {
    pub(crate) stores: MemoryStores,
    pub(crate) mailer: Arc<MemoryMailer>,
    pub(crate) jobs: Option<Vec<JobUse>>,
    pub(crate) settings: Settings,
}

impl TestRun {
    /// The folders of the run of `manifest`, empty but for the manifest.
    pub(crate) async fn planned(manifest: &Manifest) -> Self {
        let test = Self::nothing(manifest.run_id.as_str());
        test.staging().write_json(RunLayout::MANIFEST, manifest).await.unwrap();
        test
    }

    /// The folders of a run, empty.
    pub(crate) fn nothing(run_id: &str) -> Self {
        let uri = |uri: String| uri.parse().unwrap();
        let settings = Settings {
            language: Language::English,
            run: uri(format!("s3://tamiz-staging-123456789012/runs/{run_id}")),
            results: uri(format!("s3://tamiz-results-123456789012/runs/{run_id}")),
            models: uri("s3://tamiz-models-123456789012/polarity".into()),
            topic_arn: None,
            job_queues: Vec::new(),
            failed_cause: None,
            project: "tamiz-prod".into(),
        };
        Self { stores: MemoryStores::default(), mailer: Arc::default(), jobs: None, settings }
    }

    /// A finished run over `etl`'s files with these predictions.
    pub(crate) async fn finished(mut etl: EtlReport, rows: &[Row]) -> Self {
        let sources: Vec<&str> = etl.files.iter().map(|file| file.source.as_str()).collect();
        let manifest = folder_manifest(&sources);
        etl.run_id = manifest.run_id.clone();
        etl.labelled = rows.iter().filter(|row| row.label.is_some()).count() as u64;
        let test = Self::planned(&manifest).await;
        test.staging().write_json(RunLayout::ETL, &etl).await.unwrap();
        if !rows.is_empty() {
            test.write_part(0, manifest.run_id.as_str(), rows).await;
        }
        test
    }

    /// Writes a part of predictions.
    pub(crate) async fn write_part(&self, index: usize, run_id: &str, rows: &[Row]) {
        let name = format!("{}/{}", RunLayout::PREDICTIONS, part_name(index));
        self.results().write(&name, parquet_part(run_id, rows)).await.unwrap();
    }

    /// Turns the run into one that a stage broke off.
    pub(crate) fn broken_off(mut self, stage: &str, error: &str, cause: &str) -> Self {
        let cause = serde_json::json!({"stage": stage, "error": error, "cause": cause}).to_string();
        self.settings.failed_cause = Some(cause.parse::<Failure>().unwrap());
        self
    }

    pub(crate) fn staging(&self) -> Folder {
        self.stores.open(&self.settings.run).unwrap()
    }

    pub(crate) fn results(&self) -> Folder {
        self.stores.open(&self.settings.results).unwrap()
    }

    pub(crate) fn models(&self) -> Folder {
        self.stores.open(&self.settings.models).unwrap()
    }

    pub(crate) fn deps(&self) -> Deps {
        Deps {
            stores: Arc::new(self.stores.clone()),
            mailer: Some(self.mailer.clone()),
            jobs: self.jobs.clone().map(|jobs| Arc::new(FixedJobs(jobs)) as _),
            progress: Progress::default(),
            now: || jiff::Timestamp::constant(1_795_348_800, 0),
        }
    }
}

/// What is kept in mind of a successful run about which nothing is known.
pub(crate) fn record(run_id: RunId, at: jiff::Timestamp) -> RunRecord {
    RunRecord {
        at,
        run_id,
        verdict: Verdict::Ok,
        counts: Counts::default(),
        model: Some(model()),
        profile: None,
        shift: None,
        mean_confidence: None,
        accuracy: None,
        shares: Default::default(),
        usd: None,
        retrain: false,
    }
}

/// The model of every part.
pub(crate) fn model() -> ModelReference {
    ModelReference {
        name: "polarity".into(),
        version: "0a1b2c3d4e5f".into(),
        digest: "0a1b2c3d4e5f".repeat(5) + "6789",
    }
}

fn parquet_part(run_id: &str, rows: &[Row]) -> Vec<u8> {
    let model = model();
    let labels = serde_json::to_string(&LabelMap::of_values([1, 2])).unwrap();
    let metadata = [
        (schema::RUN_ID, run_id.to_owned()),
        (schema::MODEL_NAME, model.name),
        (schema::MODEL_VERSION, model.version),
        (schema::MODEL_DIGEST, model.digest),
        (schema::LABELS, labels),
    ];
    let metadata: HashMap<String, String> = metadata.map(|(key, value)| (key.to_owned(), value)).into();
    let fields = schema::predictions(&["text", "sentiment", "language"].map(str::to_owned), &[]).fields().clone();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let columns = schema.fields().iter().map(|field| {
        let column = plain_column(field.name(), rows).unwrap_or_else(|| new_null_array(field.data_type(), rows.len()));
        arrow::compute::cast(&column, field.data_type()).unwrap()
    });
    let batch = RecordBatch::try_new(schema.clone(), columns.collect()).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// A column in a plain type; none for one that is null here.
fn plain_column(name: &str, rows: &[Row]) -> Option<ArrayRef> {
    let strings = |value: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<StringArray>())
    };
    Some(match name {
        "review_id" => strings(&|row| Some(row.source.clone())),
        "source" => strings(&|row| Some(row.source.clone())),
        "row" => Arc::new(UInt64Array::from_iter_values(1..=rows.len() as u64)),
        "label" => Arc::new(rows.iter().map(|row| row.label).collect::<Int8Array>()),
        "predicted" => Arc::new(rows.iter().map(|row| row.predicted).collect::<Int8Array>()),
        "confidence" => {
            Arc::new(rows.iter().map(|row| row.predicted.map(|_| row.confidence)).collect::<Float32Array>())
        }
        "num_characters" => Arc::new(UInt32Array::from_iter_values(rows.iter().map(|_| REVIEW_TEXT.len() as u32))),
        "truncated" => Arc::new(rows.iter().map(|_| Some(false)).collect::<BooleanArray>()),
        "outcome" => strings(&|row| Some(if row.predicted.is_some() { "ok" } else { "failed" }.to_owned())),
        "text" => strings(&|_| Some(REVIEW_TEXT.to_owned())),
        "language" => strings(&|row| Some(row.language.to_owned())),
        "sentiment" => strings(&|row| row.sentiment.map(str::to_owned)),
        _ => return None,
    })
}
