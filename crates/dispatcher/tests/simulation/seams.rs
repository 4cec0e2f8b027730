//! The seams of one process: every call takes time, can fail, and can be the process's last.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tamiz_dispatcher::Clock;
use tamiz_domain::RunId;
use tamiz_ports::{Capacity, ExecutionStatus, Message, Queue, QueueError, Receipt, Started, Workflow, WorkflowError};

use crate::engine::Engine;
use crate::mailbox::Mailbox;
use crate::world::{Fault, World};

/// What the seams of a process have in common.
#[derive(Clone)]
pub struct Seam {
    pub world: Arc<World>,
    pub process: usize,
}

impl Seam {
    /// Does a call's work as fate has it. `echoed` is the answer of a second try of a write that is done.
    async fn call<T, E>(
        &self,
        name: impl Fn() -> String,
        work: impl Future<Output = std::result::Result<T, E>>,
        broken: impl Fn() -> E,
        echoed: Option<&(dyn Fn() -> E + Sync)>,
    ) -> std::result::Result<T, E> {
        let Self { world, process } = self;
        let fault = world.meet(*process, echoed.is_some()).await;
        if fault == Fault::FailBefore {
            world.tell(|| format!("p{process} {} fails", name()));
            return Err(broken());
        }
        let result = work.await;
        let told = if result.is_ok() { "" } else { " is refused" };
        let told = if fault == Fault::None { told.to_owned() } else { format!("{told} then {fault:?}") };
        world.tell(|| format!("p{process} {}{told}", name()));
        world.part(*process, fault).await;
        match (fault, echoed) {
            (Fault::FailAfter, _) => Err(broken()),
            (Fault::Echo, Some(echoed)) => Err(echoed()),
            _ => result,
        }
    }
}

/// The staging bucket.
pub struct SimStore {
    pub inner: Arc<dyn ObjectStore>,
    pub seam: Seam,
}

impl fmt::Debug for SimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimStore")
    }
}

impl fmt::Display for SimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimStore")
    }
}

fn store_error() -> Error {
    Error::Generic { store: "simulated", source: "no answer".into() }
}

#[async_trait::async_trait]
impl ObjectStore for SimStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let is_create = options.mode == PutMode::Create;
        let echoed = || Error::AlreadyExists { path: location.to_string(), source: "412".into() };
        let echoed: &(dyn Fn() -> Error + Sync) = &echoed;
        let name = || format!("creates {location}");
        let work = self.inner.put_opts(location, payload, options);
        self.seam.call(name, work, store_error, is_create.then_some(echoed)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let name = || format!("reads {location}");
        self.seam.call(name, self.inner.get_opts(location, options), store_error, None).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.seam.world.violate("something is deleted");
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let name = || "lists runs".to_owned();
        self.seam.call(name, self.inner.list_with_delimiter(prefix), store_error, None).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// The engine that runs the stages.
pub struct SimWorkflow {
    pub engine: Arc<Engine>,
    pub seam: Seam,
}

fn engine_error() -> WorkflowError {
    WorkflowError { operation: "ask", source: "no answer".into() }
}

#[async_trait::async_trait]
impl Workflow for SimWorkflow {
    async fn start(&self, run_id: &RunId, _input: &str) -> std::result::Result<Started, WorkflowError> {
        let work = async { Ok(self.engine.start(run_id)) };
        self.seam.call(|| format!("starts {}", run_id.short()), work, engine_error, None).await
    }

    async fn status(&self, run_id: &RunId) -> std::result::Result<Option<ExecutionStatus>, WorkflowError> {
        let work = async { Ok(self.engine.status(run_id)) };
        self.seam.call(|| format!("looks at {}", run_id.short()), work, engine_error, None).await
    }

    async fn count_running(&self, at_most: usize) -> std::result::Result<usize, WorkflowError> {
        let work = async { Ok(self.engine.num_running().min(at_most)) };
        self.seam.call(|| "counts runs".to_owned(), work, engine_error, None).await
    }
}

/// The jobs that wait for a machine: any number, at any time.
pub struct SimCapacity(pub Seam);

#[async_trait::async_trait]
impl Capacity for SimCapacity {
    async fn count_waiting(&self, at_most: usize) -> std::result::Result<usize, WorkflowError> {
        let is_full = !self.0.world.is_calm() && self.0.world.chance(0.1);
        let work = async { Ok(if is_full { at_most } else { 0 }) };
        self.0.call(|| "counts jobs".to_owned(), work, engine_error, None).await
    }
}

/// The queue of upload events.
pub struct SimQueue {
    pub mailbox: Arc<Mailbox>,
    pub seam: Seam,
}

fn queue_error() -> QueueError {
    QueueError { operation: "ask", source: "no answer".into() }
}

#[async_trait::async_trait]
impl Queue for SimQueue {
    async fn send(&self, bodies: &[String]) -> std::result::Result<(), QueueError> {
        let work = async {
            bodies.iter().for_each(|body| self.mailbox.send(body.clone(), Duration::ZERO));
            Ok(())
        };
        self.seam.call(|| format!("sends {} messages", bodies.len()), work, queue_error, None).await
    }

    async fn receive(&self, wait: Duration) -> std::result::Result<Vec<Message>, QueueError> {
        let world = &self.seam.world;
        let end = world.now() + wait;
        while !self.mailbox.has_visible() && world.now() < end {
            world.sleep(Duration::from_secs(1)).await;
        }
        let work = async { Ok(self.mailbox.receive()) };
        self.seam.call(|| "receives".to_owned(), work, queue_error, None).await
    }

    async fn acknowledge(&self, receipt: &Receipt) -> std::result::Result<(), QueueError> {
        let work = async {
            self.mailbox.delete(receipt);
            Ok(())
        };
        self.seam.call(|| format!("deletes {}", receipt.0), work, queue_error, None).await
    }

    async fn extend(&self, receipt: &Receipt, timeout: Duration) -> std::result::Result<(), QueueError> {
        let work = async { self.mailbox.extend(receipt, timeout).then_some(()).ok_or_else(queue_error) };
        self.seam.call(|| format!("extends {} to {timeout:?}", receipt.0), work, queue_error, None).await
    }
}

/// The world's time.
pub struct SimClock(pub Seam);

#[async_trait::async_trait]
impl Clock for SimClock {
    fn now(&self) -> Duration {
        self.0.world.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.world.sleep(duration).await;
    }
}
