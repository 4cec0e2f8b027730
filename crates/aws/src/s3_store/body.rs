//! An object's bytes as a stream that survives a broken connection.

use std::ops::Range;

use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::{ObjectMeta, Result};

use super::Bucket;
use super::error::{generic, map};

/// How often one read is taken up again. The SDK retries requests but not bodies, and a download of gigabytes that
/// starts from nothing after each reset may never end.
const RESUMES: u32 = 5;

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
                Err(error) => self.resume(chain(&error)).await?,
            }
        }
    }

    /// Asks for what is missing, unless nothing is (then the checksum was wrong) or it was tried often enough.
    async fn resume(&mut self, reason: String) -> Result<()> {
        let location = &self.object.meta.location;
        if self.rest.is_empty() || self.resumes == RESUMES {
            return Err(generic(format!("the body of {location} broke off, {} resumes: {reason}", self.resumes)));
        }
        self.resumes += 1;
        tracing::warn!(key = %location, at = self.rest.start, reason, "download resumed");
        let Bucket { client, name } = &self.object.bucket;
        let answer = client
            .get_object()
            .bucket(name)
            .key(location.as_ref())
            .set_version_id(self.object.meta.version.clone())
            .set_if_match(self.object.meta.e_tag.clone())
            .range(format!("bytes={}-{}", self.rest.start, self.rest.end - 1))
            .send()
            .await
            .map_err(|error| map(location, error))?;
        self.body = answer.body;
        Ok(())
    }
}

fn chain(error: &ByteStreamError) -> String {
    crate::service_error::chain(error)
}
