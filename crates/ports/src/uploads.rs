//! What a bucket still holds of what was uploaded to it.

use futures::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;

use crate::StoreError;

/// One upload as a bucket keeps it: a version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUpload {
    /// Bucket name.
    pub bucket: String,
    /// Key as it is, whatever it is: S3 allows names that no path can hold.
    pub key: String,
    /// ETag, with or without quotes.
    pub etag: String,
    /// Its version; none in a bucket without versions.
    pub version_id: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// When the upload ended.
    pub uploaded_at: Timestamp,
}

/// The uploads of a folder of a bucket.
pub trait Uploads: Send + Sync {
    /// Every upload that is still there, versions that a later upload has replaced among them: they can be read, and
    /// somebody uploaded them. Not those of a key that a person has deleted since. Ordered by key, the newest of a key
    /// first.
    fn list(&self) -> BoxStream<'_, Result<StoredUpload, StoreError>>;
}

/// Uploads in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryUploads(pub Vec<StoredUpload>);

impl Uploads for MemoryUploads {
    fn list(&self) -> BoxStream<'_, Result<StoredUpload, StoreError>> {
        stream::iter(&self.0).map(|upload| Ok(upload.clone())).boxed()
    }
}
