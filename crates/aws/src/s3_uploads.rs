//! What a bucket still holds of what was uploaded to it, by its versions.

use std::collections::HashSet;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{EncodingType, ObjectVersion};
use aws_smithy_types::DateTime;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::path::Path;
use percent_encoding::percent_decode_str;
use tamiz_ports::{StoreError, StoredUpload, Uploads};

use crate::s3_store::map_error;

/// What S3 names the one version of an object in a bucket without versions.
const NO_VERSION: &str = "null";

/// The uploads below a prefix of a bucket.
#[derive(Debug, Clone)]
pub struct S3Uploads {
    client: Client,
    bucket: String,
    prefix: String,
}

/// Where the next page begins: behind this version of this key.
#[derive(Debug, Clone, Default)]
struct Marker {
    key: Option<String>,
    version_id: Option<String>,
}

impl S3Uploads {
    /// Those of a folder.
    pub(crate) fn new(client: Client, bucket: &str, folder: &Path) -> Self {
        let prefix = Some(format!("{folder}/")).filter(|prefix| prefix != "/").unwrap_or_default();
        Self { client, bucket: bucket.to_owned(), prefix }
    }

    /// Those of a key, and of keys that begin with it.
    pub(crate) fn of_key(client: Client, bucket: &str, key: &Path) -> Self {
        Self { client, bucket: bucket.to_owned(), prefix: key.to_string() }
    }

    /// Keys may hold characters that XML cannot carry, so S3 is asked to encode them.
    async fn page(&self, marker: Marker) -> Result<ListObjectVersionsOutput, StoreError> {
        self.client
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(&self.prefix)
            .encoding_type(EncodingType::Url)
            .set_key_marker(marker.key)
            .set_version_id_marker(marker.version_id)
            .send()
            .await
            .map_err(|error| {
                let uri = format!("s3://{}/{}", self.bucket, self.prefix.trim_end_matches('/'));
                StoreError::of("list the versions of", uri, map_error(&Path::from(self.prefix.as_str()), error))
            })
    }

    /// The uploads of a page. `deleted` is the key whose deletion the pages before told of last: a key's versions may
    /// begin on the page behind.
    fn uploads(&self, page: &ListObjectVersionsOutput, deleted: &mut Option<String>) -> Vec<StoredUpload> {
        let markers = page.delete_markers().iter().filter(|marker| marker.is_latest() == Some(true));
        let mut deletions: HashSet<&str> = markers.clone().filter_map(|marker| marker.key()).collect();
        deletions.extend(deleted.as_deref());
        let found = page.versions().iter().filter(|version| version.key().is_some_and(|key| !deletions.contains(key)));
        let found = found.filter_map(|version| self.upload(version, decoder(page))).collect();
        *deleted = markers.filter_map(|marker| marker.key()).max().map(str::to_owned).or(deleted.take());
        found
    }

    /// None for what lacks a field that S3 always sends.
    fn upload(&self, version: &ObjectVersion, decode: impl Fn(&str) -> String) -> Option<StoredUpload> {
        Some(StoredUpload {
            bucket: self.bucket.clone(),
            key: decode(version.key()?),
            etag: version.e_tag()?.trim_matches('"').to_owned(),
            version_id: version.version_id().filter(|version| *version != NO_VERSION).map(str::to_owned),
            size: version.size().and_then(|size| u64::try_from(size).ok())?,
            uploaded_at: timestamp(version.last_modified()?)?,
        })
    }
}

impl Uploads for S3Uploads {
    fn list(&self) -> BoxStream<'_, Result<StoredUpload, StoreError>> {
        let start = Some((Marker::default(), None));
        stream::try_unfold(start, async move |state| {
            let Some((marker, mut deleted)) = state else { return Ok(None) };
            let page = self.page(marker).await?;
            let uploads = self.uploads(&page, &mut deleted);
            let next = page.is_truncated() == Some(true);
            let next = next.then(|| Marker {
                key: page.next_key_marker().map(decoder(&page)),
                version_id: page.next_version_id_marker().map(str::to_owned),
            });
            Ok(Some((stream::iter(uploads.into_iter().map(Ok)), next.map(|marker| (marker, deleted)))))
        })
        .try_flatten()
        .boxed()
    }
}

/// How the keys of a page are read. A server that does not know the encoding says nothing of it.
fn decoder(page: &ListObjectVersionsOutput) -> impl Fn(&str) -> String + Copy {
    if page.encoding_type() == Some(&EncodingType::Url) { form_decoded } else { str::to_owned }
}

/// The encoding of S3's listings is that of forms: a space is `+`.
fn form_decoded(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}
