//! An object's bytes as a stream that survives a broken connection.

use std::ops::Range;
use std::time::Duration;

use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::{Error, ObjectMeta, Result};
use tamiz_ports::ChecksumMismatch;

use super::Bucket;
use super::error::{generic, map};

/// How often one read is taken up again. The SDK retries requests but not bodies, and a download of gigabytes that
/// starts from nothing after each reset may never end.
const RESUMES: u32 = 5;
/// How often an object is looked at again whose checksum did not fit, before it is taken for damaged.
const LOOKS: u32 = 2;
/// Pause between these looks: what disturbs a way may take a moment to go.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// An object as it was when the read began; a later request for it fails if it has changed since.
pub(super) struct Pinned {
    pub bucket: Bucket,
    pub meta: ObjectMeta,
}

struct State {
    object: Pinned,
    body: ByteStream,
    rest: Range<u64>,
    resumes: u32,
}

/// The bytes of `range`, of which `body` is the first answer.
pub(super) fn stream(object: Pinned, body: ByteStream, range: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
    let state = State { object, body, rest: range, resumes: 0 };
    stream::try_unfold(state, |mut state| async move { Ok(state.next().await?.map(|chunk| (chunk, state))) }).boxed()
}

impl State {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            match self.body.try_next().await {
                Ok(Some(chunk)) => {
                    self.rest.start += chunk.len() as u64;
                    return Ok(Some(chunk));
                }
                Ok(None) if self.rest.is_empty() => return Ok(None),
                Ok(None) => self.resume("the body ended early".into()).await?,
                // All bytes came, so what is wrong is their checksum.
                Err(error) if self.rest.is_empty() => return Err(self.object.doubt(&chain(&error)).await),
                Err(error) => self.resume(chain(&error)).await?,
            }
        }
    }

    /// Asks for what is missing, unless it was tried often enough.
    async fn resume(&mut self, reason: String) -> Result<()> {
        let location = &self.object.meta.location;
        if self.resumes == RESUMES {
            return Err(generic(format!("the body of {location} broke off, {} resumes: {reason}", self.resumes)));
        }
        self.resumes += 1;
        tracing::warn!(key = %location, at = self.rest.start, reason, "download resumed");
        let range = format!("bytes={}-{}", self.rest.start, self.rest.end - 1);
        self.body = self.object.get(Some(range)).await?;
        Ok(())
    }
}

impl Pinned {
    async fn get(&self, range: Option<String>) -> Result<ByteStream> {
        let Bucket { client, name } = &self.bucket;
        let answer = client
            .get_object()
            .bucket(name)
            .key(self.meta.location.as_ref())
            .set_version_id(self.meta.version.clone())
            .set_if_match(self.meta.e_tag.clone())
            .set_range(range)
            .send()
            .await
            .map_err(|error| map(&self.meta.location, error))?;
        Ok(answer.body)
    }

    /// What a checksum that does not fit means. A reader has the bytes already, so they cannot be replaced; but whether to try again
    /// helps is told by more looks at them, of which nothing is kept.
    async fn doubt(&self, reason: &str) -> Error {
        let location = &self.meta.location;
        for _ in 0..LOOKS {
            match self.is_whole().await {
                Ok(true) => return generic(format!("the bytes of {location} were changed on their way: {reason}")),
                Ok(false) => tokio::time::sleep(BETWEEN_LOOKS).await,
                Err(error) => return error,
            }
        }
        generic(ChecksumMismatch(reason.to_owned()))
    }

    /// Whether the object's bytes fit its checksum.
    async fn is_whole(&self) -> Result<bool> {
        let mut body = self.get(None).await?;
        let mut left = self.meta.size;
        loop {
            match body.try_next().await {
                Ok(Some(chunk)) => left = left.saturating_sub(chunk.len() as u64),
                Ok(None) if left == 0 => return Ok(true),
                Err(_) if left == 0 => return Ok(false),
                Ok(None) => return Err(generic(format!("the body of {} ended early", self.meta.location))),
                Err(error) => {
                    return Err(generic(format!("the body of {} broke off: {}", self.meta.location, chain(&error))));
                }
            }
        }
    }
}

fn chain(error: &ByteStreamError) -> String {
    crate::service_error::chain(error)
}
