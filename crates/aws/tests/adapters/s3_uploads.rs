//! What a bucket still holds of what was uploaded.

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use futures::TryStreamExt;
use tamiz_aws::Aws;
use tamiz_ports::{StoreError, StoredUpload, Uploads};

use crate::local_aws::{LocalAws, loader};
use crate::scripted::{Scripted, answer, s3_error};

async fn listed(aws: &Aws, place: &str) -> Result<Vec<StoredUpload>, StoreError> {
    aws.uploads(&place.parse().unwrap()).unwrap().list().try_collect().await
}

fn keys(uploads: &[StoredUpload]) -> Vec<&str> {
    uploads.iter().map(|upload| upload.key.as_str()).collect()
}

#[tokio::test]
async fn every_version_is_an_upload_but_those_of_a_deleted_key() {
    let local = LocalAws::start();
    let s3 = local.bucket("uploads").await;
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket("uploads").versioning_configuration(on).send().await.unwrap();
    for (key, content) in [
        ("incoming/a b+%.csv", "old"),
        ("incoming/a b+%.csv", "new!"),
        ("incoming/gone.csv", "x"),
        ("incoming/sub//ü.csv", "x"),
        ("incoming.csv", "x"),
    ] {
        s3.put_object().bucket("uploads").key(key).body(content.as_bytes().to_vec().into()).send().await.unwrap();
    }
    s3.delete_object().bucket("uploads").key("incoming/gone.csv").send().await.unwrap();

    let uploads = listed(&local.aws().await, "s3://uploads/incoming").await.unwrap();
    assert_eq!(keys(&uploads), ["incoming/a b+%.csv", "incoming/a b+%.csv", "incoming/sub//ü.csv"]);
    assert_eq!(uploads.iter().map(|upload| upload.size).collect::<Vec<_>>(), [4, 3, 1], "the newest first");
    let head = s3.head_object().bucket("uploads").key("incoming/a b+%.csv").send().await.unwrap();
    assert_eq!(uploads[0].version_id.as_deref(), head.version_id());
    assert_eq!(Some(format!("\"{}\"", uploads[0].etag)).as_deref(), head.e_tag());
    assert_ne!(uploads[0].version_id, uploads[1].version_id);
    assert_eq!(listed(&local.aws().await, "s3://uploads").await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_bucket_without_versions_has_uploads_without_versions() {
    let local = LocalAws::start();
    let s3 = local.bucket("plain").await;
    s3.put_object().bucket("plain").key("a.csv").body(b"x".to_vec().into()).send().await.unwrap();
    let uploads = listed(&local.aws().await, "s3://plain").await.unwrap();
    assert_eq!((keys(&uploads), uploads[0].version_id.as_deref()), (vec!["a.csv"], None));
}

fn page(next: Option<(&str, &str)>, markers: &str, versions: &[(&str, &str)]) -> String {
    let version = |(key, version): &(&str, &str)| {
        format!(
            "<Version><Key>{key}</Key><VersionId>{version}</VersionId><IsLatest>false</IsLatest><Size>1</Size>\
             <LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag></Version>"
        )
    };
    let versions: String = versions.iter().map(version).collect();
    let next = next.map(|(key, version)| {
        format!("<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{version}</NextVersionIdMarker>")
    });
    let body = format!(
        "<?xml version=\"1.0\"?><ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>{}\
         {markers}{versions}</ListVersionsResult>",
        next.is_some(),
        next.unwrap_or_default()
    );
    answer("200 OK", &["content-type: application/xml"], &body)
}

#[tokio::test]
async fn keys_are_decoded_and_pages_follow_each_other_in_the_middle_of_a_key() {
    let deleted = "<DeleteMarker><Key>z+gone</Key><VersionId>9</VersionId><IsLatest>true</IsLatest></DeleteMarker>";
    let server = Scripted::start(vec![
        page(Some(("b+%2B%0A", "2")), "", &[("a%20b", "1"), ("b+%2B%0A", "2")]),
        page(Some(("z+gone", "9")), deleted, &[("b+%2B%0A", "1")]),
        page(None, "", &[("z+gone", "8"), ("zz", "1")]),
    ])
    .await;
    let aws = Aws::load_from(loader(&server.endpoint)).await;
    let uploads = listed(&aws, "s3://bucket/incoming").await.unwrap();
    assert_eq!(keys(&uploads), ["a b", "b +\n", "b +\n", "zz"]);
    assert_eq!(uploads[0].uploaded_at.to_string(), "2026-01-02T03:04:05Z");
    let requests = server.requests();
    assert!(requests[0].contains("prefix=incoming%2f") && requests[0].contains("encoding-type=url"), "{requests:?}");
    assert!(
        requests[1].contains("key-marker=b%20%2b%0a") && requests[1].contains("version-id-marker=2"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_bucket_that_may_not_be_listed_is_told_by_its_name() {
    let server = Scripted::start(vec![s3_error("403 Forbidden", "AccessDenied")]).await;
    let aws = Aws::load_from(loader(&server.endpoint)).await;
    let error = listed(&aws, "s3://bucket/incoming").await.unwrap_err();
    assert_eq!(error.to_string(), "failed to list the versions of s3://bucket/incoming: not allowed");
    assert!(aws.uploads(&"/tmp".parse().unwrap()).is_err());
}
