//! A folder of objects in some store: the few operations that every stage needs, with errors that name the URI.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    Attribute, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::uri::join;
use crate::{ObjectUri, StoreError};

/// A folder of objects. Names are relative, with `/` between their parts; the empty name is the place itself.
#[derive(Debug, Clone)]
pub struct Folder {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    uri: ObjectUri,
}

/// What became of a create-only write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// Written by this call.
    New,
    /// There was an object already; it is unchanged.
    Exists,
}

/// What became of a compare-and-swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// Written by this call.
    Done,
    /// Somebody else wrote in between; nothing was changed.
    Lost,
}

/// An object's content together with what a later swap compares.
#[derive(Debug, Clone)]
pub struct Versioned {
    /// The content.
    pub bytes: Bytes,
    version: UpdateVersion,
}

impl Folder {
    /// A folder of `store` at `prefix`; `uri` is its name in messages.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: Path, uri: ObjectUri) -> Self {
        Self { store, prefix, uri }
    }

    /// The folder's URI.
    pub fn uri(&self) -> &ObjectUri {
        &self.uri
    }

    /// The store that holds it, for streams and Parquet readers.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        self.store.clone()
    }

    /// Full path of `name` in the store.
    pub fn path(&self, name: &str) -> Path {
        join(&self.prefix, name)
    }

    /// The folder `name` below this one.
    pub fn child(&self, name: &str) -> Self {
        Self { store: self.store.clone(), prefix: self.path(name), uri: self.uri.join(name) }
    }

    /// URI of `name`, for messages.
    pub fn uri_of(&self, name: &str) -> String {
        if name.is_empty() { self.uri.to_string() } else { self.uri.join(name).to_string() }
    }

    /// Whole content of an object.
    ///
    /// # Errors
    /// [`StoreError`], `NotFound` among them.
    pub async fn read(&self, name: &str) -> Result<Bytes, StoreError> {
        let fail = |error| StoreError::of("read", self.uri_of(name), error);
        self.store.get(&self.path(name)).await.map_err(fail)?.bytes().await.map_err(fail)
    }

    /// Whole content of an object, or none if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] other than `NotFound`.
    pub async fn read_if_exists(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        none_if_missing(self.read(name).await)
    }

    /// An object's content as text.
    ///
    /// # Errors
    /// [`StoreError`], `Malformed` for what is not UTF-8.
    pub async fn read_text(&self, name: &str) -> Result<String, StoreError> {
        String::from_utf8(self.read(name).await?.into())
            .map_err(|error| StoreError::Malformed { uri: self.uri_of(name), source: Box::new(error) })
    }

    /// An object's content as JSON.
    ///
    /// # Errors
    /// [`StoreError`], `Malformed` for what is not the expected JSON.
    pub async fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        let bytes = self.read(name).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| StoreError::Malformed { uri: self.uri_of(name), source: Box::new(error) })
    }

    /// An object's content as JSON, or none if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] other than `NotFound`.
    pub async fn read_json_if_exists<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        none_if_missing(self.read_json(name).await)
    }

    /// Content and version of an object, for a later [`Folder::swap`]; none if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] other than `NotFound`.
    pub async fn read_versioned(&self, name: &str) -> Result<Option<Versioned>, StoreError> {
        let fail = |error| StoreError::of("read", self.uri_of(name), error);
        let result = match self.store.get(&self.path(name)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            other => other.map_err(fail)?,
        };
        let version = UpdateVersion { e_tag: result.meta.e_tag.clone(), version: result.meta.version.clone() };
        Ok(Some(Versioned { bytes: result.bytes().await.map_err(fail)?, version }))
    }

    /// Whether an object exists.
    ///
    /// # Errors
    /// [`StoreError`] other than `NotFound`.
    pub async fn exists(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.meta_if_exists(name).await?.is_some())
    }

    /// What the store knows of an object; none if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] other than `NotFound`.
    pub async fn meta_if_exists(&self, name: &str) -> Result<Option<ObjectMeta>, StoreError> {
        let looked_at = self.store.head(&self.path(name)).await;
        none_if_missing(looked_at.map_err(|error| StoreError::of("look at", self.uri_of(name), error)))
    }

    /// When an object was written last; none if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] other than `NotFound`, `Malformed` for a time that no calendar has.
    pub async fn modified_at(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let Some(meta) = self.meta_if_exists(name).await? else { return Ok(None) };
        let (second, nanosecond) = (meta.last_modified.timestamp(), meta.last_modified.timestamp_subsec_nanos());
        // A leap second has more nanoseconds than jiff takes.
        let nanosecond = i32::try_from(nanosecond.min(999_999_999)).unwrap_or_default();
        let malformed = |error| StoreError::Malformed { uri: self.uri_of(name), source: Box::new(error) };
        Timestamp::new(second, nanosecond).map(Some).map_err(malformed)
    }

    /// Writes an object, over whatever was there. A reader sees the old content or the new, never a part.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write(&self, name: &str, bytes: impl Into<PutPayload>) -> Result<(), StoreError> {
        self.put(name, bytes.into(), PutMode::Overwrite)
            .await
            .map_err(|e| StoreError::of("write", self.uri_of(name), e))
    }

    /// Writes an object unless one is there; of two writers at once exactly one creates it.
    ///
    /// # Errors
    /// [`StoreError`]; an existing object is no error.
    pub async fn create(&self, name: &str, bytes: impl Into<PutPayload>) -> Result<Created, StoreError> {
        match self.put(name, bytes.into(), PutMode::Create).await {
            Ok(()) => Ok(Created::New),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(Created::Exists)
            }
            Err(error) => Err(StoreError::of("create", self.uri_of(name), error)),
        }
    }

    /// Compare-and-swap: writes only if the object still is what `expected` was read as (none: not there).
    ///
    /// # Errors
    /// [`StoreError`]; losing the race is no error.
    pub async fn swap(
        &self,
        name: &str,
        bytes: impl Into<PutPayload>,
        expected: Option<&Versioned>,
    ) -> Result<Swapped, StoreError> {
        let Some(expected) = expected else {
            return Ok(match self.create(name, bytes).await? {
                Created::New => Swapped::Done,
                Created::Exists => Swapped::Lost,
            });
        };
        match self.put(name, bytes.into(), PutMode::Update(expected.version.clone())).await {
            Ok(()) => Ok(Swapped::Done),
            Err(object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. }) => Ok(Swapped::Lost),
            Err(error) => Err(StoreError::of("swap", self.uri_of(name), error)),
        }
    }

    /// [`Folder::write`] of pretty JSON with a final line break.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        self.write(name, self.json(name, value)?).await
    }

    /// [`Folder::create`] of pretty JSON with a final line break.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_json<T: Serialize>(&self, name: &str, value: &T) -> Result<Created, StoreError> {
        self.create(name, self.json(name, value)?).await
    }

    /// Every object below `name`, at any depth, ordered by path.
    ///
    /// # Errors
    /// [`StoreError`]; a missing folder is an empty one.
    pub async fn list(&self, name: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        let mut found: Vec<ObjectMeta> = self.stream(name).try_collect().await?;
        found.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }

    /// As [`Folder::list`], as they come and in any order: for a folder of more objects than should be held at once.
    pub fn stream(&self, name: &str) -> BoxStream<'static, Result<ObjectMeta, StoreError>> {
        let uri = self.uri_of(name);
        let listed = self.store.list(Some(&self.path(name)));
        listed.map_err(move |error| StoreError::of("list", uri.as_str(), error)).boxed()
    }

    /// Names of the folders directly below `name`, in order.
    ///
    /// # Errors
    /// [`StoreError`]; a missing folder is an empty one.
    pub async fn list_folders(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let prefix = self.path(name);
        let listed = self
            .store
            .list_with_delimiter(Some(&prefix))
            .await
            .map_err(|error| StoreError::of("list", self.uri_of(name), error))?;
        let mut names: Vec<String> =
            listed.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Path below `name` of the first object behind `offset` in the order of paths: one request, where listing would take one for
    /// every thousand objects.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_after(&self, name: &str, offset: &str) -> Result<Option<String>, StoreError> {
        let folder = self.path(name);
        let found = self.store.list_with_offset(Some(&folder), &folder.clone().join(offset)).next().await;
        let meta = found.transpose().map_err(|error| StoreError::of("list", self.uri_of(name), error))?;
        Ok(meta.and_then(|meta| {
            let parts: Vec<_> = meta.location.prefix_match(&folder)?.collect();
            Some(Path::from_iter(parts).to_string())
        }))
    }

    async fn put(&self, name: &str, bytes: PutPayload, mode: PutMode) -> object_store::Result<()> {
        let mut options = PutOptions { mode, ..PutOptions::default() };
        if let Some(content_type) = content_type(name).filter(|_| self.uri.is_s3()) {
            options.attributes.insert(Attribute::ContentType, content_type.into());
        }
        self.store.put_opts(&self.path(name), bytes, options).await.map(drop)
    }

    fn json<T: Serialize>(&self, name: &str, value: &T) -> Result<Vec<u8>, StoreError> {
        let mut json = serde_json::to_vec_pretty(value)
            .map_err(|error| StoreError::Malformed { uri: self.uri_of(name), source: Box::new(error) })?;
        json.push(b'\n');
        Ok(json)
    }
}

/// What a browser needs to know to open an object from S3 instead of saving it; folders have no such attribute.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "json" => Some("application/json"),
        _ => None,
    }
}

fn none_if_missing<T>(result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
