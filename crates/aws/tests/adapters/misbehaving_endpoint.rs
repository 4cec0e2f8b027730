//! What the S3 store makes of conflicts, broken downloads, refusals and missing credentials.

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use tamiz_aws::Aws;
use tamiz_domain::{Disposed, Disposition};
use tamiz_ports::{Created, Folder, StoreError};

use crate::local_aws::loader;
use crate::scripted::{Answer, Scripted, answer, promise, s3_error};

async fn folder(answers: Vec<Answer>) -> (Folder, Scripted) {
    let server = Scripted::start(answers).await;
    let aws = Aws::load_from(loader(&server.endpoint)).await;
    (aws.stores().open_str("s3://bucket/folder").unwrap(), server)
}

#[tokio::test]
async fn an_address_as_endpoint_puts_the_bucket_into_the_path() {
    let (folder, server) = folder(vec![answer("200 OK", &["etag: \"1\""], "content")]).await;
    assert_eq!(folder.read("x").await.unwrap(), "content");
    assert!(server.requests()[0].starts_with("get /bucket/folder/x?"), "{:?}", server.requests());
}

#[tokio::test]
async fn a_conflict_is_tried_again() {
    let conflict = || s3_error("409 Conflict", "ConditionalRequestConflict");
    let (folder, server) = folder(vec![conflict(), conflict(), answer("200 OK", &["etag: \"1\""], "")]).await;
    assert_eq!(folder.create("claim", "x").await.unwrap(), Created::New);
    assert_eq!(server.requests().len(), 3);
    assert!(server.requests().iter().all(|head| head.contains("if-none-match: *")));
}

#[tokio::test]
async fn a_conflict_that_stays_is_transient() {
    let (folder, server) = folder(vec![s3_error("409 Conflict", "ConditionalRequestConflict")]).await;
    let error = folder.create("claim", "x").await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Retry);
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_broke() {
    let (folder, server) = folder(vec![
        promise("200 OK", &["etag: \"1\"", "x-amz-version-id: v7"], 10, "0123"),
        promise("206 Partial Content", &["etag: \"1\"", "content-range: bytes 4-9/10"], 6, "45"),
        answer("206 Partial Content", &["etag: \"1\"", "content-range: bytes 6-9/10"], "6789"),
    ])
    .await;
    assert_eq!(folder.read("x").await.unwrap(), "0123456789");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for (request, range) in requests[1..].iter().zip(["range: bytes=4-9", "range: bytes=6-9"]) {
        let pins = [range, "if-match: \"1\"", "versionid=v7"];
        assert!(pins.iter().all(|pin| request.contains(pin)), "{request}");
    }
}

#[tokio::test]
async fn a_download_whose_object_changed_meanwhile_ends() {
    let broken = promise("200 OK", &["etag: \"1\""], 10, "0123");
    let (folder, _) = folder(vec![broken, s3_error("412 Precondition Failed", "PreconditionFailed")]).await;
    assert!(matches!(folder.read("x").await, Err(StoreError::Changed { .. })));
}

#[tokio::test]
async fn a_download_that_always_breaks_is_transient() {
    let (folder, server) = folder(vec![promise("200 OK", &["etag: \"1\""], 10, "")]).await;
    assert_eq!(folder.read("x").await.unwrap_err().disposition(), Disposition::Retry);
    assert_eq!(server.requests().len(), 6);
}

/// CRC-32 of `content`.
const CHECKSUM: [&str; 2] = ["etag: \"1\"", "x-amz-checksum-crc32: /sUwqQ=="];

#[tokio::test]
async fn bytes_that_were_changed_on_their_way_are_asked_for_again() {
    let flipped = answer("200 OK", &CHECKSUM, "contenu");
    let (folder, server) = folder(vec![flipped, answer("200 OK", &CHECKSUM, "content")]).await;
    let error = folder.read("x").await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Retry, "{error:?}");
    assert_eq!(server.requests().len(), 2);
    assert!(server.requests()[1].contains("if-match: \"1\""));
    assert_eq!(folder.read("x").await.unwrap(), "content");
}

#[tokio::test]
async fn bytes_that_are_never_those_of_the_checksum_are_damaged() {
    let (folder, server) = folder(vec![answer("200 OK", &CHECKSUM, "contenu")]).await;
    let error = folder.read("x").await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Refuse, "{error:?}");
    let told = error.to_string();
    assert!(told.starts_with("s3://bucket/folder/x holds other bytes than were written: "), "{told}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn refusals_are_told_apart() {
    for (status, code, expected) in [
        ("403 Forbidden", "AccessDenied", Disposition::Halt),
        ("400 Bad Request", "ExpiredToken", Disposition::Halt),
        ("301 Moved Permanently", "PermanentRedirect", Disposition::Halt),
        ("404 Not Found", "NoSuchKey", Disposition::Halt),
        ("412 Precondition Failed", "PreconditionFailed", Disposition::Refuse),
        ("400 Bad Request", "Whatever", Disposition::Retry),
    ] {
        let (folder, _) = folder(vec![s3_error(status, code)]).await;
        let error = folder.read("x").await.unwrap_err();
        assert_eq!(error.disposition(), expected, "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_of_the_service_is_told_in_full() {
    let refusal = answer(
        "403 Forbidden",
        &["x-amz-request-id: 4442587FB7D0A2F9"],
        "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
    );
    let (folder, _) = folder(vec![refusal]).await;
    let StoreError::Denied { source, .. } = folder.read("x").await.unwrap_err() else { panic!("denied") };
    let told = source.to_string();
    assert!(told.ends_with("AccessDenied: no (status 403, request id 4442587FB7D0A2F9)"), "{told}");
}

#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("nobody knows any")))
    }
}

#[tokio::test]
async fn missing_credentials_halt_before_any_request() {
    let server = Scripted::start(vec![answer("200 OK", &[], "")]).await;
    let aws = Aws::load_from(loader(&server.endpoint).credentials_provider(Nobody)).await;
    let error = aws.stores().open_str("s3://bucket/x").unwrap().read("").await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Halt, "{error:?}");
    assert!(server.requests().is_empty());
}
