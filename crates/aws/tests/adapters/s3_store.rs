//! S3 as an object store.

use std::sync::Arc;

use aws_sdk_s3::types::{BucketVersioningStatus, ChecksumMode, VersioningConfiguration};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions,
};
use tamiz_ports::conformance::check_store;

use crate::local_aws::{LocalAws, eventually};

/// The store of a fresh bucket, with a plain client beside it.
async fn store(local: &LocalAws, bucket: &str) -> (Arc<dyn ObjectStore>, aws_sdk_s3::Client) {
    let s3 = local.bucket(bucket).await;
    let folder = local.aws().await.stores().open_str(&format!("s3://{bucket}")).unwrap();
    (folder.store(), s3)
}

#[tokio::test]
async fn keeps_the_promises_of_a_store() {
    let local = LocalAws::start();
    local.bucket("promises").await;
    let stores = local.aws().await.stores();
    check_store(stores.open_str("s3://promises/folder").unwrap()).await;
    check_store(stores.open_str(local.state().join("folder").to_str().unwrap()).unwrap()).await;
}

#[tokio::test]
async fn a_missing_bucket_is_not_found() {
    let local = LocalAws::start();
    let folder = local.aws().await.stores().open_str("s3://nobody-made-this").unwrap();
    assert!(folder.read("x").await.unwrap_err().is_not_found());
    assert!(folder.list("").await.unwrap_err().is_not_found());
    let written = folder.write("x", "x").await.unwrap_err();
    assert!(written.is_not_found(), "{written:?}");
}

#[tokio::test]
async fn old_versions_are_read_by_their_id() {
    let local = LocalAws::start();
    let (store, s3) = store(&local, "versions").await;
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket("versions").versioning_configuration(on).send().await.unwrap();
    let path = Path::from("reviews.csv");
    let first = store.put(&path, "first".into()).await.unwrap();
    store.put(&path, "second!".into()).await.unwrap();

    let pinned = GetOptions { version: first.version.clone(), ..GetOptions::default() };
    let read = store.get_opts(&path, pinned.clone()).await.unwrap();
    assert_eq!((read.meta.version.clone(), read.meta.size), (first.version.clone(), 5));
    assert_eq!(read.bytes().await.unwrap(), "first");
    let head = store.get_opts(&path, GetOptions { head: true, ..pinned }).await.unwrap();
    assert_eq!((head.meta.e_tag, head.meta.size), (first.e_tag, 5));

    let unknown = GetOptions { version: Some("0123456789".into()), ..GetOptions::default() };
    let error = store.get_opts(&path, unknown).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn reads_are_pinned_by_etags_with_and_without_quotes() {
    let local = LocalAws::start();
    let (store, _) = store(&local, "etags").await;
    let path = Path::from("x");
    let etag = store.put(&path, "content".into()).await.unwrap().e_tag.unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    for etag in [etag.as_str(), etag.trim_matches('"')] {
        let matching = GetOptions { if_match: Some(etag.into()), ..GetOptions::default() };
        assert_eq!(store.get_opts(&path, matching).await.unwrap().bytes().await.unwrap(), "content");
        let unless = GetOptions { if_none_match: Some(etag.into()), head: true, ..GetOptions::default() };
        let error = store.get_opts(&path, unless).await.unwrap_err();
        assert!(matches!(error, Error::NotModified { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn ranges_are_what_was_asked_for() {
    let local = LocalAws::start();
    let (store, _) = store(&local, "ranges").await;
    let path = Path::from("digits");
    store.put(&path, "0123456789".into()).await.unwrap();
    for (range, expected) in [
        (GetRange::Bounded(2..5), "234"),
        (GetRange::Bounded(8..100), "89"),
        (GetRange::Offset(7), "789"),
        (GetRange::Suffix(3), "789"),
    ] {
        let options = GetOptions { range: Some(range), ..GetOptions::default() };
        let result = store.get_opts(&path, options).await.unwrap();
        assert_eq!((result.meta.size, result.range.end - result.range.start), (10, expected.len() as u64));
        assert_eq!(result.bytes().await.unwrap(), expected);
    }
    let outside = GetOptions { range: Some(GetRange::Offset(10)), ..GetOptions::default() };
    assert!(store.get_opts(&path, outside).await.is_err());
}

#[tokio::test]
async fn an_update_of_what_is_not_there_does_not_hold() {
    let local = LocalAws::start();
    let (store, _) = store(&local, "updates").await;
    let etag = store.put(&Path::from("here"), "1".into()).await.unwrap().e_tag;
    let update = |etag: Option<String>| PutMode::Update(object_store::UpdateVersion { e_tag: etag, version: None });
    let missing = store.put_opts(&Path::from("gone"), "2".into(), update(etag.clone()).into()).await.unwrap_err();
    assert!(matches!(missing, Error::Precondition { .. }), "{missing:?}");
    let bare = etag.map(|etag| etag.trim_matches('"').to_owned());
    store.put_opts(&Path::from("here"), "2".into(), update(bare).into()).await.unwrap();
    assert!(store.put_opts(&Path::from("here"), "3".into(), update(None).into()).await.is_err());
}

#[tokio::test]
async fn uploads_carry_a_sha256_and_their_content_type() {
    let local = LocalAws::start();
    let (store, s3) = store(&local, "checksums").await;
    let attributes = Attributes::from_iter([(Attribute::ContentType, "text/html")]);
    let options = PutOptions { attributes, ..PutOptions::default() };
    store.put_opts(&Path::from("report.html"), "hello".into(), options).await.unwrap();
    let head = s3.head_object().bucket("checksums").key("report.html").checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!(head.checksum_sha256(), Some("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="));
    assert_eq!(head.content_type(), Some("text/html"));
    let attributes = Attributes::from_iter([(Attribute::CacheControl, "no-store")]);
    let unknown = PutOptions { attributes, ..PutOptions::default() };
    let refused = store.put_opts(&Path::from("x"), "x".into(), unknown).await.unwrap_err();
    assert!(matches!(refused, Error::NotSupported { .. }), "{refused:?}");
}

#[tokio::test]
async fn an_upload_in_parts_of_any_size_is_whole() {
    let local = LocalAws::start();
    let (store, s3) = store(&local, "parts").await;
    let path = Path::from("big");
    let content = Bytes::from((0..13 * 1024 * 1024_u32).map(|n| (n / 7) as u8).collect::<Vec<_>>());
    let mut upload = store.put_multipart(&path).await.unwrap();
    let mut at = 0;
    for size in [1024 * 1024, 6 * 1024 * 1024, 5 * 1024 * 1024, 100, usize::MAX] {
        let end = content.len().min(at + size.min(content.len()));
        upload.put_part(content.slice(at..end).into()).await.unwrap();
        at = end;
    }
    let written = upload.complete().await.unwrap();
    let read = store.get(&path).await.unwrap();
    assert_eq!(read.meta.e_tag, written.e_tag);
    assert!(read.bytes().await.unwrap() == content);
    // 7 + 5 + the rest: parts below 5 MiB were joined.
    assert!(written.e_tag.unwrap().ends_with("-3\""));
    assert!(uploads(&s3, "parts").await.is_empty());
}

#[tokio::test]
async fn an_upload_without_data_is_an_empty_object() {
    let local = LocalAws::start();
    let (store, _) = store(&local, "nothing").await;
    store.put_multipart(&Path::from("empty")).await.unwrap().complete().await.unwrap();
    assert_eq!(store.head(&Path::from("empty")).await.unwrap().size, 0);
}

#[tokio::test]
async fn abandoned_uploads_leave_nothing() {
    let local = LocalAws::start();
    let (store, s3) = store(&local, "abandoned").await;
    let part = || Bytes::from(vec![7; 5 * 1024 * 1024]);
    let mut aborted = store.put_multipart(&Path::from("aborted")).await.unwrap();
    aborted.put_part(part().into()).await.unwrap();
    aborted.abort().await.unwrap();
    let mut dropped: Box<dyn MultipartUpload> = store.put_multipart(&Path::from("dropped")).await.unwrap();
    dropped.put_part(part().into()).await.unwrap();
    assert_eq!(uploads(&s3, "abandoned").await, ["dropped"]);
    drop(dropped);
    eventually("the abort", async || uploads(&s3, "abandoned").await.is_empty().then_some(())).await;
    assert_eq!(store.list(None).count().await, 0);
}

async fn uploads(s3: &aws_sdk_s3::Client, bucket: &str) -> Vec<String> {
    let answer = s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    answer.uploads().iter().map(|upload| upload.key().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn listings_and_deletions_go_past_a_thousand_objects() {
    let local = LocalAws::start();
    let (store, s3) = store(&local, "pages").await;
    let names: Vec<String> = (0..1_050).map(|n| format!("runs/1/part-{n:05}")).collect();
    let writes = names.iter().map(|name| s3.put_object().bucket("pages").key(name).send());
    stream::iter(writes).buffer_unordered(16).for_each(async |put| drop(put.unwrap())).await;
    store.put(&Path::from("runs/10/other"), "x".into()).await.unwrap();
    s3.put_object().bucket("pages").key("runs/1/").send().await.unwrap();

    let prefix = Path::from("runs/1");
    let mut listed: Vec<Path> = store.list(Some(&prefix)).map_ok(|meta| meta.location).try_collect().await.unwrap();
    listed.sort();
    assert_eq!(listed.iter().map(Path::to_string).collect::<Vec<_>>(), names);
    let flat = store.list_with_delimiter(Some(&prefix)).await.unwrap();
    assert_eq!((flat.objects.len(), flat.common_prefixes.len()), (1_050, 0));
    let folders = store.list_with_delimiter(Some(&Path::from("runs"))).await.unwrap();
    assert_eq!(folders.common_prefixes, ["runs/1", "runs/10"].map(Path::from));
    let offset = Path::from("runs/1/part-01047");
    assert_eq!(store.list_with_offset(Some(&prefix), &offset).count().await, 2);

    let doomed = stream::iter(listed.clone()).map(Ok).boxed();
    let deleted: Vec<Path> = store.delete_stream(doomed).try_collect().await.unwrap();
    assert_eq!(deleted, listed);
    assert_eq!(store.list(Some(&prefix)).count().await, 0);
    store.delete(&Path::from("runs/1/part-00000")).await.unwrap();
}

#[tokio::test]
async fn copies_keep_odd_names() {
    let local = LocalAws::start();
    let (store, _) = store(&local, "copies").await;
    let (from, to) = (Path::parse("a b+c%20ñ.csv").unwrap(), Path::parse("copy of ñ").unwrap());
    store.put(&from, "content".into()).await.unwrap();
    store.copy(&from, &to).await.unwrap();
    assert_eq!(store.get(&to).await.unwrap().bytes().await.unwrap(), "content");
    let missing = store.copy(&Path::from("missing"), &to).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing:?}");
}
