//! Users are written as a keyed hash only.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of the hash that are kept: enough that no two users of any data set share one.
const HASH_BYTES: usize = 16;

/// The secret key of the hash; prints as `***`.
#[derive(Clone)]
pub struct UserKey(Hmac<Sha256>);

/// A key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the user key is empty")]
pub struct InvalidUserKey;

impl UserKey {
    /// The first 32 hexadecimal digits of HMAC-SHA256(key, user id).
    pub(crate) fn hash(&self, user_id: &str) -> String {
        let mut hmac = self.0.clone();
        hmac.update(user_id.as_bytes());
        hex::encode(&hmac.finalize().into_bytes()[..HASH_BYTES])
    }
}

impl FromStr for UserKey {
    type Err = InvalidUserKey;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        if key.is_empty() {
            return Err(InvalidUserKey);
        }
        Hmac::new_from_slice(key.as_bytes()).map(Self).map_err(|_| InvalidUserKey)
    }
}

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha256_and_the_key_is_never_shown() {
        let key: UserKey = "key".parse().unwrap();
        // Test vector: HMAC_SHA256("key", "The quick brown fox jumps over the lazy dog").
        assert_eq!(key.hash("The quick brown fox jumps over the lazy dog"), "f7bc83f430538424b13298e6aa6fb143");
        assert_eq!(format!("{key:?}"), "***");
        assert!("".parse::<UserKey>().is_err());
    }
}
