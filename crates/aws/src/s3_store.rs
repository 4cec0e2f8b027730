//! One S3 bucket as an object store.

mod body;
mod copy;
mod delete;
mod error;
mod get;
mod list;
mod meta;
mod multipart;
mod put;

use std::fmt;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::ChecksumAlgorithm;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

pub(crate) use error::map as map_error;

/// The store's name in errors.
const STORE: &str = "S3";

/// What every upload is checked by, named so that an SDK's change of default changes nothing here. Object Lock wants
/// a checksum, and SHA-256 is the one that model folders and manifests speak too.
const CHECKSUM: ChecksumAlgorithm = ChecksumAlgorithm::Sha256;

/// One S3 bucket.
///
/// A key is a path character for character. ETags are handed out with the quotes that S3 puts around them and taken
/// with or without, since S3's events leave them out. Single requests are retried by the SDK (see `sdk.rs`), conflicts
/// of conditional writes (409) and broken downloads here.
///
/// A conditional write whose answer got lost is retried too, and then meets its own effect: it reports that the object
/// exists (or changed) although this caller wrote it. Who must know compares the content.
#[derive(Debug, Clone)]
pub struct S3Store {
    bucket: Bucket,
}

/// A bucket and the client to reach it with; what every operation starts from.
#[derive(Debug, Clone)]
struct Bucket {
    client: Client,
    name: String,
}

impl S3Store {
    pub(crate) fn new(client: Client, bucket: &str) -> Self {
        Self { bucket: Bucket { client, name: bucket.to_owned() } }
    }
}

impl fmt::Display for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Store({})", self.bucket.name)
    }
}

#[async_trait::async_trait]
impl ObjectStore for S3Store {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        put::put(&self.bucket, location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(multipart::begin(&self.bucket, location, options).await?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            get::head(&self.bucket, location, options).await
        } else {
            get::get(&self.bucket, location, options).await
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        delete::delete_stream(self.bucket.clone(), locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        list::list(&self.bucket, prefix, None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        list::list(&self.bucket, prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        list::list_with_delimiter(&self.bucket, prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        copy::copy(&self.bucket, from, to, options).await
    }
}
