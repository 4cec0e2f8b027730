//! Local files as objects, with the compare-and-swap that the `object_store` crate's folder store refuses.

use std::fmt;
use std::fs::File;
use std::io;

use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UpdateVersion,
};

/// The local file system from its root, as an object store.
///
/// An update compares and renames under an advisory lock on a file beside the object, so that of two swaps
/// at once one wins. Only swaps take the lock: an object is either swapped or created once, never both ways.
#[derive(Debug, Default)]
pub struct FolderStore {
    inner: LocalFileSystem,
}

impl FolderStore {
    async fn update(&self, location: &Path, payload: PutPayload, expected: &UpdateVersion) -> Result<PutResult> {
        let lock = self.lock(location).await?;
        let current = self.inner.head(location).await?;
        if current.e_tag != expected.e_tag {
            return Err(Error::Precondition {
                path: location.to_string(),
                source: "the object was written by somebody else".into(),
            });
        }
        let result = self.inner.put(location, payload).await;
        drop(lock);
        result
    }

    /// An exclusive lock, held until the returned file is dropped.
    async fn lock(&self, location: &Path) -> Result<File> {
        let object = self.inner.path_to_filesystem(location)?;
        let mut name = object.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = object.with_file_name(name);
        let locked = tokio::task::spawn_blocking(move || -> io::Result<File> {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock()?;
            Ok(file)
        });
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Generic { store: "FolderStore", source };
        locked.await.map_err(|error| failed(Box::new(error)))?.map_err(|error| failed(Box::new(error)))
    }
}

impl fmt::Display for FolderStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FolderStore")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FolderStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        match &options.mode {
            PutMode::Update(expected) => self.update(location, payload, expected).await,
            PutMode::Create | PutMode::Overwrite => self.inner.put_opts(location, payload, options).await,
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use crate::conformance::check_store;
    use crate::{FolderStores, Stores};

    #[tokio::test]
    async fn keeps_the_promises_of_a_store() {
        let folder = tempfile::tempdir().unwrap();
        check_store(FolderStores::default().open_str(folder.path().to_str().unwrap()).unwrap()).await;
    }
}
