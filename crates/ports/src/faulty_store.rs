//! A store that fails when it is told to: the n-th put, before or after its effect.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// An operation that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Any put.
    Put,
    /// Any get or head.
    Get,
}

/// When the failure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing was done.
    Before,
    /// The effect is there, but the caller is told otherwise: a timeout. Of a get, all bytes come, and then the error: a checksum.
    After,
}

/// One planned failure.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Which operation.
    pub operation: Operation,
    /// Which call of that operation, counted from 1.
    pub nth: usize,
    /// Before or after the effect.
    pub moment: Moment,
}

/// Wraps a store and fails as planned.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    faults: Vec<Fault>,
    puts: AtomicUsize,
    gets: AtomicUsize,
}

impl FaultyStore {
    /// A store that behaves as `inner` but for `faults`.
    pub fn new(inner: Arc<dyn ObjectStore>, faults: Vec<Fault>) -> Self {
        Self { inner, faults, puts: AtomicUsize::new(0), gets: AtomicUsize::new(0) }
    }

    fn next(&self, operation: Operation) -> Option<Moment> {
        let counter = match operation {
            Operation::Put => &self.puts,
            Operation::Get => &self.gets,
        };
        let nth = counter.fetch_add(1, Ordering::SeqCst) + 1;
        self.faults.iter().find(|fault| fault.operation == operation && fault.nth == nth).map(|fault| fault.moment)
    }
}

fn injected<T>(operation: &'static str) -> Result<T> {
    Err(Error::Generic { store: "FaultyStore", source: format!("injected failure of a {operation}").into() })
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultyStore({})", self.inner)
    }
}

#[async_trait::async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        match self.next(Operation::Put) {
            None => self.inner.put_opts(location, payload, options).await,
            Some(Moment::Before) => injected("put"),
            Some(Moment::After) => {
                self.inner.put_opts(location, payload, options).await?;
                injected("put")
            }
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
        match self.next(Operation::Get) {
            None => self.inner.get_opts(location, options).await,
            Some(Moment::Before) => injected("get"),
            Some(Moment::After) => {
                let answer = self.inner.get_opts(location, options).await?;
                let (meta, range) = (answer.meta.clone(), answer.range.clone());
                let (attributes, extensions) = (answer.attributes.clone(), answer.extensions.clone());
                let body = answer.into_stream().chain(stream::once(async { injected("get") })).boxed();
                Ok(GetResult { payload: GetResultPayload::Stream(body), meta, range, attributes, extensions })
            }
        }
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
