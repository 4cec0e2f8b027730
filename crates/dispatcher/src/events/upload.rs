//! One announced upload, and which of several announcements of the same content counts.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use tamiz_domain::{ManifestObject, ObjectIdentity};
use tamiz_ports::ObjectUri;

use crate::events::Refusal;

/// One announced upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The object, pinned to what was announced.
    pub object: ManifestObject,
    /// Its place among the events of one key.
    pub sequencer: Sequencer,
}

impl Upload {
    /// An upload to `bucket` under the decoded `key`.
    ///
    /// # Errors
    /// [`Refusal::UnreadableKey`] for names that S3 allows and the stages' paths do not: the run would fail on them.
    pub fn try_new(
        bucket: &str,
        key: String,
        etag: &str,
        version_id: Option<String>,
        size: u64,
        sequencer: Sequencer,
    ) -> Result<Self, Refusal> {
        let uri = format!("s3://{bucket}/{key}");
        // The round trip also catches what parsing mends silently, such as a trailing slash.
        if !uri.parse::<ObjectUri>().is_ok_and(|parsed| parsed.to_string() == uri) {
            return Err(Refusal::UnreadableKey { uri });
        }
        let identity = ObjectIdentity { bucket: bucket.to_owned(), key, etag: etag.to_owned() };
        Ok(Self { object: ManifestObject { identity, uri, version_id, size }, sequencer })
    }

    fn recency(&self) -> (&Sequencer, &Option<String>) {
        (&self.sequencer, &self.object.version_id)
    }
}

/// The order of a key's events: a hexadecimal number of any length. A missing one is the oldest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequencer(String);

impl Sequencer {
    /// Reads a sequencer. Leading zeros say nothing, so dropping them equals the zero-padding that S3 asks for.
    pub fn new(text: &str) -> Self {
        Self(text.trim_start_matches('0').to_ascii_lowercase())
    }

    /// The digits, without leading zeros.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for Sequencer {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for Sequencer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The newest announcement of each content.
///
/// Events come in any order. Of several uploads of the *same* bytes under one key the newest version is taken, since
/// it is the one most likely to be still there. *Different* bytes under one key are different contents, and all of
/// them are kept, even an older one: its version can still be read, and dropping it would lose what somebody
/// uploaded. Without versions the overwritten content is gone; its read fails on the ETag and the run's mail says so.
pub fn newest<'a>(uploads: impl IntoIterator<Item = &'a Upload>) -> BTreeMap<ObjectIdentity, ManifestObject> {
    let mut newest: BTreeMap<&ObjectIdentity, &Upload> = BTreeMap::new();
    for upload in uploads {
        let known = newest.entry(&upload.object.identity).or_insert(upload);
        if upload.recency() > known.recency() {
            *known = upload;
        }
    }
    newest.into_iter().map(|(identity, upload)| (identity.clone(), upload.object.clone())).collect()
}
