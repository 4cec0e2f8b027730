//! Every format that is read, and what its fields become.

mod support;

use arrow::array::AsArray;
use arrow::datatypes::{Int8Type, Int64Type, TimestampMillisecondType};
use arrow_json::reader::infer_json_schema;
use support::{Bench, Outcome};
use tamiz_domain::schema;

#[tokio::test]
async fn the_headerless_polarity_data_has_its_line_breaks_restored() {
    let outcome =
        Bench::new().file("train.csv", "\"2\",\"Great \"\"CD\"\"\",\"one\\ntwo\"\n\"1\",\"\",\"three\"\n").run().await;
    assert_eq!(outcome.texts("text"), ["Great \"CD\" one\ntwo", "three"]);
    assert_eq!(outcome.report.labels, [(1, 1), (2, 1)].into());
    let header = Bench::new().file("a.csv", "label,text\n1,one\\ntwo\n").run().await;
    assert_eq!(header.texts("text"), ["one\\ntwo"], "only the polarity data writes line breaks so");
}

/// A real-shaped record of each generation, with every field that it has; the last one has no more than its text.
const GENERATIONS: [&str; 4] = [
    r#"{"reviewerID": "U1", "asin": "A1", "reviewerName": "J. McDonald", "helpful": [2, 3], "reviewText": "of 2014", "overall": 5.0, "summary": "Old", "unixReviewTime": 1252800000, "reviewTime": "09 13, 2009"}"#,
    r#"{"image": ["https://images.example/71eG.jpg"], "overall": 1.0, "vote": "1,234", "verified": true, "reviewTime": "09 13, 2009", "reviewerID": "U1", "asin": "A2", "style": {"Size:": " Large", "Color:": " Charcoal"}, "reviewerName": "Abbey", "reviewText": "of 2018", "summary": "Newer", "unixReviewTime": 1252800000}"#,
    r#"{"sort_timestamp": 1, "rating": 4.0, "helpful_vote": 0, "title": "New", "text": "of 2023", "images": [{"small_image_url": "https://images.example/a.jpg", "attachment_type": "IMAGE"}], "asin": "A3", "verified_purchase": false, "parent_asin": "P3", "user_id": "U2", "timestamp": 1252800000000}"#,
    r#"{"text": "bare"}"#,
];

/// What must come of [`GENERATIONS`], however they are written.
fn assert_generations(outcome: &Outcome) {
    let shards = outcome.shards();
    let batch = &shards[0];
    assert_eq!(outcome.texts("text"), ["Old of 2014", "Newer of 2018", "New of 2023", "bare"]);
    let labels = batch["label"].as_primitive::<Int8Type>();
    assert_eq!(labels.iter().collect::<Vec<_>>(), [Some(2), Some(1), Some(2), None]);
    assert_eq!(outcome.texts("title"), ["Old", "Newer", "New", "∅"]);
    assert_eq!(outcome.texts("asin"), ["A1", "A2", "A3", "∅"]);
    assert_eq!(outcome.texts("parent_asin"), ["∅", "∅", "P3", "∅"]);
    let votes = batch["helpful_vote"].as_primitive::<Int64Type>();
    assert_eq!(votes.iter().collect::<Vec<_>>(), [Some(2), Some(1_234), Some(0), None]);
    let verified = batch["verified_purchase"].as_boolean();
    assert_eq!(verified.iter().collect::<Vec<_>>(), [None, Some(true), Some(false), None]);
    let times = batch["timestamp"].as_primitive::<TimestampMillisecondType>();
    let moment = Some(1_252_800_000_000);
    assert_eq!(times.iter().collect::<Vec<_>>(), [moment, moment, moment, None]);
    let users = outcome.texts("user");
    assert!(users[0] == users[1] && users[1] != users[2] && users[3] == "∅" && users[0].len() == 32, "{users:?}");
}

#[tokio::test]
async fn every_generation_of_amazon_reviews_is_understood() {
    for (content, format) in [
        (GENERATIONS.join("\r\n"), "jsonl"),
        (format!("[{}]", GENERATIONS.join(",\n")), "json"),
        (GENERATIONS.concat(), "json"),
    ] {
        let mut bench = Bench::new().file("reviews", content);
        bench.user_key = Some("secret");
        let outcome = bench.run().await;
        assert_eq!(outcome.report.files[0].format.as_deref(), Some(format));
        assert_generations(&outcome);
    }
}

#[tokio::test]
async fn every_generation_of_amazon_reviews_is_understood_as_parquet() {
    let lines = GENERATIONS.join("\n");
    let (schema, _) = infer_json_schema(lines.as_bytes(), None).unwrap();
    let mut reader = arrow_json::ReaderBuilder::new(schema.into()).build(lines.as_bytes()).unwrap();
    let batch = reader.next().unwrap().unwrap();
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns = names.iter().map(String::as_str).zip(batch.columns().iter().cloned()).collect();
    let mut bench = Bench::new().file("reviews", support::parquet(columns));
    bench.user_key = Some("secret");
    let outcome = bench.run().await;
    assert_eq!(outcome.report.files[0].format.as_deref(), Some("parquet"));
    assert_generations(&outcome);
}

#[tokio::test]
async fn the_columns_of_the_review_dumps_of_aws_are_understood() {
    let dump = "marketplace,customer_id,review_id,product_id,product_parent,product_title,product_category,star_rating,\
                helpful_votes,total_votes,vine,verified_purchase,review_headline,review_body,review_date\n\
                US,41702248,R1QO3KDHB0XCAL,0393312836,483124263,A Clockwork Orange,Books,4,3,5,N,Y,Strange,\"a, book\",2009-09-13\n";
    let outcome = Bench::new().file("reviews.csv", dump).run().await;
    let batch = &outcome.shards()[0];
    assert_eq!(outcome.texts("text"), ["Strange a, book"]);
    assert_eq!(
        (outcome.texts("asin"), outcome.texts("parent_asin")),
        (vec!["0393312836".into()], vec!["483124263".to_owned()])
    );
    assert_eq!(batch["label"].as_primitive::<Int8Type>().value(0), 2);
    assert_eq!(batch["helpful_vote"].as_primitive::<Int64Type>().value(0), 3);
    assert!(batch["verified_purchase"].as_boolean().value(0));
    assert_eq!(batch["timestamp"].as_primitive::<TimestampMillisecondType>().value(0), 1_252_800_000_000);
}

#[tokio::test]
async fn user_ids_are_left_out_where_there_is_no_key() {
    let outcome = Bench::new().file("a.jsonl", r#"{"text": "a", "user_id": "U1"}"#).run().await;
    assert_eq!(outcome.texts("user"), ["∅"]);
    for bytes in outcome.bytes().into_values() {
        assert!(!bytes.windows(2).any(|window| window == b"U1"));
    }
}

#[tokio::test]
async fn shards_have_the_schema_of_the_contract_and_every_column_true() {
    let outcome = Bench::new().file("a.csv", "label,title,text\n2,Great,\"I really loved these books!\"\n").run().await;
    let batch = &outcome.shards()[0];
    assert_eq!(batch.schema().fields(), schema::clean_shard(&[]).fields());
    let words = |column: &str| {
        let list = batch[column].as_list::<i32>().value(0);
        list.as_string::<i32>().iter().map(|word| word.unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(outcome.texts("clean_text"), ["great i really loved these books"]);
    assert_eq!(words("tokens"), ["great", "i", "really", "loved", "these", "books"]);
    assert_eq!(words("content_tokens"), ["great", "really", "loved", "books"]);
    assert_eq!(words("stems"), ["great", "realli", "love", "book"]);
    assert_eq!(
        (outcome.texts("language"), outcome.texts("sentiment")),
        (vec!["en".into()], vec!["Positivo".to_owned()])
    );
    let id = &outcome.texts("review_id")[0];
    assert!(id.len() == 25 && id.ends_with("-00000001"), "{id}");
    let rejected = Bench::new().file("a.csv", "label,text\n9,x\n").run().await;
    let part = support::read_part(&rejected.output.join(&rejected.report.rejected[0].path));
    assert_eq!(part[0].schema().fields(), schema::rejected().fields());
}

#[tokio::test]
async fn further_labels_go_along_under_their_own_names() {
    let lines = [
        r#"{"text": "a", "urgent": true, "Topic": " size "}"#,
        r#"{"text": "b b b b b", "urgent": false, "stars": 5}"#,
    ];
    let twice = "text,topic,class,urgent\nc,price,2,\nb b b b b,,1,no\n";
    let mut bench = Bench::new().file("a.jsonl", lines.join("\n")).file("b.csv", twice);
    bench.configuration.columns.targets = vec!["topic".into(), "urgent".into(), "class".into(), "nowhere".into()];
    let outcome = bench.run().await;
    let fields = schema::clean_shard(&bench.configuration.columns.targets);
    assert!(outcome.shards().iter().all(|shard| shard.schema().fields() == fields.fields()));
    assert_eq!(outcome.texts("topic"), ["size", "∅", "price", "∅"]);
    assert_eq!(outcome.texts("urgent"), ["true", "false", "∅", "no"]);
    // What is named as a further label is no class beside it.
    assert_eq!(
        (outcome.texts("class"), outcome.report.labelled),
        (["∅", "∅", "2", "1"].map(str::to_owned).to_vec(), 1)
    );
    let counted = |outcome: &Outcome| {
        outcome.report.targets.iter().map(|(name, rows)| format!("{name} {rows}")).collect::<Vec<_>>()
    };
    assert_eq!(counted(&outcome), ["class 2", "nowhere 0", "topic 2", "urgent 3"]);

    // A repeated text that is dropped takes its labels along.
    let twice =
        "{\"text\": \"d\", \"topic\": \"me@example.org\"}\n{\"text\": \"d\", \"topic\": \"size\", \"urgent\": 1}";
    let mut bench = Bench::new().file("a.jsonl", twice);
    bench.configuration.columns.targets = vec!["topic".into(), "urgent".into()];
    bench.configuration.duplicates.exact = tamiz_domain::DuplicateAction::Drop;
    bench.configuration.redact.kinds = [tamiz_domain::PersonalData::Email].into();
    let outcome = bench.run().await;
    assert_eq!(
        (outcome.texts("topic"), counted(&outcome)),
        (vec!["[email]".into()], vec!["topic 1".into(), "urgent 0".into()])
    );
}
