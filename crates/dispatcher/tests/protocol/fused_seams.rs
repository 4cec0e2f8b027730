//! The memory seams behind a [`Fuse`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tamiz_domain::{Claim, Manifest, RunId};
use tamiz_ports::{
    ExecutionStatus, Folder, MemoryQueue, MemoryWorkflow, Message, Queue, QueueError, Receipt, Started, Workflow,
    WorkflowError,
};

use crate::fuse::Fuse;

#[derive(Debug)]
pub struct FusedStore {
    pub inner: Arc<dyn ObjectStore>,
    pub fuse: Arc<Fuse>,
}

fn broken() -> Error {
    Error::Generic { store: "FusedStore", source: "injected".into() }
}

impl fmt::Display for FusedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FusedStore({})", self.inner)
    }
}

#[async_trait::async_trait]
impl ObjectStore for FusedStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.fuse.guard(self.inner.put_opts(location, payload, options), broken).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.fuse.guard(self.inner.get_opts(location, options), broken).await
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
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

/// Also sees to it that no run is started before every object of its manifest is claimed by somebody.
pub struct FusedWorkflow {
    pub inner: Arc<MemoryWorkflow>,
    pub fuse: Arc<Fuse>,
    pub staging: Folder,
}

impl FusedWorkflow {
    async fn check_claims(&self, run_id: &RunId) {
        let manifest: Manifest = self.staging.read_json(&format!("runs/{run_id}/manifest.json")).await.unwrap();
        for object in &manifest.objects {
            let name = format!("claims/{}", Claim::file_name(&object.identity));
            assert!(self.staging.exists(&name).await.unwrap(), "{run_id} starts with {} unclaimed", object.uri);
        }
    }
}

fn engine_error() -> WorkflowError {
    WorkflowError { operation: "injected", source: "injected".into() }
}

#[async_trait::async_trait]
impl Workflow for FusedWorkflow {
    async fn start(&self, run_id: &RunId, input: &str) -> std::result::Result<Started, WorkflowError> {
        self.check_claims(run_id).await;
        self.fuse.guard(self.inner.start(run_id, input), engine_error).await
    }

    async fn status(&self, run_id: &RunId) -> std::result::Result<Option<ExecutionStatus>, WorkflowError> {
        self.fuse.guard(self.inner.status(run_id), engine_error).await
    }

    async fn count_running(&self, at_most: usize) -> std::result::Result<usize, WorkflowError> {
        self.fuse.guard(self.inner.count_running(at_most), engine_error).await
    }
}

pub struct FusedQueue {
    pub inner: Arc<MemoryQueue>,
    pub fuse: Arc<Fuse>,
}

fn queue_error() -> QueueError {
    QueueError { operation: "injected", source: "injected".into() }
}

#[async_trait::async_trait]
impl Queue for FusedQueue {
    async fn send(&self, bodies: &[String]) -> std::result::Result<(), QueueError> {
        self.fuse.guard(self.inner.send(bodies), queue_error).await
    }

    async fn receive(&self, wait: Duration) -> std::result::Result<Vec<Message>, QueueError> {
        self.fuse.guard(self.inner.receive(wait), queue_error).await
    }

    async fn acknowledge(&self, receipt: &Receipt) -> std::result::Result<(), QueueError> {
        self.fuse.guard(self.inner.acknowledge(receipt), queue_error).await
    }

    async fn extend(&self, receipt: &Receipt, timeout: Duration) -> std::result::Result<(), QueueError> {
        self.fuse.guard(self.inner.extend(receipt, timeout), queue_error).await
    }
}
