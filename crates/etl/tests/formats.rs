//! Every format that is read, and what its fields become.

mod support;

use arrow::array::AsArray;
use arrow::datatypes::{Int8Type, Int64Type, TimestampMillisecondType};
use support::{Bench, gzip};
use tamiz_domain::schema;

const TABLE: &str = "rating,title,text\n5.0,\"null\",\"He said \"\"wow\"\", twice\"\n3,NA,\"two\nlines\"\n1,,plain\n";
const TEXTS: [&str; 3] = ["null He said \"wow\", twice", "NA two\nlines", "plain"];

#[tokio::test]
async fn one_table_reads_the_same_in_every_dialect_and_packing() {
    let with = |delimiter: &str| {
        TABLE.replace("\"\"wow\"\", ", "\u{1}").replace(',', delimiter).replace('\u{1}', "\"\"wow\"\", ")
    };
    let zstd = |content: &str| zstd::encode_all(content.as_bytes(), 3).unwrap();
    let members = [gzip(TABLE.as_bytes()[..30].as_ref()), gzip(TABLE.as_bytes()[30..].as_ref())].concat();
    for (content, format) in [
        (TABLE.as_bytes().to_vec(), "csv"),
        (with(";").into_bytes(), "csv"),
        (with("|").into_bytes(), "csv"),
        (with("\t").into_bytes(), "tsv"),
        (TABLE.replace("\"\"", "\\\"").into_bytes(), "csv"),
        (format!("\u{feff}{TABLE}").into_bytes(), "csv"),
        (gzip(TABLE.as_bytes()), "csv+gzip"),
        (members, "csv+gzip"),
        (zstd(TABLE), "csv+zstd"),
        (TABLE.trim_end().as_bytes().to_vec(), "csv"),
    ] {
        // The name says nothing: content decides.
        let outcome = Bench::new().file("reviews.dat", &content).run().await;
        let case = String::from_utf8_lossy(&content).into_owned();
        assert_eq!(outcome.texts("text"), TEXTS, "{case}");
        assert_eq!(outcome.texts("title"), ["null", "NA", "∅"], "{case}");
        assert_eq!(outcome.report.files[0].format.as_deref(), Some(format), "{case}");
        assert_eq!(outcome.report.labels, [(1, 1), (2, 1)].into(), "{case}");
    }
}

#[tokio::test]
async fn carriage_returns_alone_or_with_line_feeds_end_records() {
    for end in ["\r\n", "\r"] {
        let outcome = Bench::new().file("a.csv", TABLE.replace('\n', end)).run().await;
        assert_eq!(outcome.report.counts.ok, 3, "{end:?}");
        assert_eq!(outcome.texts("text")[1], TEXTS[1].replace('\n', end), "line breaks inside quotes stay as they are");
    }
}

#[tokio::test]
async fn the_headerless_polarity_data_has_its_line_breaks_restored() {
    let outcome =
        Bench::new().file("train.csv", "\"2\",\"Great \"\"CD\"\"\",\"one\\ntwo\"\n\"1\",\"\",\"three\"\n").run().await;
    assert_eq!(outcome.texts("text"), ["Great \"CD\" one\ntwo", "three"]);
    assert_eq!(outcome.report.labels, [(1, 1), (2, 1)].into());
    let header = Bench::new().file("a.csv", "label,text\n1,one\\ntwo\n").run().await;
    assert_eq!(header.texts("text"), ["one\\ntwo"], "only the polarity data writes line breaks so");
}

#[tokio::test]
async fn every_generation_of_amazon_reviews_is_understood() {
    let lines = [
        r#"{"reviewerID": "U1", "asin": "A1", "helpful": [2, 3], "reviewText": "of 2014", "overall": 5.0, "summary": "T", "unixReviewTime": 1252800000}"#,
        r#"{"overall": 1.0, "vote": "1,234", "verified": true, "reviewerID": "U1", "asin": "A2", "reviewText": "of 2018", "summary": "T", "unixReviewTime": 1252800000}"#,
        r#"{"rating": 4, "title": "T", "text": "of 2023", "images": [], "asin": "A3", "parent_asin": "P3", "user_id": "U2", "timestamp": 1252800000000, "helpful_vote": 0, "verified_purchase": false}"#,
        r#"{"text": "bare"}"#,
    ];
    let mut bench = Bench::new().file("a.jsonl", lines.join("\r\n"));
    bench.user_key = Some("secret");
    let outcome = bench.run().await;
    let batch = &outcome.shards()[0];
    let labels = batch["label"].as_primitive::<Int8Type>();
    assert_eq!(labels.iter().collect::<Vec<_>>(), [Some(2), Some(1), Some(2), None]);
    assert_eq!(outcome.texts("asin"), ["A1", "A2", "A3", "∅"]);
    assert_eq!(outcome.texts("parent_asin"), ["∅", "∅", "P3", "∅"]);
    let votes = batch["helpful_vote"].as_primitive::<Int64Type>();
    assert_eq!(votes.iter().collect::<Vec<_>>(), [Some(2), Some(1_234), Some(0), None]);
    let verified = batch["verified_purchase"].as_boolean();
    assert_eq!(verified.iter().collect::<Vec<_>>(), [None, Some(true), Some(false), None]);
    let times = batch["timestamp"].as_primitive::<TimestampMillisecondType>();
    assert_eq!(
        times.iter().collect::<Vec<_>>(),
        [Some(1_252_800_000_000); 3].into_iter().chain([None]).collect::<Vec<_>>()
    );
    let users = outcome.texts("user");
    assert!(users[0] == users[1] && users[1] != users[2] && users[3] == "∅" && users[0].len() == 32, "{users:?}");
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
    assert_eq!(batch.schema().fields(), schema::clean_shard().fields());
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
