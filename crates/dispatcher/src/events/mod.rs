//! What the body of a message announces: pure, and total over anything that a queue can hold.
//!
//! Understood are S3 notifications with any number of records, plain or inside an SNS envelope, and the "Object
//! Created" events of EventBridge, plain or inside one too. The S3 test event and folder markers announce nothing.
//! Whatever else comes is a [`Refusal`] with its reason: one record of a message never spoils the others.

mod announcement;
mod refusal;
mod upload;

#[cfg(test)]
mod tests;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use tamiz_ports::StoredUpload;

pub use announcement::announcement;
pub use refusal::Refusal;
pub use upload::{Sequencer, Upload, newest};

/// Envelopes inside envelopes are followed this deep; nothing that AWS sends needs more than two.
const MAX_ENVELOPES: usize = 3;

/// What one record of a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An object was uploaded.
    Upload(Upload),
    /// Nothing to do: the S3 test event, or the marker of an empty folder.
    Nothing,
    /// Nothing that can be used.
    Refused(Refusal),
}

/// Reads the body of a message; never empty, so that no message is without an outcome.
pub fn parse(body: &str) -> Vec<Record> {
    parse_enveloped(body, MAX_ENVELOPES)
}

fn parse_enveloped(body: &str, envelopes: usize) -> Vec<Record> {
    let Ok(event) = serde_json::from_str::<Value>(body) else { return vec![Record::Refused(Refusal::NotJson)] };
    if let Some(records) = event["Records"].as_array().filter(|records| !records.is_empty()) {
        return records.iter().map(|record| outcome(from_notification(record))).collect();
    }
    if event["Event"] == "s3:TestEvent" {
        return vec![Record::Nothing];
    }
    if event["detail-type"].is_string() {
        return vec![outcome(from_event_bridge(&event))];
    }
    match event["Message"].as_str() {
        Some(message) if event["Type"] == "Notification" && envelopes > 0 => parse_enveloped(message, envelopes - 1),
        _ => vec![Record::Refused(Refusal::UnknownShape)],
    }
}

/// What an upload that lies in the bucket would have been announced as.
pub fn from_stored(stored: &StoredUpload) -> Record {
    let fields = Fields {
        bucket: &stored.bucket,
        key: stored.key.clone(),
        etag: &stored.etag,
        version_id: stored.version_id.as_deref(),
        size: stored.size,
        sequencer: None,
    };
    outcome(fields.upload())
}

fn outcome(result: Result<Option<Upload>, Refusal>) -> Record {
    match result {
        Ok(Some(upload)) => Record::Upload(upload),
        Ok(None) => Record::Nothing,
        Err(refusal) => Record::Refused(refusal),
    }
}

/// A record of an S3 notification. Format:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn from_notification(record: &Value) -> Result<Option<Upload>, Refusal> {
    let name = text(&record["eventName"], "eventName")?;
    if !name.trim_start_matches("s3:").starts_with("ObjectCreated:") {
        return Err(Refusal::NotACreation);
    }
    let (bucket, object) = (&record["s3"]["bucket"], &record["s3"]["object"]);
    let key = form_decode(text(&object["key"], "s3.object.key")?)?;
    Fields {
        bucket: text(&bucket["name"], "s3.bucket.name")?,
        key,
        etag: etag(&object["eTag"], "s3.object.eTag")?,
        version_id: object["versionId"].as_str(),
        size: object["size"].as_u64().ok_or(Refusal::MissingField("s3.object.size"))?,
        sequencer: object["sequencer"].as_str(),
    }
    .upload()
}

/// An EventBridge event of S3. Its key is the plain key: unlike a notification's, it is not form-encoded. Format:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
fn from_event_bridge(event: &Value) -> Result<Option<Upload>, Refusal> {
    if event["detail-type"] != "Object Created" {
        return Err(Refusal::NotACreation);
    }
    let (bucket, object) = (&event["detail"]["bucket"], &event["detail"]["object"]);
    Fields {
        bucket: text(&bucket["name"], "detail.bucket.name")?,
        key: text(&object["key"], "detail.object.key")?.to_owned(),
        etag: etag(&object["etag"], "detail.object.etag")?,
        version_id: object["version-id"].as_str(),
        size: object["size"].as_u64().ok_or(Refusal::MissingField("detail.object.size"))?,
        sequencer: object["sequencer"].as_str(),
    }
    .upload()
}

/// The fields of an announcement, whatever its envelope.
struct Fields<'a> {
    bucket: &'a str,
    key: String,
    etag: &'a str,
    version_id: Option<&'a str>,
    size: u64,
    sequencer: Option<&'a str>,
}

impl Fields<'_> {
    fn upload(self) -> Result<Option<Upload>, Refusal> {
        // An object of that name with bytes in it is no folder marker; it ends below as a key that cannot be read.
        if self.key.ends_with('/') && self.size == 0 {
            return Ok(None);
        }
        let version_id = self.version_id.map(str::to_owned);
        let sequencer = Sequencer::new(self.sequencer.unwrap_or_default());
        Upload::try_new(self.bucket, self.key, unquoted(self.etag), version_id, self.size, sequencer).map(Some)
    }
}

/// An ETag, with or without its quotes. One of quotes alone would be no content at all.
fn etag<'a>(value: &'a Value, field: &'static str) -> Result<&'a str, Refusal> {
    text(value, field)
        .map(unquoted)
        .and_then(|etag| if etag.is_empty() { Err(Refusal::MissingField(field)) } else { Ok(etag) })
}

fn unquoted(etag: &str) -> &str {
    etag.trim_matches('"')
}

fn text<'a>(value: &'a Value, field: &'static str) -> Result<&'a str, Refusal> {
    value.as_str().filter(|text| !text.is_empty()).ok_or(Refusal::MissingField(field))
}

/// Keys of notifications are form-encoded: first `+` is a space, then percent-decoding.
fn form_decode(key: &str) -> Result<String, Refusal> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(String::from).map_err(|_| Refusal::UndecodableKey)
}
