//! Deletions, many a request.

use std::collections::HashMap;

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures::stream::{self, BoxStream, StreamExt};
use object_store::Result;
use object_store::path::Path;

use super::error::{generic, map};
use super::{Bucket, CHECKSUM};

/// The most keys that one request takes.
const KEYS: usize = 1000;

/// Deletes what `locations` names and answers each in its order. Deleting what is not there is no error.
pub(super) fn delete_stream(
    bucket: Bucket,
    locations: BoxStream<'static, Result<Path>>,
) -> BoxStream<'static, Result<Path>> {
    locations
        .ready_chunks(KEYS)
        .then(move |chunk| {
            let bucket = bucket.clone();
            async move { stream::iter(delete(&bucket, chunk).await) }
        })
        .flatten()
        .boxed()
}

async fn delete(bucket: &Bucket, chunk: Vec<Result<Path>>) -> Vec<Result<Path>> {
    let locations: Vec<Path> = chunk.iter().filter_map(|location| location.as_ref().ok().cloned()).collect();
    match refused(bucket, &locations).await {
        Ok(refused) => chunk.into_iter().map(|location| location.and_then(|path| told(&refused, path))).collect(),
        Err(error) => chunk.into_iter().filter(Result::is_err).chain([Err(error)]).collect(),
    }
}

/// Keys that S3 did not delete, with its reason.
async fn refused(bucket: &Bucket, locations: &[Path]) -> Result<HashMap<String, String>> {
    let Some(first) = locations.first() else { return Ok(HashMap::new()) };
    let mut keys = Delete::builder().quiet(true);
    for location in locations {
        keys = keys.objects(ObjectIdentifier::builder().key(location.as_ref()).build().map_err(generic)?);
    }
    let request = bucket.client.delete_objects().bucket(&bucket.name).checksum_algorithm(CHECKSUM);
    let answer = request.delete(keys.build().map_err(generic)?).send().await.map_err(|error| map(first, error))?;
    let told = answer.errors.unwrap_or_default().into_iter();
    Ok(told.map(|error| (error.key.unwrap_or_default(), error.message.or(error.code).unwrap_or_default())).collect())
}

fn told(refused: &HashMap<String, String>, path: Path) -> Result<Path> {
    match refused.get(path.as_ref()) {
        Some(reason) => Err(generic(format!("{path} was not deleted: {reason}"))),
        None => Ok(path),
    }
}
