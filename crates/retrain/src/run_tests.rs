//! Whole retrainings on toy reviews, in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Int8Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use clap::Parser;
use parquet::arrow::ArrowWriter;
use tamiz_domain::{Counts, Decision, Disposed, ExitCode, ModelPointer, ObjectIdentity, PartEntry, RunId};
use tamiz_models::resolve;
use tamiz_ports::{MemoryMailer, MemoryStores, ObjectUri, Stores};
use tamiz_telemetry::Progress;

use super::*;

#[path = "run_entities_tests.rs"]
mod entities;
#[path = "run_flags_tests.rs"]
mod flags;

const MODELS: &str = "s3://models";
const RUNS: &str = "s3://staging/runs";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

fn settings(more: &[&str]) -> Settings {
    let fixed = ["tamiz-retrain", "--models", MODELS, "--name", "toy", "--buckets", "4096"];
    let defaults = [["--training-data", RUNS], ["--learning-rate", "0.1"]];
    let unless_given = defaults.iter().filter(|[flag, _]| !more.contains(flag)).flatten();
    Cli::parse_from(fixed.iter().chain(unless_given).chain(more)).settings
}

/// Reviews whose label follows from a word, except that one in `noise` has the wrong label.
fn reviews(count: usize, noise: usize) -> Vec<(String, Option<i8>)> {
    let words = [["awful", "broken", "poor"], ["lovely", "perfect", "great"]];
    let review = |n: usize| {
        let class = n % 2;
        let label = if n % noise == noise - 1 { 1 - class } else { class };
        (format!("order {n} was {} they said", words[class][n / 2 % 3]), Some(label as i8 + 1))
    };
    (0..count).map(review).collect()
}

fn parquet(rows: &[(String, Option<i8>)]) -> Vec<u8> {
    let fields = [("text", DataType::Utf8, false), ("label", DataType::Int8, true), ("title", DataType::Utf8, false)];
    let schema = Schema::new(fields.map(|(name, kind, nullable)| Field::new(name, kind, nullable)).to_vec());
    let texts = || Arc::new(StringArray::from_iter_values(rows.iter().map(|(text, _)| text)));
    let labels = Arc::new(Int8Array::from_iter(rows.iter().map(|(_, label)| *label)));
    let batch = RecordBatch::try_new(Arc::new(schema), vec![texts(), labels, texts()]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// Puts a committed run with one shard below `runs/` and answers its id.
async fn add_run(stores: &MemoryStores, name: &str, rows: &[(String, Option<i8>)]) -> String {
    let identity = ObjectIdentity { bucket: "b".into(), key: name.into(), etag: "e".into() };
    let run_id = RunId::derive([&identity], "", None);
    let folder = stores.open_str(&format!("{RUNS}/{run_id}")).unwrap();
    folder.write("shards/part-00000.parquet", parquet(rows)).await.unwrap();
    let count = rows.len() as u64;
    let report = tamiz_domain::EtlReport {
        run_id: run_id.clone(),
        counts: Counts { input: count, ok: count, ..Counts::default() },
        labelled: rows.iter().filter(|(_, label)| label.is_some()).count() as u64,
        num_shards: 1,
        array_size: 1,
        shards: vec![PartEntry { path: "shards/part-00000.parquet".into(), rows: count, digest: None }],
        rejected: Vec::new(),
        files: Vec::new(),
        rejected_by_reason: BTreeMap::new(),
        labels: BTreeMap::new(),
        targets: BTreeMap::new(),
        languages: BTreeMap::new(),
        sentiments: BTreeMap::new(),
        quality: tamiz_domain::DataQuality::default(),
        sample: Vec::new(),
    };
    folder.write_json("etl.json", &report).await.unwrap();
    run_id.to_string()
}

async fn retrain(stores: &MemoryStores, mailer: &Arc<MemoryMailer>, more: &[&str]) -> Result<Outcome, RetrainError> {
    let deps = Deps { mailer: Some(mailer.clone()), ..deps(stores) };
    run(settings(more), deps, Shutdown::new()).await.map(|mut outcomes| outcomes.remove(0))
}

fn deps(stores: &MemoryStores) -> Deps {
    let now = || "2026-01-31T12:34:56Z".parse().unwrap();
    Deps { stores: Arc::new(stores.clone()), mailer: None, progress: Progress::default(), now }
}

async fn pointer(stores: &MemoryStores) -> Option<String> {
    let pointer = stores.open_str(MODELS).unwrap().read_json_if_exists::<ModelPointer>("toy/latest.json").await;
    pointer.unwrap().map(|pointer| pointer.version)
}

async fn num_verdicts(stores: &MemoryStores) -> usize {
    stores.open_str(MODELS).unwrap().list("toy/promotions").await.unwrap().len()
}

#[tokio::test]
async fn labelled_runs_become_a_promoted_model_and_running_again_changes_nothing() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    let mut ids =
        [add_run(&stores, "a", &reviews(400, 1_000)).await, add_run(&stores, "b", &[("x".into(), None)]).await];
    ids.sort();
    stores.open_str(RUNS).unwrap().write("uncommitted/shards/part-00000.parquet", "cut off").await.unwrap();

    let outcome = retrain(&stores, &mailer, &[]).await.unwrap();
    assert_eq!(outcome.verdict.promotion.decision, Decision::Promoted);
    assert!(outcome.metrics.holdout.accuracy > 0.95 && outcome.metrics.holdout.log_loss.is_some());
    assert_eq!(outcome.metrics.training_runs, ids);
    assert_eq!(outcome.metrics.train_rows + outcome.metrics.holdout.rows, 400);
    let found = resolve(&stores, &format!("{MODELS}/toy").parse().unwrap()).await.unwrap();
    assert_eq!((found.reference(), found.folder.uri()), (Some(&outcome.model), &outcome.folder));
    let folder = found.folder;
    let card = String::from_utf8(folder.read("card.md").await.unwrap().to_vec()).unwrap();
    assert!(card.contains("negative (1), positive (2)") && card.contains("| positive |"), "{card}");
    assert!(
        card.contains("## Verdict: promoted\n\nIt is the first model of its name")
            && card.contains("| baseline | kept |"),
        "{card}"
    );
    assert_eq!(
        folder.read_json::<tamiz_domain::Baseline>("baseline.json").await.unwrap().profile.rows,
        outcome.metrics.holdout.rows
    );

    let before = stores.open_str(MODELS).unwrap().list("").await.unwrap();
    let again = retrain(&stores, &mailer, &[]).await.unwrap();
    assert!(again.verdict.repeated && !outcome.verdict.repeated);
    assert_eq!((again.model, again.verdict.promotion), (outcome.model, outcome.verdict.promotion));
    let after = stores.open_str(MODELS).unwrap().list("").await.unwrap();
    assert_eq!(
        before.iter().map(|m| (&m.location, &m.e_tag)).collect::<Vec<_>>(),
        after.iter().map(|m| (&m.location, &m.e_tag)).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_better_challenger_replaces_the_champion_and_a_worse_one_is_refused_in_writing() {
    let (stores, mailer) = (MemoryStores::default(), Arc::new(MemoryMailer::default()));
    add_run(&stores, "noisy", &reviews(300, 3)).await;
    let weak = retrain(&stores, &mailer, &["--epochs", "1", "--learning-rate", "0.0001", "--min-rows-per-class", "10"])
        .await
        .unwrap();
    if weak.verdict.promotion.decision == Decision::NoBaseline {
        assert_eq!(pointer(&stores).await, None);
    }
    add_run(&stores, "clean", &reviews(3_000, 10_000)[300..]).await;
    let strong = retrain(&stores, &mailer, &[]).await.unwrap();
    assert_eq!(strong.verdict.promotion.decision, Decision::Promoted, "{}", strong.verdict.promotion.why);
    let worse = retrain(&stores, &mailer, &["--epochs", "1", "--learning-rate", "0.0001"]).await.unwrap();
    let verdict = &worse.verdict.promotion;
    assert_eq!((verdict.decision, verdict.from.as_ref()), (Decision::KeptChampion, Some(&strong.model.version)));
    assert!(verdict.champion.as_ref().unwrap().accuracy >= verdict.challenger.accuracy);
    assert_eq!(pointer(&stores).await, Some(strong.model.version.clone()));
    assert_eq!(num_verdicts(&stores).await, 3);
    let card = stores.open(&worse.folder).unwrap().read("card.md").await.unwrap();
    let card = String::from_utf8(card.to_vec()).unwrap();
    assert!(card.contains("## Verdict: kept champion") && card.contains("| accuracy | **broken** |"), "{card}");
    assert!(card.contains(&format!("| the champion then, {} | ", strong.model.version)), "{card}");
    let (name, mail) = mailer.sent().pop().unwrap();
    assert_eq!(name, format!("retrain-{}", worse.model.version));
    assert!(mail.subject().starts_with("[tamiz] KEPT CHAMPION of toy: new ") && mail.body.is_ascii(), "{mail:?}");
    assert!(mail.body.contains(&format!("In use:    {}, as before", strong.model.version)), "{}", mail.body);
}

const TOKENIZER_CONFIG: &str = r#"{"do_lower_case": true}"#;

/// Puts a tiny encoder with a head for other classes where `--init` finds it.
async fn add_encoder(stores: &MemoryStores) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/golden/bert-stars");
    let folder = stores.open_str("s3://encoders/tiny").unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        folder.write(file, std::fs::read(golden.join(file)).unwrap()).await.unwrap();
    }
    folder.write("tokenizer_config.json", TOKENIZER_CONFIG).await.unwrap();
}

#[tokio::test]
async fn an_encoder_is_fine_tuned_and_meets_the_champion_as_any_model() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    add_run(&stores, "a", &reviews(400, 1_000)).await;
    add_encoder(&stores).await;
    let flags = ["--architecture", "transformer", "--init", "s3://encoders/tiny", "--learning-rate", "0.002"];
    let outcome = retrain(&stores, &mailer, &[&flags[..], &["--epochs", "8"]].concat()).await.unwrap();
    assert_eq!(outcome.metrics.architecture, "transformer");
    assert!(outcome.metrics.holdout.accuracy > 0.9, "{}", outcome.metrics.holdout.accuracy);
    assert_eq!(outcome.verdict.promotion.decision, Decision::Promoted);
    let found = resolve(&stores, &format!("{MODELS}/toy").parse().unwrap()).await.unwrap();
    let card = String::from_utf8(found.folder.read("card.md").await.unwrap().to_vec()).unwrap();
    assert!(card.contains("transformer architecture") && card.contains("Fine-tuned from tiny "), "{card}");
    let (artifact, reference) = found.read().await.unwrap();
    assert_eq!(reference, outcome.model, "the folder is verified as it is read");
    // Without it transformers would read upper case as no model here does.
    assert_eq!(artifact.file("tokenizer_config.json").unwrap().as_ref(), TOKENIZER_CONFIG.as_bytes());

    let champion = format!("{MODELS}/toy");
    let checkpoint = stores.open_str(MODELS).unwrap().read("toy/checkpoint.safetensors").await.unwrap();
    assert!(checkpoint.is_empty(), "nobody needs it any more");

    // From its own weights, and against the champion that it was.
    let more = [&flags[..2], &["--init", champion.as_str(), "--epochs", "1", "--learning-rate", "0.00001"]].concat();
    let again = retrain(&stores, &mailer, &more).await.unwrap();
    assert_eq!(again.verdict.promotion.from, Some(outcome.model.version));
    let ngram = retrain(&stores, &mailer, &[]).await.unwrap();
    assert!(ngram.verdict.promotion.champion.is_some(), "architectures meet each other");
}

#[tokio::test]
async fn two_retrainings_at_once_end_in_one_pointer_and_two_verdicts_that_agree_with_it() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    add_run(&stores, "a", &reviews(400, 1_000)).await;
    let (a, b) = tokio::join!(retrain(&stores, &mailer, &["--seed", "1"]), retrain(&stores, &mailer, &["--seed", "2"]));
    let (a, b) = (a.unwrap(), b.unwrap());
    let promoted: Vec<&Outcome> =
        [&a, &b].into_iter().filter(|outcome| outcome.verdict.promotion.decision == Decision::Promoted).collect();
    let last = promoted.iter().find(|outcome| promoted.len() == 1 || outcome.verdict.promotion.from.is_some()).unwrap();
    assert_eq!(pointer(&stores).await.as_ref(), Some(&last.model.version));
    assert_eq!(
        [&a, &b].iter().filter(|outcome| outcome.verdict.promotion.from.is_none()).count(),
        1,
        "only one met nobody"
    );
    assert_eq!(num_verdicts(&stores).await, 2);
}

#[tokio::test]
async fn a_job_that_died_between_pointer_and_verdict_is_finished() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    add_run(&stores, "a", &reviews(400, 1_000)).await;
    let first = retrain(&stores, &mailer, &[]).await.unwrap();
    let other = MemoryStores::default();
    add_run(&other, "a", &reviews(400, 1_000)).await;
    let latest = stores.open_str(MODELS).unwrap().read("toy/latest.json").await.unwrap();
    other.open_str(MODELS).unwrap().write("toy/latest.json", latest).await.unwrap();
    let second = retrain(&other, &mailer, &[]).await.unwrap();
    assert_eq!(second.model, first.model);
    assert!(second.verdict.promotion.why.starts_with("latest.json named this version already"));
    assert_eq!(num_verdicts(&other).await, 1);
}

#[tokio::test]
async fn test_data_is_measured_and_kept_out_of_training() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    let all = reviews(500, 1_000);
    let files = stores.open_str("s3://curated").unwrap();
    files.write("train/a.parquet", parquet(&all)).await.unwrap();
    files.write("test.parquet", parquet(&all[400..])).await.unwrap();
    let flags = ["--training-data", "s3://curated/train", "--test-data", "s3://curated/test.parquet"];
    let outcome = retrain(&stores, &mailer, &flags).await.unwrap();
    assert_eq!(outcome.metrics.test.as_ref().unwrap().rows, 100);
    assert_eq!(outcome.metrics.train_rows + outcome.metrics.holdout.rows, 400);
    assert!(outcome.metrics.training_runs.is_empty());
}

#[tokio::test]
async fn what_cannot_be_trained_is_refused_with_its_exit_code() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    let few = add_run(&stores, "few", &reviews(60, 1_000)).await;
    let files = stores.open_str("s3://curated").unwrap();
    files.write("broken.parquet", "PDF").await.unwrap();
    let few = format!("{RUNS}/{few}");
    let cases: [(&[&str], ExitCode, &str); 9] = [
        (
            &["--training-data", &few],
            ExitCode::Input,
            "too few labelled texts: label 1 (negative) has 30, and 50 are needed",
        ),
        (&["--training-data", "s3://curated/nowhere"], ExitCode::Input, "no clean shards at s3://curated/nowhere"),
        (
            &["--training-data", "s3://curated/broken.parquet"],
            ExitCode::Input,
            "failed to read shard s3://curated/broken.parquet",
        ),
        (&["--training-data", "s3://curated/missing.parquet"], ExitCode::Usage, "failed to reach an object"),
        (&["--architecture", "transformer"], ExitCode::Usage, "--architecture transformer needs --init"),
        (
            &["--architecture", "transformer", "--init", "s3://curated/train"],
            ExitCode::Usage,
            "failed to handle a model",
        ),
        (&["--init", "s3://x/y"], ExitCode::Usage, "--init belongs to --architecture transformer"),
        (&["--holdout", "1.5"], ExitCode::Usage, "--holdout must lie between 0 and 1"),
        (&["--ngrams", "9"], ExitCode::Usage, "`ngrams` must be 1 to 5"),
    ];
    for (flags, code, message) in cases {
        let error = retrain(&stores, &mailer, flags).await.unwrap_err();
        assert!(error.to_string().starts_with(message), "{flags:?}: {error}");
        assert_eq!(error.disposition().exit_code(), code, "{flags:?}");
    }
    assert_eq!(pointer(&stores).await, None);
}
