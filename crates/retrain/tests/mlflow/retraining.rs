//! A whole retraining, and what the server knows of it afterwards.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int8Array, RecordBatch, StringArray};
use clap::Parser;
use jiff::Timestamp;
use parquet::arrow::ArrowWriter;
use tamiz_ports::{MemoryStores, Stores};
use tamiz_retrain::{Deps, Outcome, Settings, run};
use tamiz_telemetry::{Progress, Shutdown};

use crate::ask;
use crate::server::{free_port, shared};
use crate::warnings::Warnings;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// Reviews whose label follows from a word.
async fn add_reviews(stores: &MemoryStores) {
    let texts = (0..400).map(|n| format!("order {n} was {} they said", ["awful", "lovely"][n % 2]));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let labels: ArrayRef = Arc::new(Int8Array::from_iter_values([1, 2].repeat(200)));
    let batch = RecordBatch::try_from_iter([("text", texts), ("label", labels)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    stores.open_str("s3://curated").unwrap().write("a.parquet", writer.into_inner().unwrap()).await.unwrap();
}

async fn retrain(stores: &MemoryStores, server: &str, more: &[&str]) -> Outcome {
    let fixed = ["retrain", "--training-data", "s3://curated/a.parquet", "--models", "s3://models", "--name", "toy"];
    let more =
        [&["--buckets", "4096", "--mlflow-experiment", "retraining", "--mlflow-tracking-uri", server], more].concat();
    let settings = Cli::parse_from(fixed.into_iter().chain(more)).settings;
    let now = || Timestamp::from_second(1_700_000_000).unwrap();
    let deps = Deps { stores: Arc::new(stores.clone()), mailer: None, progress: Progress::default(), now };
    run(settings, deps, Shutdown::new()).await.unwrap().remove(0)
}

pub async fn a_retraining_is_told_with_its_epochs_its_model_and_its_champion() {
    let warnings = Warnings::collect();
    let stores = MemoryStores::default();
    add_reviews(&stores).await;
    let uri = shared().uri();
    let outcome = retrain(&stores, &uri, &["--epochs", "3", "--seed", "5"]).await;

    let versions = ask::versions(shared(), "toy").await;
    assert_eq!(versions.len(), 1);
    let run_id = versions[0]["run_id"].as_str().unwrap();
    let run = ask::run(shared(), run_id).await;
    assert_eq!(run["info"]["status"], "FINISHED");
    let params = ask::pairs(&run["data"]["params"]);
    assert_eq!((params["seed"], params["epochs"], params["architecture"]), ("5", "3", "ngram"));
    assert_eq!(ask::pairs(&run["data"]["tags"])["tamiz.verdict"], "promoted");
    let losses = ask::history(shared(), run_id, "validation_loss").await;
    assert_eq!(losses.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [1, 2, 3]);
    let accuracy = ask::history(shared(), run_id, "holdout/accuracy").await;
    assert_eq!(accuracy, [(0, outcome.metrics.holdout.accuracy)]);
    let card = ask::artifact(shared(), run_id, "model/card.md").await;
    let folder = stores.open(&outcome.folder).unwrap();
    assert_eq!(card, folder.read("card.md").await.unwrap());
    assert_eq!(ask::alias(shared(), "toy", "champion").await, "1");
    assert_eq!(ask::pairs(&versions[0]["tags"])["tamiz.digest"], outcome.model.digest);

    // The same again is the same version; another one, which is refused, leaves the champion where it is.
    retrain(&stores, &uri, &["--epochs", "3", "--seed", "5"]).await;
    assert_eq!(ask::versions(shared(), "toy").await.len(), 1);
    retrain(&stores, &uri, &["--epochs", "1", "--seed", "5", "--learning-rate", "0.0001"]).await;
    assert_eq!(ask::versions(shared(), "toy").await.len(), 2);
    assert_eq!(ask::alias(shared(), "toy", "champion").await, "1");
    assert_eq!(warnings.lines(), Vec::<String>::new());
}

pub async fn a_server_that_is_away_costs_the_report_and_nothing_else() {
    let warnings = Warnings::collect();
    let stores = MemoryStores::default();
    add_reviews(&stores).await;
    let outcome = retrain(&stores, &format!("http://127.0.0.1:{}", free_port()), &["--epochs", "2"]).await;
    assert!(outcome.metrics.holdout.accuracy > 0.9);
    let lines = warnings.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("not recorded there"), "{lines:?}");
}
