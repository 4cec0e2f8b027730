//! Parquet objects of a store, which are read by ranges.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod support;

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use support::parquet;
use tamiz_domain::{
    Configuration, Disposed, Disposition, EtlReport, Manifest, ManifestObject, ObjectIdentity, Ownership,
};
use tamiz_etl::{Deps, EtlError, Settings, run};
use tamiz_ports::{Fault, FaultyStore, MemoryStores, Moment, Operation, Stores};
use tamiz_telemetry::{Progress, Shutdown};

const ROWS: usize = 12_000;

/// A file of several megabytes, so that it takes several requests.
fn large_file() -> Vec<u8> {
    // A linear congruential generator: texts that no dictionary makes smaller.
    let mut state = 7u32;
    let mut word = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{state:08x} ")
    };
    let texts: StringArray = (0..ROWS).map(|_| Some((0..100).map(|_| word()).collect::<String>())).collect();
    parquet(vec![("text", Arc::new(texts) as ArrayRef)])
}

/// Cleans the object `large.parquet` of a bucket, announced with this ETag.
async fn clean(input: Arc<dyn ObjectStore>, etag: &str, size: usize) -> Result<EtlReport, EtlError> {
    let identity = ObjectIdentity { bucket: "input".into(), key: "large.parquet".into(), etag: etag.to_owned() };
    let uri = "s3://input/large.parquet".to_owned();
    let object = ManifestObject { identity, uri, version_id: None, size: size as u64 };
    let manifest = Manifest::plan(vec![object], Configuration::default(), Ownership::Manifest, None);
    let stores = MemoryStores::default().with_bucket("input", input);
    stores.open_str("s3://staging").unwrap().write_json("manifest.json", &manifest).await.unwrap();
    let uri = |uri: &str| uri.parse().unwrap();
    let settings = Settings::new(uri("s3://staging/manifest.json"), uri("s3://staging/out"));
    run(settings, Deps { stores: Arc::new(stores), progress: Progress::default() }, Shutdown::new()).await
}

async fn bucket(content: Vec<u8>) -> (Arc<InMemory>, String) {
    let input = Arc::new(InMemory::new());
    let put = input.put(&"large.parquet".into(), PutPayload::from(content)).await.unwrap();
    (input, put.e_tag.unwrap())
}

#[tokio::test]
async fn a_large_file_is_read_to_its_last_row() {
    let file = large_file();
    let (size, (input, etag)) = (file.len(), bucket(file).await);
    let report = clean(input, &etag, size).await.unwrap();
    assert_eq!((report.counts.ok, report.files[0].format.as_deref()), (ROWS as u64, Some("parquet")));
}

#[tokio::test]
async fn a_store_that_fails_in_between_is_tried_again_and_blamed_on_no_file() {
    let file = large_file();
    let (size, (input, etag)) = (file.len(), bucket(file).await);
    assert!(size > 9 << 20, "the object's first bytes, its end, and three windows of it: {size}");
    for nth in 1..=4 {
        let fault = Fault { operation: Operation::Get, nth, moment: Moment::Before };
        let error = clean(Arc::new(FaultyStore::new(input.clone(), vec![fault])), &etag, size).await.unwrap_err();
        assert_eq!(error.disposition(), Disposition::Retry, "{nth}: {error}");
    }
}

#[tokio::test]
async fn an_object_that_was_overwritten_is_left_out() {
    let file = large_file();
    let (size, (input, _)) = (file.len(), bucket(file).await);
    let report = clean(input, "another", size).await.unwrap();
    assert_eq!(report.files[0].problem.as_ref().unwrap().reason.code(), "object_changed");
}
