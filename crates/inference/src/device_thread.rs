//! The one thread that talks to the device.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tamiz_models::{Labelled, Model, ModelError, ReadTexts, Reader};
use tokio::sync::{mpsc, oneshot};

/// Texts that wait for the device: enough that it never starves, few enough that memory stays bounded.
const WAITING: usize = 2;

struct Request {
    texts: ReadTexts,
    answer: oneshot::Sender<Result<Vec<Labelled>, ModelError>>,
}

/// A handle on the device thread, which ends when the handle is dropped.
pub struct DeviceThread {
    requests: mpsc::Sender<Request>,
    reader: Arc<dyn Reader>,
    busy: Arc<AtomicU64>,
}

/// The thread ended before it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

impl DeviceThread {
    /// Moves the model to a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(mut model: Box<dyn Model>) -> std::io::Result<Self> {
        let (requests, mut queue) = mpsc::channel::<Request>(WAITING);
        let reader = model.reader();
        let busy = Arc::new(AtomicU64::new(0));
        let spent = busy.clone();
        thread::Builder::new().name("device".into()).spawn(move || {
            while let Some(request) = queue.blocking_recv() {
                let started = Instant::now();
                let labelled = model.label(request.texts);
                spent.fetch_add(started.elapsed().as_micros() as u64, Ordering::Relaxed);
                // The asker may be gone: it was stopped.
                let _ = request.answer.send(labelled);
            }
        })?;
        Ok(Self { requests, reader, busy })
    }

    /// What reads texts for this model.
    pub fn reader(&self) -> Arc<dyn Reader> {
        self.reader.clone()
    }

    /// Time that the device worked so far.
    pub fn busy(&self) -> Duration {
        Duration::from_micros(self.busy.load(Ordering::Relaxed))
    }

    /// Labels texts that the model's reader read, in order.
    ///
    /// # Errors
    /// [`Ended`] when the thread is gone; the inner error is the model's.
    pub async fn label(&self, texts: ReadTexts) -> Result<Result<Vec<Labelled>, ModelError>, Ended> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { texts, answer }).await.map_err(|_| Ended)?;
        answered.await.map_err(|_| Ended)
    }
}
