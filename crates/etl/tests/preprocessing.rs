//! The version of the preprocessing, which a model carries with it, and what texts become under it.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod support;

use std::path::Path;

use sha2::{Digest, Sha256};
use support::Bench;
use tamiz_domain::schema;

/// SHA-256 of the texts and clean texts that the sample uploads become. Where it changes, models meet other texts than they were
/// trained on: raise `PREPROCESSING_VERSION` together with it.
const TEXTS: (&str, &str) = ("1", "6551af5129915f68d1da2f37baa0d668c68550dadc733569ca6cfb1fd236beab");

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/uploads").join(name)).unwrap()
}

#[tokio::test]
async fn texts_that_change_need_a_new_version() {
    let names = ["electronics.csv.gz", "films.csv.gz", "phones.jsonl"];
    let bench = names.into_iter().fold(Bench::new(), |bench, name| bench.file(name, sample(name)));
    let outcome = bench.run().await;
    let mut digest = Sha256::new();
    for column in ["text", "clean_text"] {
        for text in outcome.texts(column) {
            digest.update(text);
            digest.update([0]);
        }
    }
    assert_eq!((schema::PREPROCESSING_VERSION, hex::encode(digest.finalize()).as_str()), TEXTS);
}
