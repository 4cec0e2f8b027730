//! Uploads in parts, for what is too large for one request.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use object_store::path::Path;
use object_store::{Extensions, MultipartUpload, PutMultipartOptions, PutPayload, PutResult, Result, UploadPart};

use super::error::{generic, map};
use super::put::content_type;
use super::{Bucket, CHECKSUM};

/// S3 refuses smaller parts, except the last.
const SMALLEST_PART: usize = 5 * 1024 * 1024;

/// Starts an upload.
pub(super) async fn begin(bucket: &Bucket, location: &Path, options: PutMultipartOptions) -> Result<S3Upload> {
    let tags = Some(options.tags.encoded().to_owned()).filter(|tags| !tags.is_empty());
    let request = bucket.client.create_multipart_upload().bucket(&bucket.name).key(location.as_ref());
    let request = request.set_content_type(content_type(&options.attributes)?).set_tagging(tags);
    let answer = request.checksum_algorithm(CHECKSUM).send().await.map_err(|error| map(location, error))?;
    let id = answer.upload_id.ok_or_else(|| generic("S3 answered without an upload id"))?;
    let target = Target { bucket: bucket.clone(), location: location.clone(), id };
    Ok(S3Upload { target: Arc::new(target), pending: BytesMut::new(), next: 1, sent: Arc::default(), open: true })
}

/// An upload in parts. Data that is too small for a part waits for more. Dropped before its end, it is aborted, so
/// that no invisible parts are left to be paid for.
#[derive(Debug)]
pub(super) struct S3Upload {
    target: Arc<Target>,
    pending: BytesMut,
    /// Number of the next part; parts count from 1.
    next: i32,
    sent: Arc<Mutex<Vec<CompletedPart>>>,
    open: bool,
}

/// Where the parts go.
#[derive(Debug)]
struct Target {
    bucket: Bucket,
    location: Path,
    id: String,
}

impl Target {
    async fn upload(&self, number: i32, body: Bytes) -> Result<CompletedPart> {
        let Bucket { client, name } = &self.bucket;
        let request = client.upload_part().bucket(name).key(self.location.as_ref()).upload_id(&self.id);
        let request = request.part_number(number).checksum_algorithm(CHECKSUM).body(body.into());
        let answer = request.send().await.map_err(|error| map(&self.location, error))?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(answer.e_tag)
            .set_checksum_sha256(answer.checksum_sha256)
            .build())
    }

    async fn complete(&self, mut parts: Vec<CompletedPart>) -> Result<PutResult> {
        parts.sort_by_key(|part| part.part_number);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let Bucket { client, name } = &self.bucket;
        let request = client.complete_multipart_upload().bucket(name).key(self.location.as_ref()).upload_id(&self.id);
        let answer = request.multipart_upload(parts).send().await.map_err(|error| map(&self.location, error))?;
        Ok(PutResult { e_tag: answer.e_tag, version: answer.version_id, extensions: Extensions::default() })
    }

    async fn abort(&self) -> Result<()> {
        let Bucket { client, name } = &self.bucket;
        let request = client.abort_multipart_upload().bucket(name).key(self.location.as_ref()).upload_id(&self.id);
        request.send().await.map(drop).map_err(|error| map(&self.location, error))
    }
}

impl S3Upload {
    /// Sends what waits as the next part.
    fn flush(&mut self) -> UploadPart {
        let (target, sent) = (self.target.clone(), self.sent.clone());
        let (number, body) = (self.next, mem::take(&mut self.pending).freeze());
        self.next += 1;
        async move {
            let part = target.upload(number, body).await?;
            sent.lock().unwrap_or_else(PoisonError::into_inner).push(part);
            Ok(())
        }
        .boxed()
    }

    fn num_sent(&self) -> usize {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[async_trait::async_trait]
impl MultipartUpload for S3Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        data.iter().for_each(|chunk| self.pending.extend_from_slice(chunk));
        if self.pending.len() < SMALLEST_PART { std::future::ready(Ok(())).boxed() } else { self.flush() }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        if !self.pending.is_empty() || self.next == 1 {
            self.flush().await?;
        }
        if self.num_sent() + 1 != usize::try_from(self.next).unwrap_or_default() {
            return Err(generic(format!("the upload of {} misses parts that failed", self.target.location)));
        }
        let parts = mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner));
        let result = self.target.complete(parts).await?;
        self.open = false;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.open = false;
        self.target.abort().await
    }
}

impl Drop for S3Upload {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // Without a runtime the process is ending; the bucket's lifecycle rule then removes the parts.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let target = self.target.clone();
        runtime.spawn(async move {
            if let Err(error) = target.abort().await {
                tracing::warn!(key = %target.location, %error, "abandoned upload not aborted");
            }
        });
    }
}
