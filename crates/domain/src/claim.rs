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
}
