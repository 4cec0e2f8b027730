//! The retraining job as a process: stopped as Spot stops it, and started again.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int8Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use tamiz_e2e::{binary, printed, root, succeed};

/// Far beyond what the training takes; a bound, not a measurement.
const PATIENCE: Duration = Duration::from_secs(300);

/// Reviews whose label follows from a word.
fn reviews(path: &Path) {
    let texts = (0..600).map(|n| format!("order {n} was {} they said", ["awful", "lovely"][n % 2]));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let labels: ArrayRef = Arc::new(Int8Array::from_iter_values([1, 2].repeat(300)));
    let batch = RecordBatch::try_from_iter([("text", texts), ("label", labels)]).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The job that fine-tunes a tiny encoder into the folder `models`.
fn retrain(data: &Path, models: &Path) -> Command {
    let mut job = binary("tamiz-retrain");
    job.args(["--name", "toy", "--architecture", "transformer", "--device", "cpu", "--log", "error"]);
    job.args(["--epochs", "40", "--learning-rate", "0.0005", "--min-rows-per-class", "10"]);
    job.arg("--init").arg(root().join("crates/models/tests/golden/bert-stars"));
    job.arg("--training-data").arg(data).arg("--models").arg(models);
    job
}

/// The version that `latest.json` names.
fn version(models: &Path) -> String {
    let pointer = std::fs::read(models.join("toy/latest.json")).unwrap();
    let pointer: serde_json::Value = serde_json::from_slice(&pointer).unwrap();
    pointer["version"].as_str().unwrap().to_owned()
}

fn wait_for_checkpoint(path: &PathBuf) {
    let started = Instant::now();
    while std::fs::metadata(path).map_or(0, |found| found.len()) == 0 {
        assert!(started.elapsed() < PATIENCE, "no checkpoint was written");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_training_that_is_stopped_and_started_again_ends_with_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("reviews.parquet");
    reviews(&data);
    let [whole, stopped] = ["whole", "stopped"].map(|name| folder.path().join(name));
    succeed(&mut retrain(&data, &whole));

    let job = retrain(&data, &stopped).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let checkpoint = stopped.join("toy/checkpoint.safetensors");
    wait_for_checkpoint(&checkpoint);
    succeed(Command::new("kill").args(["-TERM", &job.id().to_string()]));
    let ended = job.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(143), "{}", printed(&ended));
    assert!(!stopped.join("toy/latest.json").exists() && std::fs::metadata(&checkpoint).unwrap().len() > 0);

    succeed(&mut retrain(&data, &stopped));
    assert_eq!(version(&stopped), version(&whole), "a version is the digest of everything in its folder");
    assert_eq!(std::fs::metadata(&checkpoint).unwrap().len(), 0, "nobody needs it any more");
}
