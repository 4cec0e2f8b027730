//! The one thread that talks to the device.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tamiz_models::{Labelled, Model, ModelError, Pending, ReadTexts, Reader};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

/// Texts that wait for the device: enough that it never starves, few enough that memory stays bounded.
const WAITING: usize = 2;

struct Request {
    texts: ReadTexts,
    begun: oneshot::Sender<Result<Pending, ModelError>>,
}

/// A handle on the device thread, which ends when the handle is dropped.
pub struct DeviceThread {
    requests: mpsc::Sender<Request>,
    reader: Arc<dyn Reader>,
    busy: Arc<Busy>,
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
        let busy = Arc::new(Busy::default());
        let spent = busy.clone();
        thread::Builder::new().name("device".into()).spawn(move || {
            while let Some(request) = queue.blocking_recv() {
                spent.begin();
                // The asker may be gone, since it was stopped; then nobody waits for the device either.
                if request.begun.send(model.begin(request.texts)).is_err() {
                    spent.end();
                }
            }
        })?;
        Ok(Self { requests, reader, busy })
    }

    /// What reads texts for this model.
    pub fn reader(&self) -> Arc<dyn Reader> {
        self.reader.clone()
    }

    /// Time that the device had work so far.
    pub fn busy(&self) -> Duration {
        self.busy.so_far()
    }

    /// Labels texts that the model's reader read, in order.
    ///
    /// # Errors
    /// [`Ended`] when the thread is gone; the inner error is the model's.
    pub async fn label(&self, texts: ReadTexts) -> Result<Result<Vec<Labelled>, ModelError>, Ended> {
        let (begun, answer) = oneshot::channel();
        self.requests.send(Request { texts, begun }).await.map_err(|_| Ended)?;
        let pending = answer.await.map_err(|_| Ended)?;
        // Waiting for a GPU is another thread's work: this one sends it the next texts meanwhile.
        let busy = self.busy.clone();
        let finished = spawn_blocking(move || {
            let labelled = pending.and_then(Pending::finish);
            busy.end();
            labelled
        });
        finished.await.map_err(|_| Ended)
    }
}

/// How long at least one piece of work was under way.
#[derive(Debug, Default)]
struct Busy(Mutex<Account>);

#[derive(Debug, Default, Clone, Copy)]
struct Account {
    under_way: usize,
    since: Option<Instant>,
    total: Duration,
}

impl Busy {
    fn begin(&self) {
        self.update(|account| {
            account.under_way += 1;
            account.since.get_or_insert_with(Instant::now);
        });
    }

    fn end(&self) {
        self.update(|account| {
            account.under_way = account.under_way.saturating_sub(1);
            if account.under_way == 0 {
                account.total += account.since.take().map_or(Duration::ZERO, |since| since.elapsed());
            }
        });
    }

    fn so_far(&self) -> Duration {
        let account = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        account.total + account.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn update(&self, change: impl FnOnce(&mut Account)) {
        // A thread that panicked in between left numbers that are as good as any.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_overlaps_counts_once() {
        let busy = Busy::default();
        assert_eq!(busy.so_far(), Duration::ZERO);
        let started = Instant::now();
        busy.begin();
        busy.begin();
        busy.end();
        assert!(busy.0.lock().unwrap().since.is_some(), "one is still under way");
        thread::sleep(Duration::from_millis(2));
        busy.end();
        let total = busy.so_far();
        assert!(total >= Duration::from_millis(2) && total <= started.elapsed());
        assert_eq!(busy.so_far(), total, "nothing is under way");
    }
}
