//! From a URI to the bucket or folder behind it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use tamiz_ports::{Folder, FolderStores, ObjectUri, StoreError, Stores};

use crate::S3Store;

/// `s3://` buckets through one client, and local folders.
#[derive(Debug)]
pub struct AwsStores {
    client: Client,
    buckets: Mutex<HashMap<String, Arc<S3Store>>>,
    folders: FolderStores,
}

impl AwsStores {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, buckets: Mutex::default(), folders: FolderStores::default() }
    }

    /// One store a bucket, so that everybody who opens a bucket shares it.
    fn bucket(&self, name: &str) -> Arc<S3Store> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || Arc::new(S3Store::new(self.client.clone(), name));
        buckets.entry(name.to_owned()).or_insert_with(open).clone()
    }
}

impl Stores for AwsStores {
    fn open(&self, uri: &ObjectUri) -> Result<Folder, StoreError> {
        match uri {
            ObjectUri::S3 { bucket, key } => Ok(Folder::new(self.bucket(bucket), key.clone(), uri.clone())),
            ObjectUri::Local(_) => self.folders.open(uri),
        }
    }
}
