//! The long-poll loop: windows, heartbeats, stops and failures of the queue.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tamiz_dispatcher::{DispatchError, HEARTBEAT, Outcome, VISIBILITY, run};
use tamiz_domain::RunId;
use tamiz_ports::{
    ExecutionStatus, MemoryQueue, MemoryWorkflow, Message, Queue, QueueError, Receipt, Started, Workflow, WorkflowError,
};
use tamiz_telemetry::Shutdown;

use crate::announce::{body, identity, upload};
use crate::desk::Desk;
use crate::fuse::Fuse;

/// A queue that keeps a diary, and can be told to fail or to ask for a stop at its n-th receive.
#[derive(Default)]
struct Diary {
    inner: Arc<MemoryQueue>,
    receives: AtomicUsize,
    fails: bool,
    stop_at: Option<(usize, Shutdown)>,
    extended: Mutex<Vec<(Receipt, Duration)>>,
}

#[async_trait::async_trait]
impl Queue for Diary {
    async fn send(&self, bodies: &[String]) -> Result<(), QueueError> {
        self.inner.send(bodies).await
    }

    async fn receive(&self, wait: Duration) -> Result<Vec<Message>, QueueError> {
        let number = self.receives.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some((_, shutdown)) = self.stop_at.as_ref().filter(|(at, _)| number >= *at) {
            shutdown.cancel();
        }
        if self.fails {
            return Err(QueueError { operation: "receive", source: "injected".into() });
        }
        self.inner.receive(wait).await
    }

    async fn acknowledge(&self, receipt: &Receipt) -> Result<(), QueueError> {
        self.inner.acknowledge(receipt).await
    }

    async fn extend(&self, receipt: &Receipt, timeout: Duration) -> Result<(), QueueError> {
        self.extended.lock().unwrap().push((receipt.clone(), timeout));
        self.inner.extend(receipt, timeout).await
    }
}

/// An engine that takes its time to start something.
struct SlowWorkflow(Arc<MemoryWorkflow>);

#[async_trait::async_trait]
impl Workflow for SlowWorkflow {
    async fn start(&self, run_id: &RunId, input: &str) -> Result<Started, WorkflowError> {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.0.start(run_id, input).await
    }

    async fn status(&self, run_id: &RunId) -> Result<Option<ExecutionStatus>, WorkflowError> {
        self.0.status(run_id).await
    }

    async fn count_running(&self, at_most: usize) -> Result<usize, WorkflowError> {
        self.0.count_running(at_most).await
    }
}

async fn poll(desk: &Desk, queue: &Arc<Diary>, shutdown: Shutdown) -> Result<Outcome, DispatchError> {
    let mut deps = desk.deps(&Arc::new(Fuse::none()));
    let mut settings = desk.settings(&deps).await;
    deps.queue = queue.clone();
    deps.workflow = Arc::new(SlowWorkflow(desk.workflow.clone()));
    settings.once = queue.stop_at.is_none() && !queue.fails;
    run(settings, deps, shutdown).await
}

fn diary(desk: &Desk) -> Diary {
    Diary { inner: desk.queue.clone(), ..Diary::default() }
}

#[tokio::test]
async fn uploads_that_come_together_become_one_run() {
    let desk = Desk::default();
    (0..25).for_each(|n| desk.queue.put(body(&[upload(&format!("{n:02}"), "1", 1)])));
    let outcome = poll(&desk, &Arc::new(diary(&desk)), Shutdown::new()).await.unwrap();
    assert_eq!((outcome.runs_started, outcome.messages_settled), (1, 25), "a receive holds ten messages");
    assert!(desk.queue.is_empty());
}

#[tokio::test]
async fn the_window_ends_when_a_run_is_full() {
    let desk = Desk::default();
    desk.limit("max_objects = 10");
    (0..20).for_each(|n| desk.queue.put(body(&[upload(&format!("{n:02}"), "1", 1)])));
    let queue = Arc::new(diary(&desk));
    let outcome = poll(&desk, &queue, Shutdown::new()).await.unwrap();
    assert_eq!(outcome.runs_started, 2);
    assert_eq!(queue.receives.load(Ordering::SeqCst), 3, "two batches and the empty answer");
}

#[tokio::test]
async fn a_stop_finishes_the_batch_at_hand_and_takes_no_other() {
    let desk = Desk::default();
    (0..20).for_each(|n| desk.queue.put(body(&[upload(&format!("{n:02}"), "1", 1)])));
    let shutdown = Shutdown::new();
    let queue = Arc::new(Diary { stop_at: Some((1, shutdown.clone())), ..diary(&desk) });
    let outcome = poll(&desk, &queue, shutdown).await.unwrap();
    assert_eq!((outcome.runs_started, outcome.messages_settled), (1, 10));
    assert_eq!(desk.queue.len(), 10);
}

#[tokio::test]
async fn messages_at_hand_are_kept_invisible_while_work_goes_on() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1)]));
    let queue = Arc::new(diary(&desk));
    poll(&desk, &queue, Shutdown::new()).await.unwrap();
    let extended = queue.extended.lock().unwrap();
    assert!(!extended.is_empty());
    assert!(extended.iter().all(|(_, timeout)| *timeout == VISIBILITY));
    const { assert!(VISIBILITY.as_secs() > 3 * HEARTBEAT.as_secs()) };
}

#[tokio::test]
async fn a_loop_waits_for_room_and_then_goes_on() {
    let desk = Desk::default();
    desk.limit("max_open_runs = 1\nmax_objects = 1");
    ["a", "b"].iter().for_each(|key| desk.queue.put(body(&[upload(key, "1", 1)])));
    let shutdown = Shutdown::new();
    // Stops at the third receive: after the first batch the second message is held back.
    let queue = Arc::new(Diary { stop_at: Some((3, shutdown.clone())), ..diary(&desk) });
    let outcome = poll(&desk, &queue, shutdown).await.unwrap();
    assert_eq!((outcome.messages_settled, outcome.messages_held_back), (1, 1));
    assert!(queue.extended.lock().unwrap().iter().any(|(_, timeout)| *timeout == Duration::from_secs(15)));
    desk.queue.expire();
    desk.workflow.close(&desk.started()[0], ExecutionStatus::Succeeded);
    desk.come_to_rest().await;
    desk.check(&[identity("a", "1"), identity("b", "1")]).await;
}

#[tokio::test]
async fn a_queue_that_never_answers_ends_the_loop_for_the_supervisor_to_see() {
    let desk = Desk::default();
    let queue = Arc::new(Diary { fails: true, ..diary(&desk) });
    let error = poll(&desk, &queue, Shutdown::new()).await.unwrap_err();
    assert!(matches!(error, DispatchError::Queue(_)));
    assert_eq!(queue.receives.load(Ordering::SeqCst), 10);
}
