//! Why a record of a message could not be used.

use std::fmt;

/// Why a record of a message could not be used. Says nothing of the body's content, which may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The body is not JSON.
    NotJson,
    /// JSON, but no event that is understood.
    UnknownShape,
    /// An event of something else than an upload.
    NotACreation,
    /// A field that every upload event has is missing or of the wrong type.
    MissingField(&'static str),
    /// The key does not decode to UTF-8.
    UndecodableKey,
    /// The stages could not read an object of this name.
    UnreadableKey {
        /// Where the object lies.
        uri: String,
    },
}

impl Refusal {
    /// Stable code, as in `refused/`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::UnknownShape => "unknown_shape",
            Self::NotACreation => "not_a_creation",
            Self::MissingField(_) => "missing_field",
            Self::UndecodableKey => "undecodable_key",
            Self::UnreadableKey { .. } => "unreadable_key",
        }
    }

    /// The object, where the event was understood that far.
    pub fn object(&self) -> Option<&str> {
        match self {
            Self::UnreadableKey { uri } => Some(uri),
            _ => None,
        }
    }

    /// What to do about it, as one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotJson | Self::UnknownShape | Self::MissingField(_) => {
                "Find out who else sends to the queue; only S3 upload events belong there."
            }
            Self::NotACreation => "Limit the bucket's notification to s3:ObjectCreated:*.",
            Self::UndecodableKey | Self::UnreadableKey { .. } => {
                "Upload the file again under a name without control characters, empty parts, `.` or `..` parts."
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the body is not JSON"),
            Self::UnknownShape => f.write_str("the body is neither an S3 notification nor an EventBridge event"),
            Self::NotACreation => f.write_str("the event does not announce an upload"),
            Self::MissingField(field) => write!(f, "the event has no usable `{field}`"),
            Self::UndecodableKey => f.write_str("the key is not UTF-8 once it is decoded"),
            Self::UnreadableKey { .. } => f.write_str("an object of this name cannot be read"),
        }
    }
}
