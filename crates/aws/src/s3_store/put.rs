//! Whole-object writes, conditional ones among them.

use std::time::Duration;

use aws_sdk_s3::operation::put_object::PutObjectOutput;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, Extensions, PutMode, PutOptions, PutPayload, PutResult, Result, UpdateVersion,
};

use super::error::{generic, map};
use super::meta::quoted;
use super::{Bucket, CHECKSUM};
use crate::service_error::ServiceError;

/// How long to wait before a conditional write is tried again after 409: another one to the same key was under way.
const CONFLICT_WAITS: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800), Duration::from_millis(2_000)];

/// What must hold for the write to happen; S3 decides it atomically.
#[derive(Debug, Clone)]
enum Condition {
    None,
    Missing,
    Etag(String),
}

impl Condition {
    fn of(mode: PutMode) -> Result<Self> {
        match mode {
            PutMode::Overwrite => Ok(Self::None),
            PutMode::Create => Ok(Self::Missing),
            PutMode::Update(UpdateVersion { e_tag: Some(etag), .. }) => Ok(Self::Etag(quoted(&etag))),
            PutMode::Update(_) => Err(generic("an update needs the ETag that it replaces")),
        }
    }

    fn apply(&self, request: PutObjectFluentBuilder) -> PutObjectFluentBuilder {
        match self {
            Self::None => request,
            Self::Missing => request.if_none_match("*"),
            Self::Etag(etag) => request.if_match(etag),
        }
    }

    /// The caller's error: a condition that does not hold is told apart from a request that failed.
    fn refused(&self, location: &Path, error: ServiceError) -> Error {
        let missing = error.status == Some(404) && !error.is(&["NoSuchBucket"]);
        match (self, map(location, error)) {
            (Self::Missing, Error::Precondition { path, source }) => Error::AlreadyExists { path, source },
            // S3 answers 404 to an update of what is not there; for the caller that is a condition that does not hold.
            (Self::Etag(_), Error::NotFound { path, source }) if missing => Error::Precondition { path, source },
            (_, error) => error,
        }
    }
}

/// Writes an object in one request.
pub(super) async fn put(
    bucket: &Bucket,
    location: &Path,
    payload: PutPayload,
    options: PutOptions,
) -> Result<PutResult> {
    let content_type = content_type(&options.attributes)?;
    let condition = Condition::of(options.mode)?;
    let body = Bytes::from(payload);
    let tags = Some(options.tags.encoded().to_owned()).filter(|tags| !tags.is_empty());
    let request = || {
        let request = bucket.client.put_object().bucket(&bucket.name).key(location.as_ref());
        let request = request.set_content_type(content_type.clone()).set_tagging(tags.clone());
        condition.apply(request.checksum_algorithm(CHECKSUM).body(body.clone().into()))
    };
    let written = send(request).await.map_err(|error| condition.refused(location, error))?;
    Ok(PutResult { e_tag: written.e_tag, version: written.version_id, extensions: Extensions::default() })
}

async fn send(request: impl Fn() -> PutObjectFluentBuilder) -> Result<PutObjectOutput, ServiceError> {
    for wait in CONFLICT_WAITS {
        match request().send().await.map_err(ServiceError::from) {
            Err(error) if error.is(&["ConditionalRequestConflict"]) => tokio::time::sleep(wait).await,
            other => return other,
        }
    }
    request().send().await.map_err(ServiceError::from)
}

/// The one attribute that Tamiz's objects need; the store's contract is to refuse what it would drop.
pub(super) fn content_type(attributes: &Attributes) -> Result<Option<String>> {
    if let Some((attribute, _)) = attributes.iter().find(|(attribute, _)| **attribute != Attribute::ContentType) {
        return Err(Error::NotSupported { source: format!("attribute {attribute:?} of an object in S3").into() });
    }
    Ok(attributes.get(&Attribute::ContentType).map(|value| value.as_ref().to_owned()))
}
