//! What was worked out for a token, kept for the next time it comes by.

use rustc_hash::FxHashMap;

/// Real reviews hold a few ten thousand frequent tokens; beyond this many the text is noise, and memory must not follow.
const MAX_ENTRIES: usize = 1 << 16;

/// Longer tokens are worked out each time: they hardly ever come twice.
const MAX_KEY_BYTES: usize = 48;

/// A map from tokens to values that forgets everything when it is full: bounded memory on any input, no bookkeeping.
pub(crate) struct TokenCache<V> {
    entries: FxHashMap<Box<str>, V>,
}

impl<V> TokenCache<V> {
    pub(crate) fn new() -> Self {
        Self { entries: FxHashMap::default() }
    }

    pub(crate) fn get(&self, token: &str) -> Option<&V> {
        self.entries.get(token)
    }

    /// Keeps `value` for `token`, unless the token is too long to come again.
    #[cold]
    pub(crate) fn keep(&mut self, token: &str, value: V) {
        if token.len() > MAX_KEY_BYTES {
            return;
        }
        if self.entries.len() == MAX_ENTRIES {
            self.entries.clear();
        }
        self.entries.insert(token.into(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_cache_starts_again_and_stays_within_its_bound() {
        let mut cache = TokenCache::new();
        for number in 0..2 * MAX_ENTRIES + 1 {
            cache.keep(&number.to_string(), number);
            assert_eq!(cache.get(&number.to_string()), Some(&number));
            assert!(cache.entries.len() <= MAX_ENTRIES);
        }
    }

    #[test]
    fn a_very_long_token_is_not_kept() {
        let mut cache = TokenCache::new();
        let long = "x".repeat(MAX_KEY_BYTES + 1);
        cache.keep(&long, 1);
        assert_eq!(cache.get(&long), None);
    }
}
