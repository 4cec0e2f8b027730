//! What makes two uploads the same upload.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The identity of an object's content: bucket, decoded key and ETag.
///
/// The same bytes uploaded again under the same key have the same identity; changed bytes have another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectIdentity {
    /// Bucket name; `file` for a file of a folder run.
    pub bucket: String,
    /// Decoded key (S3 events carry it form-encoded).
    pub key: String,
    /// ETag without quotes; for a file of a folder run the SHA-256 of its content.
    pub etag: String,
}

impl ObjectIdentity {
    /// Hexadecimal SHA-256 of the identity. Each part is preceded by its length, so that no two
    /// different identities share an encoding.
    pub fn digest(&self) -> String {
        hex::encode(self.digest_bytes())
    }

    /// The 32 bytes of [`ObjectIdentity::digest`].
    pub fn digest_bytes(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        self.update(&mut hasher);
        hasher.finalize().into()
    }

    pub(crate) fn update(&self, hasher: &mut Sha256) {
        for part in [&self.bucket, &self.key, &self.etag] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(bucket: &str, key: &str, etag: &str) -> ObjectIdentity {
        ObjectIdentity { bucket: bucket.into(), key: key.into(), etag: etag.into() }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(identity("a", "bc", "d").digest(), identity("ab", "c", "d").digest());
        assert_ne!(identity("a", "b", "cd").digest(), identity("a", "bc", "d").digest());
    }

    #[test]
    fn changed_bytes_change_the_digest() {
        assert_ne!(identity("a", "b", "1").digest(), identity("a", "b", "2").digest());
        assert_eq!(identity("a", "b", "1").digest(), identity("a", "b", "1").digest());
    }
}
