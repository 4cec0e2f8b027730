//! From a URI to the store behind it.

use std::fmt::Debug;
use std::sync::Arc;

use object_store::path::Path;

use crate::{Folder, FolderStore, ObjectUri, StoreError};

/// Opens the store behind a URI. Opening reads nothing: a folder that does not exist opens, and is empty.
pub trait Stores: Debug + Send + Sync {
    /// The folder (or object) at `uri`.
    ///
    /// # Errors
    /// [`StoreError::Denied`] for a place that this implementation cannot reach.
    fn open(&self, uri: &ObjectUri) -> Result<Folder, StoreError>;

    /// Parses and opens in one step.
    ///
    /// # Errors
    /// As [`Stores::open`], and for a string that names no place.
    fn open_str(&self, uri: &str) -> Result<Folder, StoreError> {
        let parsed = uri.parse().map_err(|error| StoreError::Denied {
            operation: "open",
            uri: uri.to_owned(),
            source: Box::new(error),
        })?;
        self.open(&parsed)
    }
}

/// Local folders only; what a run without AWS needs.
#[derive(Debug, Clone, Default)]
pub struct FolderStores {
    store: Arc<FolderStore>,
}

impl Stores for FolderStores {
    fn open(&self, uri: &ObjectUri) -> Result<Folder, StoreError> {
        let denied = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Denied {
            operation: "open",
            uri: uri.to_string(),
            source,
        };
        match uri {
            ObjectUri::Local(path) => {
                let prefix = Path::from_absolute_path(path).map_err(|error| denied(Box::new(error)))?;
                Ok(Folder::new(self.store.clone(), prefix, uri.clone()))
            }
            ObjectUri::S3 { .. } => Err(denied("this command works on local folders only".into())),
        }
    }
}
