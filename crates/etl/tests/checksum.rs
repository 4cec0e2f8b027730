//! Files whose bytes are not those that were written: a store tells it after the last one.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

mod support;

use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::{ObjectStoreExt, PutPayload};
use tamiz_domain::{
    Configuration, Disposed, Disposition, EtlReport, Manifest, ManifestObject, ObjectIdentity, Ownership,
};
use tamiz_etl::{Deps, EtlError, Settings, run};
use tamiz_ports::{Fault, FaultyStore, MemoryStores, Moment, Operation, Stores};
use tamiz_telemetry::{Progress, Shutdown};

use support::{gzip, many_records};

/// Cleans one object; with the checksum of its first whole read wrong, or as it is.
async fn clean(content: Vec<u8>, is_wrong: bool) -> Result<EtlReport, EtlError> {
    let (size, input) = (content.len() as u64, Arc::new(InMemory::new()));
    let etag = input.put(&"a".into(), PutPayload::from(content)).await.unwrap().e_tag.unwrap();
    let identity = ObjectIdentity { bucket: "input".into(), key: "a".into(), etag };
    let object = ManifestObject { identity, uri: "s3://input/a".into(), version_id: None, size };
    let manifest = Manifest::plan(vec![object], Configuration::default(), Ownership::Manifest, None);
    let fault = Fault { operation: Operation::Get, nth: 1, moment: Moment::After };
    let input = FaultyStore::new(input, is_wrong.then_some(fault).into_iter().collect());
    let stores = MemoryStores::default().with_bucket("input", Arc::new(input));
    stores.open_str("s3://staging").unwrap().write_json("manifest.json", &manifest).await.unwrap();
    let uri = |uri: &str| uri.parse().unwrap();
    let settings = Settings::new(uri("s3://staging/manifest.json"), uri("s3://staging/out"));
    run(settings, Deps { stores: Arc::new(stores), progress: Progress::default() }, Shutdown::new()).await
}

/// What a reader stops at long before the last byte, and what it reads to the end.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let packed = gzip(many_records(20_000).as_bytes());
    let mut corrupt = packed.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle..middle + 64].fill(0xff);
    let mut garbage = many_records(20_000).into_bytes();
    garbage.splice(0..4, *b"%PDF");
    vec![
        ("plain", many_records(20_000).into_bytes()),
        ("packed", packed.clone()),
        ("cut off", packed[..packed.len() / 2].to_vec()),
        ("corrupt", corrupt),
        ("of no format", garbage),
    ]
}

#[tokio::test]
async fn a_file_is_blamed_for_what_it_says_only_if_it_says_it() {
    for (name, content) in files() {
        let report = clean(content.clone(), false).await.unwrap();
        let is_whole = report.files[0].problem.is_none();
        assert_eq!(is_whole, ["plain", "packed"].contains(&name), "{name}: {:?}", report.files[0].problem);
        let error = clean(content, true).await.unwrap_err();
        assert_eq!(error.disposition(), Disposition::Retry, "{name}: {error}");
    }
}
