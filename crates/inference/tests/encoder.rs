//! Shards to predictions with an encoder out of a Hugging Face folder, one of the tiny golden models.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringDictionaryBuilder, UInt64Array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Float32Type, Int8Type, Int32Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};
use tamiz_domain::{Counts, Disposed, ExitCode, LabelMap, Labelling, Lineage, MetricSet, ModelMetrics, RowSet, schema};
use tamiz_inference::{Deps, InferenceError, Outcome, Settings, run};
use tamiz_models::{DeviceChoice, Precision};
use tamiz_ports::FolderStores;
use tamiz_telemetry::{Progress, Shutdown};

/// A folder with `shards/`, `model/` and, after a run, `predictions/`.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(model: &str, texts: &[&str]) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.add_shard("part-00000.parquet", texts);
        desk.use_model(model);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn use_model(&self, name: &str) {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/golden").join(name);
        let _ = fs::remove_dir_all(self.path("model"));
        fs::create_dir_all(self.path("model")).unwrap();
        for entry in fs::read_dir(golden).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, self.path("model").join(path.file_name().unwrap())).unwrap();
        }
    }

    fn add_shard(&self, name: &str, texts: &[&str]) {
        self.add_shard_of(name, texts, HashMap::new());
    }

    fn add_shard_of(&self, name: &str, texts: &[&str], metadata: HashMap<String, String>) {
        let repeated = |value: &str| {
            let mut column = StringDictionaryBuilder::<Int32Type>::new();
            texts.iter().for_each(|_| column.append_value(value));
            Arc::new(column.finish())
        };
        let ids = (0..texts.len()).map(|row| format!("r{row}"));
        let columns: [(&str, ArrayRef); 5] = [
            ("review_id", Arc::new(StringArray::from_iter_values(ids))),
            ("source", repeated("reviews.csv")),
            ("language", repeated("en")),
            ("row", Arc::new(UInt64Array::from_iter_values(0..texts.len() as u64))),
            ("text", Arc::new(StringArray::from(texts.to_vec()))),
        ];
        let fields: Vec<Field> =
            columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), false)).collect();
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let schema = Schema::new(fields).with_metadata(metadata);
        let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
        fs::create_dir_all(self.path("shards")).unwrap();
        let mut writer =
            ArrowWriter::try_new(fs::File::create(self.path("shards").join(name)).unwrap(), batch.schema(), None)
                .unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    fn label(&self, precision: Precision) -> Result<Outcome, InferenceError> {
        self.label_until(precision, Shutdown::new())
    }

    fn label_until(&self, precision: Precision, shutdown: Shutdown) -> Result<Outcome, InferenceError> {
        let uri = |name: &str| self.path(name).to_str().unwrap().parse().unwrap();
        let settings = Settings {
            shards: uri("shards"),
            model: uri("model"),
            output: self.folder.path().to_str().unwrap().parse().unwrap(),
            device: DeviceChoice::Cpu,
            precision,
            array_index: None,
            array_size: None,
        };
        let deps = Deps { stores: Arc::new(FolderStores::default()), progress: Progress::default() };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(run(settings, deps, shutdown))
    }

    fn part(&self, shard: usize) -> PathBuf {
        self.path(&format!("predictions/part-{shard:05}.parquet"))
    }

    fn predictions(&self) -> RecordBatch {
        let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(self.part(0)).unwrap()).unwrap();
        let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
        concat_batches(&batches[0].schema(), &batches).unwrap()
    }
}

fn strings(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = arrow::compute::cast(batch.column_by_name(column).unwrap(), &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|value| value.map(str::to_owned)).collect()
}

#[test]
fn texts_of_every_kind_are_labelled_and_long_ones_say_so() {
    let million = "battery life is short ".repeat(1_000_000 / 22);
    let no_spaces = "x".repeat(1_000_000);
    let texts = ["Great book", "", "😀😀 👍🏽", &million, &no_spaces, "\u{0}\u{1}\u{feff}", "Great book"];
    for precision in [Precision::F32, Precision::Bf16] {
        let desk = Desk::new("bert-stars", &texts);
        let outcome = desk.label(precision).unwrap();
        assert_eq!(outcome.counts, Counts { input: 7, ok: 7, rejected: 0, failed: 0 });
        let found = desk.predictions();
        let truncated = found.column_by_name("truncated").unwrap().as_boolean().clone();
        assert_eq!(truncated.iter().flatten().collect::<Vec<_>>(), [false, false, false, true, false, false, false]);
        let predicted = found.column_by_name("predicted").unwrap().as_primitive::<Int8Type>().clone();
        assert!(predicted.iter().flatten().all(|stars| (1..=5).contains(&stars)) && predicted.null_count() == 0);
        let scores = found.column_by_name("scores").unwrap().as_list::<i32>().clone();
        assert!((0..7).all(|row| scores.value(row).len() == 5));
        assert!(*scores.value(0) == *scores.value(6), "the same text, the same scores");
        let timings = fs::read(desk.path("timings/inference-00000.json")).unwrap();
        let timings: Labelling = serde_json::from_slice(&timings).unwrap();
        assert_eq!((timings.jobs, timings.rows), (1, 7));
        assert!(timings.busy_share().is_some_and(|share| share > 0.0 && share <= 1.0));
    }
}

#[test]
fn shards_of_another_preprocessing_are_refused_before_a_row_is_labelled() {
    let desk = Desk::new("bert-stars", &["Great book"]);
    let cleaned_by = |version: &str| {
        let metadata = HashMap::from([(schema::PREPROCESSING.to_owned(), version.to_owned())]);
        desk.add_shard_of("part-00000.parquet", &["Great book"], metadata);
        let _ = fs::remove_dir_all(desk.path("predictions"));
        desk.label(Precision::F32)
    };
    cleaned_by("7").unwrap();

    // The same model, which now says what it was trained on.
    let labels = LabelMap::of_values([1, 2, 3, 4, 5]);
    let rows = || RowSet { rows: 1, digest: String::new() };
    let mut metrics =
        ModelMetrics::of_holdout("transformer", labels, 1, MetricSet::of_confusion(BTreeMap::new(), None));
    metrics.lineage = Some(Lineage {
        code_version: "0".into(),
        preprocessing: Some("7".into()),
        label_column: "label".into(),
        folds: 0,
        configuration: BTreeMap::new(),
        init: None,
        data: Vec::new(),
        training: rows(),
        validation: rows(),
        holdout: rows(),
    });
    fs::write(desk.path("model/metrics.json"), serde_json::to_vec(&metrics).unwrap()).unwrap();
    let mut sums = String::new();
    for entry in fs::read_dir(desk.path("model")).unwrap() {
        let path = entry.unwrap().path();
        let digest = Sha256::digest(fs::read(&path).unwrap());
        writeln!(sums, "{}  {}", hex::encode(digest), path.file_name().unwrap().to_str().unwrap()).unwrap();
    }
    fs::write(desk.path("model/SHA256SUMS"), sums).unwrap();
    cleaned_by("7").unwrap();
    let error = cleaned_by("8").unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("was cleaned by preprocessing 8, but the model was trained on texts of preprocessing 7"),
        "{error}"
    );
    assert_eq!(error.disposition().exit_code(), ExitCode::Input);
    assert!(!desk.part(0).exists());
}

#[test]
fn a_row_whose_logits_are_no_numbers_fails_alone() {
    let texts = ["Great book", "ok", "Terrible", "is it ok then", "Great book, ok", "Buy it"];
    let desk = Desk::new("bert-stars", &texts);
    let weights = desk.path("model/model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    // The embedding of `ok`: its mean overflows, although each number is one.
    let (start, row_bytes) = {
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let table = file.tensor("bert.embeddings.word_embeddings.weight").unwrap();
        (table.data().as_ptr() as usize - bytes.as_ptr() as usize, 4 * table.shape()[1])
    };
    const OK: usize = 132;
    let row = &mut bytes[start + OK * row_bytes..][..row_bytes];
    row.copy_from_slice(&f32::MAX.to_le_bytes().repeat(row_bytes / 4));
    fs::write(&weights, bytes).unwrap();

    let outcome = desk.label(Precision::F32).unwrap();
    assert_eq!(outcome.counts, Counts { input: 6, ok: 3, rejected: 0, failed: 3 });
    let found = desk.predictions();
    let outcomes: Vec<String> = strings(&found, "outcome").into_iter().flatten().collect();
    assert_eq!(outcomes, ["ok", "failed", "ok", "failed", "failed", "ok"]);
    let errors = strings(&found, "error");
    assert_eq!(errors[1].as_deref(), Some("the model's scores are no numbers"));
    let confidence = found.column_by_name("confidence").unwrap().as_primitive::<Float32Type>().clone();
    assert!(confidence.is_null(1) && confidence.value(0).is_finite());
}

#[test]
fn entities_stand_where_the_text_has_them() {
    let long = "I bought this in New York from Zoë. ".repeat(20);
    let desk = Desk::new("xlm-roberta-entities", &["Zürich's café, Anna", &long, ""]);
    assert_eq!(desk.label(Precision::F32).unwrap().counts.ok, 3);
    let found = desk.predictions();
    let entities = found.column_by_name("entities").unwrap().as_list::<i32>().clone();
    let texts = ["Zürich's café, Anna", long.as_str(), ""];
    assert_eq!((entities.null_count(), found.column_by_name("scores").unwrap().null_count()), (0, 3));
    let mut last_end = 0;
    for (row, text) in texts.iter().enumerate() {
        let characters: Vec<char> = text.chars().collect();
        let of_row = entities.value(row);
        let field = |name: &str| of_row.as_struct().column_by_name(name).unwrap().clone();
        for at in 0..of_row.len() {
            let [start, end] = ["start", "end"]
                .map(|name| field(name).as_primitive::<arrow::datatypes::UInt32Type>().value(at) as usize);
            let spelled: String = characters[start..end].iter().collect();
            assert_eq!(field("text").as_string::<i32>().value(at), spelled);
            last_end = if row == 1 { end } else { last_end };
        }
    }
    assert!(last_end > 500, "the end of a text of several windows is looked through too: {last_end}");
}

#[test]
fn the_same_shards_give_the_same_bytes() {
    let texts: Vec<String> = (0..300).map(|n| format!("Great book {} number {n}", "very ".repeat(n % 13))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for precision in [Precision::F32, Precision::Bf16] {
        let parts = [(); 2].map(|()| {
            let desk = Desk::new("distilbert-polarity", &texts);
            desk.label(precision).unwrap();
            fs::read(desk.part(0)).unwrap()
        });
        assert!(parts[0] == parts[1], "{precision:?}");
    }
}

#[test]
fn parts_of_this_model_are_kept_and_others_are_written_again() {
    let desk = Desk::new("bert-stars", &["Great book"]);
    desk.add_shard("part-00001.parquet", &["Terrible", "ok"]);
    assert_eq!(desk.label(Precision::F32).unwrap().resumed, 0);
    let first = fs::read(desk.part(1)).unwrap();

    // Stopped in the middle, and a part that is none.
    fs::write(desk.part(1), "PAR1 and nothing else").unwrap();
    let outcome = desk.label(Precision::F32).unwrap();
    assert_eq!((outcome.resumed, outcome.counts.input), (1, 2));
    assert_eq!(fs::read(desk.part(1)).unwrap(), first);

    desk.use_model("distilbert-polarity");
    assert_eq!(desk.label(Precision::F32).unwrap().resumed, 0, "another model's parts are not mixed with these");
    assert_eq!(desk.label(Precision::F32).unwrap().resumed, 2);
}

#[test]
fn a_job_that_is_stopped_keeps_what_is_complete_and_goes_on_there() {
    let texts: Vec<String> = (0..4_000).map(|n| format!("{} number {n}", "life is short ".repeat(8))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let desk = Desk::new("bert-stars", &texts[..10]);
    for shard in 1..40 {
        desk.add_shard(&format!("part-{shard:05}.parquet"), &texts);
    }
    let shutdown = Shutdown::new();
    let first = desk.part(0);
    let stop = shutdown.clone();
    let watch = std::thread::spawn(move || {
        while !first.exists() {
            std::thread::yield_now();
        }
        stop.cancel();
    });
    let stopped = desk.label_until(Precision::F32, shutdown);
    watch.join().unwrap();
    assert!(matches!(stopped, Err(InferenceError::Stopped)));
    let complete = (0..40).filter(|&shard| desk.part(shard).exists()).count();
    assert!((1..40).contains(&complete), "{complete}");
    for shard in 2..40 {
        fs::remove_file(desk.path("shards").join(format!("part-{shard:05}.parquet"))).unwrap();
    }
    let outcome = desk.label(Precision::F32).unwrap();
    assert_eq!(outcome.resumed, complete.min(2));
    assert_eq!(outcome.counts.input, if complete == 1 { 4_000 } else { 0 });
}
