//! The announcement of an upload that no event announced.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tamiz_domain::ManifestObject;

/// A message that announces `object` as S3 would have, but for its source. Without a sequencer, so that any event of S3
/// counts for newer.
pub fn announcement(object: &ManifestObject) -> String {
    let key = utf8_percent_encode(&object.identity.key, NON_ALPHANUMERIC).to_string();
    let mut announced = json!({"key": key, "size": object.size, "eTag": object.identity.etag});
    if let Some(version_id) = &object.version_id {
        announced["versionId"] = version_id.as_str().into();
    }
    let s3 = json!({"bucket": {"name": object.identity.bucket}, "object": announced});
    json!({"Records": [{"eventSource": "tamiz:reconcile", "eventName": "ObjectCreated:Reconcile", "s3": s3}]})
        .to_string()
}
