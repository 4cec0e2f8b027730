//! Messages as S3 sends them.

use serde_json::{Value, json};
use tamiz_domain::ObjectIdentity;
use tamiz_ports::{Message, Receipt};

/// The record of an upload: `content` stands for the ETag, `version` also gives the sequencer.
pub fn upload(key: &str, content: &str, version: u32) -> Value {
    let mut record = unversioned(key, content, version);
    record["s3"]["object"]["versionId"] = json!(format!("version-{version}"));
    record
}

/// The record of an upload to a bucket without versions.
pub fn unversioned(key: &str, content: &str, sequence: u32) -> Value {
    json!({"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
        "bucket": {"name": "input"},
        "object": {"key": key, "size": 10, "eTag": content, "sequencer": format!("{sequence:X}")},
    }})
}

pub fn body(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

pub fn message(id: &str, records: &[Value]) -> Message {
    Message { id: id.into(), receipt: Receipt(format!("receipt of {id}")), body: body(records), receive_count: 1 }
}

pub fn identity(key: &str, content: &str) -> ObjectIdentity {
    ObjectIdentity { bucket: "input".into(), key: key.into(), etag: content.into() }
}
