//! Reads: whole, by range, pinned to a version or an ETag, or of the metadata alone.

use std::ops::Range;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use object_store::path::Path;
use object_store::{Attributes, Extensions, GetOptions, GetResult, GetResultPayload, ObjectMeta, Result};

use super::Bucket;
use super::body::{self, Pinned};
use super::error::{generic, map};
use super::meta::{last_modified, quoted, size, smithy_time};

/// Reads an object; the body comes as a stream.
pub(super) async fn get(bucket: &Bucket, location: &Path, options: GetOptions) -> Result<GetResult> {
    if let Some(range) = &options.range {
        range.is_valid().map_err(generic)?;
    }
    let answer = bucket
        .client
        .get_object()
        .bucket(&bucket.name)
        .key(location.as_ref())
        .set_version_id(options.version)
        .set_if_match(options.if_match.as_deref().map(quoted))
        .set_if_none_match(options.if_none_match.as_deref().map(quoted))
        .set_if_modified_since(options.if_modified_since.map(smithy_time))
        .set_if_unmodified_since(options.if_unmodified_since.map(smithy_time))
        .set_range(options.range.map(|range| range.to_string()))
        .send()
        .await
        .map_err(|error| map(location, error))?;
    let (range, size) = extent(&answer)?;
    let meta = ObjectMeta {
        location: location.clone(),
        last_modified: last_modified(answer.last_modified.as_ref()),
        size,
        e_tag: answer.e_tag,
        version: answer.version_id,
    };
    let pinned = Pinned { bucket: bucket.clone(), meta: meta.clone() };
    let payload = GetResultPayload::Stream(body::stream(pinned, answer.body, range.clone()));
    Ok(GetResult { payload, meta, range, attributes: Attributes::default(), extensions: Extensions::default() })
}

/// Looks at an object without reading it.
pub(super) async fn head(bucket: &Bucket, location: &Path, options: GetOptions) -> Result<GetResult> {
    let answer = bucket
        .client
        .head_object()
        .bucket(&bucket.name)
        .key(location.as_ref())
        .set_version_id(options.version)
        .set_if_match(options.if_match.as_deref().map(quoted))
        .set_if_none_match(options.if_none_match.as_deref().map(quoted))
        .set_if_modified_since(options.if_modified_since.map(smithy_time))
        .set_if_unmodified_since(options.if_unmodified_since.map(smithy_time))
        .send()
        .await
        .map_err(|error| map(location, error))?;
    let meta = ObjectMeta {
        location: location.clone(),
        last_modified: last_modified(answer.last_modified.as_ref()),
        size: size(answer.content_length),
        e_tag: answer.e_tag,
        version: answer.version_id,
    };
    Ok(GetResult {
        payload: GetResultPayload::Stream(Box::pin(futures::stream::empty())),
        range: 0..meta.size,
        meta,
        attributes: Attributes::default(),
        extensions: Extensions::default(),
    })
}

/// The bytes that the answer holds, and the size of the whole object.
fn extent(answer: &GetObjectOutput) -> Result<(Range<u64>, u64)> {
    let Some(header) = &answer.content_range else {
        let size = size(answer.content_length);
        return Ok((0..size, size));
    };
    content_range(header).ok_or_else(|| generic(format!("unexpected Content-Range `{header}`")))
}

/// Parses `bytes 10-19/100`.
fn content_range(header: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    Some((first..last.checked_add(1)?, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_half_open() {
        assert_eq!(content_range("bytes 10-19/100"), Some((10..20, 100)));
        for wrong in ["10-19/100", "bytes */100", "bytes 10-19/*", "bytes 1-18446744073709551615/2"] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }
}
