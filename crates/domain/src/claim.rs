//! Which run owns an object's content.

use serde::{Deserialize, Serialize};

use crate::{ObjectIdentity, RunId};

/// The content of a claim object: written create-only, never changed, never deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The run that processes the object.
    pub run_id: RunId,
    /// The object, repeated so that a claim can be read without knowing what was hashed.
    #[serde(flatten)]
    pub identity: ObjectIdentity,
}

impl Claim {
    /// File name of the claim below `claims/`.
    pub fn file_name(identity: &ObjectIdentity) -> String {
        format!("{}.json", identity.digest())
    }

    /// Digest of the identity whose claim has this file name; none for what is no claim's.
    pub fn digest_of(file_name: &str) -> Option<[u8; 32]> {
        let mut digest = [0; 32];
        hex::decode_to_slice(file_name.strip_suffix(".json")?, &mut digest).ok()?;
        Some(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_claim_tells_the_digest_of_its_identity() {
        let identity = ObjectIdentity { bucket: "b".into(), key: "k".into(), etag: "e".into() };
        assert_eq!(Claim::digest_of(&Claim::file_name(&identity)), Some(identity.digest_bytes()));
        assert_eq!([Claim::digest_of("x.json"), Claim::digest_of("")], [None, None]);
    }
}
