//! A key and its value, as tags and params are.

use serde::Serialize;

use super::limits;

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    key: String,
    value: String,
}

impl Pair {
    /// A tag, within the limits.
    pub fn tag(key: &str, value: &str) -> Self {
        Self { key: limits::key(key), value: limits::tag(value).to_owned() }
    }

    /// Its key as the server knows it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its value as the server knows it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// A param, within the limits.
    pub fn param(key: &str, value: &str) -> Self {
        Self { key: limits::key(key), value: limits::param(value).to_owned() }
    }
}
