//! Copies inside the bucket.

use object_store::path::Path;
use object_store::{CopyMode, CopyOptions, Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::map;
use super::{Bucket, CHECKSUM};

/// What the `x-amz-copy-source` header may hold as it is; the SDK does not encode it.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Copies an object of up to 5 GB, S3's limit for one request.
pub(super) async fn copy(bucket: &Bucket, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
    let create = options.mode == CopyMode::Create;
    let source = format!("{}/{}", bucket.name, utf8_percent_encode(from.as_ref(), PLAIN));
    let request = bucket.client.copy_object().bucket(&bucket.name).key(to.as_ref()).copy_source(source);
    let request = request.checksum_algorithm(CHECKSUM).set_if_none_match(create.then(|| "*".to_owned()));
    match request.send().await.map_err(|error| map(from, error)) {
        Err(Error::Precondition { source, .. }) if create => Err(Error::AlreadyExists { path: to.to_string(), source }),
        other => other.map(drop),
    }
}
