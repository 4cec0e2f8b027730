//! Whether an object still holds the bytes that were written.

use std::hash::Hasher;

use object_store::ObjectStoreExt;
use twox_hash::XxHash3_64;

use crate::{Folder, StoreError};

/// Bytes that are read at once.
const RANGE: u64 = 8 << 20;

impl Folder {
    /// XXH3 of an object's bytes, 16 hexadecimal digits. Read by ranges: an object of any size takes the same memory, and a
    /// store's own checksum, which is of the whole object, does not make a damaged one look like one that cannot be read.
    ///
    /// # Errors
    /// [`StoreError`], `NotFound` among them.
    pub async fn digest(&self, name: &str) -> Result<String, StoreError> {
        let not_found = || StoreError::NotFound { uri: self.uri_of(name) };
        let size = self.meta_if_exists(name).await?.ok_or_else(not_found)?.size;
        let (store, path) = (self.store(), self.path(name));
        let mut hash = XxHash3_64::new();
        let mut from = 0;
        while from < size {
            let to = size.min(from + RANGE);
            let bytes = store.get_range(&path, from..to).await;
            hash.write(&bytes.map_err(|error| StoreError::of("read", self.uri_of(name), error))?);
            from = to;
        }
        Ok(format!("{:016x}", hash.finish()))
    }

    /// Sees to it that an object holds the bytes of which `expected` is the [`Folder::digest`]. Readers by ranges need it: a
    /// store checks only whole objects on their way, and Parquet pages carry no checksum that writers here could set.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it holds others, and did so twice: bytes may also change on their way.
    pub async fn verify(&self, name: &str, expected: &str) -> Result<(), StoreError> {
        if self.digest(name).await? == expected {
            return Ok(());
        }
        let found = self.digest(name).await?;
        if found == expected {
            return Ok(());
        }
        let detail = format!("their digest is {found}, not {expected}");
        Err(StoreError::Damaged { uri: self.uri_of(name), detail })
    }
}

#[cfg(test)]
mod tests {
    use crate::{MemoryStores, Stores};

    use super::*;

    #[tokio::test]
    async fn bytes_that_are_not_those_that_were_written_are_found() {
        let folder = MemoryStores::default().open_str("s3://bucket/runs/1").unwrap();
        folder.write("part", "as it was written").await.unwrap();
        let digest = folder.digest("part").await.unwrap();
        assert_eq!(digest, format!("{:016x}", XxHash3_64::oneshot(b"as it was written")));
        folder.verify("part", &digest).await.unwrap();
        let large = "a long part ".repeat(2 << 20);
        folder.write("large", large.clone()).await.unwrap();
        assert_eq!(folder.digest("large").await.unwrap(), format!("{:016x}", XxHash3_64::oneshot(large.as_bytes())));
        folder.write("part", "as it was writtem").await.unwrap();
        let error = folder.verify("part", &digest).await.unwrap_err();
        assert!(
            error.to_string().starts_with("s3://bucket/runs/1/part holds other bytes than were written"),
            "{error}"
        );
        assert!(folder.verify("none", &digest).await.unwrap_err().is_not_found());
    }
}
