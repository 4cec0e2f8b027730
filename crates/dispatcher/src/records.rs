//! What is left behind for uploads that start no run: refusals and repeats, both create-only.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tamiz_domain::{ObjectIdentity, RunId, RunLayout};
use tamiz_ports::{Created, Folder};

use crate::DispatchError;
use crate::events::{Refusal, Upload};

/// Folder of refusals below the staging root.
pub(crate) const REFUSED: &str = "refused";
/// Ending of the file with the bytes of what was refused.
pub(crate) const BODY: &str = "body";
const REPEATS: &str = "repeats";

/// A record of a message that could not be used: `refused/<digest>.json` below the staging root, with the body beside it
/// as `refused/<digest>.body`. The record itself never holds the body, which may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRecord {
    /// The queue's id of the message that came first with this body.
    pub message_id: String,
    /// Hexadecimal SHA-256 of the message's body.
    pub body_sha256: String,
    /// Place of the record in the message, from 0.
    pub record: usize,
    /// Stable code of the reason.
    pub reason: String,
    /// The reason, as a clause.
    pub meaning: String,
    /// What to do about it.
    pub remedy: String,
    /// The object, where the event was understood that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The command that puts the body into the queue again, once what was wrong is mended.
    pub replay: String,
}

/// Another upload of content that a run owns already: `runs/<run_id>/repeats/<digest>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatRecord {
    /// The content.
    #[serde(flatten)]
    pub identity: ObjectIdentity,
    /// The version that repeats it; none in an unversioned bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Sequencer of its event, without leading zeros.
    pub sequencer: String,
}

/// Records a refusal; what comes again leaves nothing new: the same body, or, where the event was understood that far, the
/// same object.
pub(crate) async fn record_refusal(
    staging: &Folder,
    message_id: &str,
    body: &str,
    record: usize,
    refusal: &Refusal,
) -> Result<Created, DispatchError> {
    let body_sha256 = hex::encode(Sha256::digest(body));
    let digest = match refusal.object() {
        Some(object) => digest_of_object(object),
        None => digest_of(&["body", &body_sha256, &record.to_string()]),
    };
    let name = format!("{REFUSED}/{digest}.json");
    // The record comes last: who sees it finds the body, too.
    staging.create(&format!("{REFUSED}/{digest}.{BODY}"), body.as_bytes().to_vec()).await?;
    let created = staging
        .create_json(
            &name,
            &RefusedRecord {
                message_id: message_id.to_owned(),
                body_sha256,
                record,
                reason: refusal.code().to_owned(),
                meaning: refusal.to_string(),
                remedy: refusal.remedy().to_owned(),
                object: refusal.object().map(str::to_owned),
                replay: format!("tamiz replay {}", staging.uri_of(&name)),
            },
        )
        .await?;
    if created == Created::New {
        let recorded = staging.uri_of(&name);
        tracing::warn!(message_id, record, reason = refusal.code(), recorded, "event refused: {refusal}");
    }
    Ok(created)
}

/// Whether the object of a refusal was refused before; false where the refusal names none.
pub(crate) async fn is_refused(staging: &Folder, refusal: &Refusal) -> Result<bool, DispatchError> {
    let Some(object) = refusal.object() else { return Ok(false) };
    Ok(staging.exists(&format!("{REFUSED}/{}.json", digest_of_object(object))).await?)
}

/// The record of the refusal of an object; none where it was not refused.
///
/// # Errors
/// [`DispatchError`] of a store that does not answer.
pub async fn refusal_of(staging: &Folder, uri: &str) -> Result<Option<RefusedRecord>, DispatchError> {
    Ok(staging.read_json_if_exists(&format!("{REFUSED}/{}.json", digest_of_object(uri))).await?)
}

fn digest_of_object(uri: &str) -> String {
    digest_of(&["object", uri])
}

/// Records that `upload` repeats what `run_id` owns; the same event that comes again leaves nothing new.
pub(crate) async fn record_repeat(staging: &Folder, run_id: &RunId, upload: &Upload) -> Result<Created, DispatchError> {
    let record = RepeatRecord {
        identity: upload.object.identity.clone(),
        version_id: upload.object.version_id.clone(),
        sequencer: upload.sequencer.as_str().to_owned(),
    };
    let version = record.version_id.as_deref().unwrap_or_default();
    let digest = digest_of(&[&record.identity.digest(), version, &record.sequencer]);
    let name = format!("{}/{REPEATS}/{digest}.json", RunLayout::run(run_id));
    let created = staging.create_json(&name, &record).await?;
    if created == Created::New {
        tracing::info!(%run_id, object = upload.object.source(), "already seen");
    }
    Ok(created)
}

/// Hexadecimal SHA-256 of several strings, each preceded by its length so that they do not run into each other.
fn digest_of(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(hasher.finalize())
}
