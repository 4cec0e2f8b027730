//! Listings, page by page.

use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::types::Object;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Extensions, ListResult, ObjectMeta, Result};

use super::Bucket;
use super::error::map;
use super::meta::{last_modified, size};

/// Objects below `prefix` at any depth, after `offset` where there is one.
pub(super) fn list(
    bucket: &Bucket,
    prefix: Option<&Path>,
    offset: Option<&Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let location = prefix.cloned().unwrap_or_default();
    let request = request(bucket, &location).set_start_after(offset.map(Path::to_string));
    let pages = stream::unfold(request.into_paginator().send(), |mut pages| async move {
        pages.next().await.map(|page| (page, pages))
    });
    pages
        .map_err(move |error| map(&location, error))
        .map_ok(|page| stream::iter(page.contents.unwrap_or_default().into_iter().filter_map(meta)))
        .try_flatten()
        .boxed()
}

/// Objects and folders directly below `prefix`.
pub(super) async fn list_with_delimiter(bucket: &Bucket, prefix: Option<&Path>) -> Result<ListResult> {
    let location = prefix.cloned().unwrap_or_default();
    let mut pages = request(bucket, &location).delimiter("/").into_paginator().send();
    let mut listed = ListResult { common_prefixes: Vec::new(), objects: Vec::new(), extensions: Extensions::default() };
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| map(&location, error))?;
        for folder in page.common_prefixes().iter().filter_map(|folder| folder.prefix()) {
            listed.common_prefixes.push(Path::parse(folder)?);
        }
        for object in page.contents.unwrap_or_default().into_iter().filter_map(meta) {
            listed.objects.push(object?);
        }
    }
    Ok(listed)
}

/// A prefix ends at a slash, so that `runs/1` does not find `runs/10/…`.
fn request(bucket: &Bucket, prefix: &Path) -> ListObjectsV2FluentBuilder {
    let prefix = Some(format!("{prefix}/")).filter(|prefix| prefix != "/");
    bucket.client.list_objects_v2().bucket(&bucket.name).set_prefix(prefix)
}

/// None for the empty objects named `folder/` by which consoles show folders: they are nobody's data.
fn meta(object: Object) -> Option<Result<ObjectMeta>> {
    let key = object.key().filter(|key| !key.ends_with('/'))?;
    let meta = Path::parse(key).map(|location| ObjectMeta {
        location,
        last_modified: last_modified(object.last_modified()),
        size: size(object.size()),
        e_tag: object.e_tag().map(str::to_owned),
        version: None,
    });
    Some(meta.map_err(Into::into))
}
