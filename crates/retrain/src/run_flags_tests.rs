//! What the flags beside the hyper-parameters do: folds, search, several targets, rules, and training again.

use super::*;
use crate::{Reproduction, reproduce};

async fn read(stores: &MemoryStores, outcome: &Outcome, file: &str) -> String {
    let folder = stores.open(&outcome.folder).unwrap();
    String::from_utf8(folder.read(file).await.unwrap().to_vec()).unwrap()
}

/// Trains a model again on all runs.
async fn again(stores: &MemoryStores, model: &ObjectUri) -> Result<Reproduction, RetrainError> {
    let given = settings(&[]).training;
    reproduce(model, vec![RUNS.parse().unwrap()], &given, &deps(stores), Shutdown::new()).await
}

#[tokio::test]
async fn folds_tell_how_much_the_figures_differ_and_wrong_labels_are_named() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    // One label in forty is wrong: 50 of 2,000.
    add_run(&stores, "a", &reviews(2_000, 40)).await;
    let outcome = retrain(&stores, &mailer, &["--folds", "4"]).await.unwrap();
    let crossed = outcome.metrics.cross_validation.clone().unwrap();
    assert_eq!(crossed.folds, 4);
    assert!((crossed.accuracy.mean - 0.975).abs() < 0.02 && crossed.accuracy.deviation > 0.0, "{crossed:?}");
    let suspected = outcome.metrics.suspected_labels.unwrap();
    assert_eq!(suspected.rows, 2_000, "with folds every row is looked at by a model that never saw it");
    assert!((25..=65).contains(&suspected.suspected), "{suspected:?}");
    let noise = read(&stores, &outcome, "label_noise.csv").await;
    assert_eq!(noise.lines().count() as u64, suspected.suspected + 1);
    assert!(noise.starts_with("review_id,source,row,label,predicted,confidence,probability_of_label\n"));
    let card = read(&stores, &outcome, "card.md").await;
    for part in ["## Behaviour", "| negation | 50 |", "## Cross-validation\n\n4 models", "## Labels", "## Lineage"] {
        assert!(card.contains(part), "{part} is missing: {card}");
    }

    let without = retrain(&stores, &mailer, &["--seed", "2"]).await.unwrap().metrics;
    assert_eq!((without.cross_validation, without.suspected_labels.unwrap().rows), (None, without.holdout.rows));
}

#[tokio::test]
async fn a_search_is_recorded_and_its_best_flags_train_the_model() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    add_run(&stores, "a", &reviews(600, 10_000)).await;
    let space = "trials = 4\nkeep_one_of = 2\n[flags.learning-rate]\nvalues = [1e-6, 0.1]\n";
    stores.open_str("s3://configs").unwrap().write("search.toml", space).await.unwrap();
    let outcome = retrain(&stores, &mailer, &["--search", "s3://configs/search.toml", "--epochs", "3"]).await.unwrap();
    let searched: serde_json::Value = serde_json::from_str(&read(&stores, &outcome, "search.json").await).unwrap();
    assert_eq!(searched["trials"].as_array().unwrap().len(), 4 + 2);
    let configuration = outcome.metrics.lineage.as_ref().unwrap().configuration.clone();
    assert_eq!((configuration["learning-rate"].as_str(), configuration["epochs"].as_str()), ("0.1", "3"));
    assert!(outcome.metrics.holdout.accuracy > 0.95);

    let again = again(&stores, &outcome.folder).await.unwrap();
    assert!(again.is_same(), "the search is repeated, too: {again:?}");
}

#[tokio::test]
async fn a_model_is_trained_again_byte_for_byte_and_other_data_is_told() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    let run = add_run(&stores, "a", &reviews(400, 1_000)).await;
    let outcome = retrain(&stores, &mailer, &["--seed", "9", "--epochs", "2", "--folds", "2"]).await.unwrap();
    let before = stores.open_str(MODELS).unwrap().list("").await.unwrap().len();
    let name: ObjectUri = format!("{MODELS}/toy").parse().unwrap();
    let found = again(&stores, &name).await.unwrap();
    assert!(found.is_same() && found.different.is_empty() && found.other_data.is_empty(), "{found:?}");
    assert_eq!(found.recorded, outcome.model);
    assert_eq!(stores.open_str(MODELS).unwrap().list("").await.unwrap().len(), before, "nothing is registered");

    let other = add_run(&stores, "b", &reviews(900, 1_000)[400..]).await;
    let found = again(&stores, &name).await.unwrap();
    assert!(!found.is_same() && found.different.contains(&"model.safetensors".to_owned()), "{found:?}");
    assert_eq!(found.other_data, [format!("{other}/shards/part-00000.parquet")]);
    assert_ne!(other, run);

    add_encoder(&stores).await;
    let encoder = "s3://encoders/tiny".parse().unwrap();
    assert!(again(&stores, &encoder).await.unwrap_err().to_string().contains("has no lineage"));
}

#[tokio::test]
async fn lineage_names_files_rows_and_sides() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    let run = add_run(&stores, "a", &reviews(400, 1_000)).await;
    let outcome = retrain(&stores, &mailer, &[]).await.unwrap();
    let lineage = outcome.metrics.lineage.unwrap();
    let [file] = &lineage.data[..] else { panic!("one file: {:?}", lineage.data) };
    assert_eq!((file.name.as_str(), file.rows), (format!("{run}/shards/part-00000.parquet").as_str(), 400));
    let rows = [&lineage.training, &lineage.validation, &lineage.holdout].map(|set| set.rows);
    assert_eq!((rows.iter().sum::<u64>(), rows[2]), (400, outcome.metrics.holdout.rows));
    assert_eq!((lineage.label_column.as_str(), lineage.configuration["architecture"].as_str()), ("label", "ngram"));
}

/// Reviews with two more labels: one by name, one that follows from nothing but is there for few.
fn several(count: usize) -> Vec<u8> {
    use arrow::array::{BooleanArray, StringArray};
    let text = |n: usize| {
        format!("order {n} was {} and {} they said", ["awful", "lovely"][n % 2], ["late", "early", "lost"][n % 3])
    };
    let topic = |n: usize| (!n.is_multiple_of(10)).then_some(["delay", "praise", "loss"][n % 3]);
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("text", Arc::new(StringArray::from_iter_values((0..count).map(text))) as arrow::array::ArrayRef, false),
        ("topic", Arc::new(StringArray::from_iter((0..count).map(topic))), true),
        ("Is Angry", Arc::new(BooleanArray::from_iter((0..count).map(|n| Some(n % 2 == 0)))), true),
        ("rare", Arc::new(Int8Array::from_iter((0..count).map(|n| (n < 20).then_some((n % 2) as i8)))), true),
    ])
    .unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[tokio::test]
async fn each_label_column_gets_a_model_of_its_own() {
    let stores = MemoryStores::default();
    stores.open_str("s3://curated").unwrap().write("a.parquet", several(900)).await.unwrap();
    let flags = ["--training-data", "s3://curated/a.parquet", "--label-columns", "topic,Is Angry"];
    let outcomes = run(settings(&flags), deps(&stores), Shutdown::new()).await.unwrap();
    let names: Vec<&str> = outcomes.iter().map(|outcome| outcome.model.name.as_str()).collect();
    assert_eq!(names, ["toy_topic", "toy_is_angry"]);
    let classes =
        |outcome: &Outcome| outcome.metrics.labels.0.iter().map(|class| class.name.clone()).collect::<Vec<_>>();
    assert_eq!(classes(&outcomes[0]), ["delay", "loss", "praise"]);
    assert_eq!(classes(&outcomes[1]), ["false", "true"]);
    assert_eq!(
        outcomes[0].metrics.lineage.as_ref().unwrap().data[0].rows,
        810,
        "rows without this label are not its own"
    );
    assert!(outcomes.iter().all(|outcome| outcome.metrics.holdout.accuracy > 0.95), "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| outcome.metrics.behaviour.iter().all(|test| test.test != "negation")));
    for name in names {
        resolve(&stores, &format!("{MODELS}/{name}").parse().unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_target_with_too_few_rows_keeps_no_other_from_its_model() {
    let stores = MemoryStores::default();
    stores.open_str("s3://curated").unwrap().write("a.parquet", several(900)).await.unwrap();
    let flags = ["--training-data", "s3://curated/a.parquet", "--label-columns", "rare,topic"];
    let error = run(settings(&flags), deps(&stores), Shutdown::new()).await.unwrap_err();
    assert!(
        error.to_string().starts_with("1 of 2 models could not be trained: toy_rare (too few labelled texts"),
        "{error}"
    );
    assert_eq!(error.disposition().exit_code(), ExitCode::Input);
    resolve(&stores, &format!("{MODELS}/toy_topic").parse().unwrap()).await.unwrap();
}

/// A shard of reviews that says how it was cleaned.
fn shard(preprocessing: &str) -> Vec<u8> {
    let metadata =
        std::collections::HashMap::from([(tamiz_domain::schema::PREPROCESSING.to_owned(), preprocessing.to_owned())]);
    let schema =
        Schema::new(vec![Field::new("text", DataType::Utf8, false), Field::new("label", DataType::Int8, true)]);
    let schema = Arc::new(schema.with_metadata(metadata));
    let rows = reviews(400, 1_000);
    let texts = Arc::new(StringArray::from_iter_values(rows.iter().map(|(text, _)| text)));
    let labels = Arc::new(Int8Array::from_iter(rows.iter().map(|(_, label)| *label)));
    let batch = RecordBatch::try_new(schema.clone(), vec![texts, labels]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[tokio::test]
async fn texts_of_another_preprocessing_are_left_out_and_a_missing_label_column_is_named() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    let curated = stores.open_str("s3://curated").unwrap();
    curated.write("one/a.parquet", shard("1")).await.unwrap();
    let outcome = retrain(&stores, &mailer, &["--training-data", "s3://curated/one"]).await.unwrap();
    assert_eq!(outcome.metrics.lineage.unwrap().preprocessing.as_deref(), Some("1"));

    // What an older version cleaned is left out, and trains nothing where there is nothing else.
    curated.write("two/b.parquet", shard("0")).await.unwrap();
    let flags = ["--training-data", "s3://curated/one,s3://curated/two", "--epochs", "3"];
    let lineage = retrain(&stores, &mailer, &flags).await.unwrap().metrics.lineage.unwrap();
    assert_eq!(lineage.data.iter().map(|file| file.rows).collect::<Vec<_>>(), [400]);

    curated.write("three/topics.parquet", several(90)).await.unwrap();
    let cases: [(&[&str], &str); 2] = [
        (
            &["s3://curated/two"],
            "b.parquet: its texts were cleaned by preprocessing 0, and this program cleans them by 1",
        ),
        (&["s3://curated/one,s3://curated/three", "--label-columns", "topic"], "a.parquet: it has no column `topic`"),
    ];
    for (flags, message) in cases {
        let error = retrain(&stores, &mailer, &[&["--training-data"], flags].concat()).await.unwrap_err();
        let found = error_chain(&error).join(": ");
        assert!(found.contains(message), "{found}");
        assert_eq!(error.disposition().exit_code(), ExitCode::Input);
    }
}

#[tokio::test]
async fn rules_and_flags_that_mean_nothing_are_refused() {
    let (stores, mailer) = (MemoryStores::default(), Arc::default());
    stores.open_str("s3://curated").unwrap().write("a.parquet", several(900)).await.unwrap();
    let data = ["--training-data", "s3://curated/a.parquet"];
    let cases: [(&[&str], &str); 5] = [
        (&["--max-slice-loss", "2"], "--max-slice-loss must lie between 0 and 1"),
        (&["--folds", "1"], "--folds must be 2 or more"),
        (
            &["--label-columns", "Topic,topic"],
            "--label-columns names two columns whose models would both be called `topic`",
        ),
        (&["--label-columns", "mood"], "1 of 1"),
        (&["--label-columns", "text"], "failed to read shard"),
    ];
    for (flags, message) in cases {
        let error = retrain(&stores, &mailer, &[&data, flags].concat()).await.unwrap_err();
        let found = error_chain(&error).join(": ");
        assert!(found.starts_with(message) || found.contains("it has no column `mood`"), "{flags:?}: {found}");
    }
}

#[tokio::test]
async fn a_rule_that_is_broken_keeps_the_champion_and_the_mail_says_which() {
    let (stores, mailer) = (MemoryStores::default(), Arc::new(MemoryMailer::default()));
    add_run(&stores, "noisy", &reviews(400, 3)).await;
    let weak = retrain(&stores, &mailer, &[]).await.unwrap();
    assert_eq!(weak.verdict.promotion.decision, Decision::Promoted, "{}", weak.verdict.promotion.why);
    add_run(&stores, "clean", &reviews(3_000, 10_000)[400..]).await;
    let large = retrain(&stores, &mailer, &["--max-size", "1KB"]).await.unwrap().verdict.promotion;
    assert_eq!(large.decision, Decision::KeptChampion, "{}", large.why);
    assert!(large.why.starts_with("It is more accurate than the champion, but breaks a rule"), "{}", large.why);
    let (_, mail) = mailer.sent().pop().unwrap();
    assert!(
        mail.body.contains("  size        BROKEN  ") && mail.body.contains("  accuracy    kept    "),
        "{}",
        mail.body
    );
    assert!(mail.body.lines().all(|line| line.len() <= 78 || line.starts_with("Folder:")), "{}", mail.body);
    let allowed = retrain(&stores, &mailer, &["--epochs", "7"]).await.unwrap().verdict.promotion;
    assert_eq!(allowed.decision, Decision::Promoted, "{}", allowed.why);
}
