//! Buckets in memory, for tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::memory::InMemory;
use object_store::{ObjectStore, path::Path};

use crate::{Folder, FolderStores, ObjectUri, StoreError, Stores};

/// `s3://` buckets in memory, made when they are first named; local paths stay local.
#[derive(Debug, Clone, Default)]
pub struct MemoryStores {
    buckets: Arc<Mutex<HashMap<String, Arc<dyn ObjectStore>>>>,
    folders: FolderStores,
}

impl MemoryStores {
    /// Puts `store` behind a bucket's name, for instance a faulty one.
    pub fn with_bucket(self, bucket: &str, store: Arc<dyn ObjectStore>) -> Self {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket.to_owned(), store);
        self
    }
}

impl Stores for MemoryStores {
    fn open(&self, uri: &ObjectUri) -> Result<Folder, StoreError> {
        let ObjectUri::S3 { bucket, key } = uri else { return self.folders.open(uri) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let store = buckets.entry(bucket.clone()).or_insert_with(|| Arc::new(InMemory::new())).clone();
        Ok(Folder::new(store, Path::from_iter(key.parts()), uri.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::check_store;

    #[tokio::test]
    async fn keeps_the_promises_of_a_store() {
        check_store(MemoryStores::default().open_str("s3://bucket/folder").unwrap()).await;
    }
}
