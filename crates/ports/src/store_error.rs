//! What can go wrong with an object.

use tamiz_domain::{Disposed, Disposition};

/// An object that could not be read, written or understood; every variant names its URI.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such object.
    #[error("{uri} does not exist")]
    NotFound {
        /// The object.
        uri: String,
    },
    /// Credentials are missing or do not allow it, or the URI cannot be used by this program.
    #[error("failed to {operation} {uri}: not allowed")]
    Denied {
        /// What was tried.
        operation: &'static str,
        /// The object.
        uri: String,
        /// The store's answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The object is not what was announced (its version or ETag is another).
    #[error("{uri} is no longer what was announced")]
    Changed {
        /// The object.
        uri: String,
    },
    /// The object holds other bytes than those that were written; it was read more than once.
    #[error("{uri} holds other bytes than were written: {detail}")]
    Damaged {
        /// The object.
        uri: String,
        /// What the bytes were held to.
        detail: String,
    },
    /// The object is there, but its content is not what it should be.
    #[error("{uri} is malformed")]
    Malformed {
        /// The object.
        uri: String,
        /// What the parser says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else that a store says: network, throttling, disk. The adapter has retried already.
    #[error("failed to {operation} {uri}")]
    Unavailable {
        /// What was tried.
        operation: &'static str,
        /// The object.
        uri: String,
        /// The store's answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What an adapter puts inside an [`object_store::Error`] where a store's own checksum of an object does not fit its bytes,
/// and did not when they were read again: then they were not changed on their way.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ChecksumMismatch(
    /// What the store's client says.
    pub String,
);

impl StoreError {
    /// Names operation and object of a store's error.
    pub fn of(operation: &'static str, uri: impl Into<String>, error: object_store::Error) -> Self {
        use object_store::Error as Store;
        let uri = uri.into();
        match error {
            Store::NotFound { .. } => Self::NotFound { uri },
            Store::Precondition { .. } | Store::NotModified { .. } => Self::Changed { uri },
            Store::PermissionDenied { .. }
            | Store::Unauthenticated { .. }
            | Store::InvalidPath { .. }
            | Store::NotSupported { .. } => Self::Denied { operation, uri, source: Box::new(error) },
            Store::Generic { source, .. } if source.is::<ChecksumMismatch>() => {
                Self::Damaged { uri, detail: source.to_string() }
            }
            _ => Self::Unavailable { operation, uri, source: Box::new(error) },
        }
    }

    /// Whether the object simply is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

impl Disposed for StoreError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::NotFound { .. } | Self::Denied { .. } => Disposition::Halt,
            Self::Changed { .. } | Self::Damaged { .. } | Self::Malformed { .. } => Disposition::Refuse,
            Self::Unavailable { .. } => Disposition::Retry,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::NotFound { uri } => Some(format!("Check that {uri} is spelt right and was not deleted.")),
            Self::Denied { uri, .. } => Some(format!("Check the credentials and the role's permissions for {uri}.")),
            Self::Changed { uri } => {
                Some(format!("{uri} was overwritten after it was announced; its new content is a run of its own."))
            }
            Self::Damaged { uri, .. } => Some(format!(
                "{uri} was overwritten or damaged after it was written. Bring back its earlier version, or make it anew: upload a \
                 file again, run a run again with `tamiz replay`."
            )),
            Self::Malformed { .. } => None,
            Self::Unavailable { .. } => Some("Try again; the store did not answer as it should.".to_owned()),
        }
    }
}
