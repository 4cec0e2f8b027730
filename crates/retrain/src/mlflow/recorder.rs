//! Metrics from a thread that must not wait.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use super::batch::Metric;
use super::limits;
use super::link::Link;

/// What travels from a training to the task that reports it.
#[derive(Debug)]
pub enum Record {
    /// Numbers of a step.
    Step(Vec<Metric>),
    /// Asks for a word once everything before it has been sent; dropped unanswered if it cannot be.
    Flush(oneshot::Sender<()>),
}

/// Takes metrics from any thread. After the end of the report, and without one, what it takes is dropped.
#[derive(Debug, Clone)]
pub struct Recorder {
    records: Option<UnboundedSender<Record>>,
    now: fn() -> Timestamp,
}

impl Recorder {
    /// Into `records`, or into nothing.
    pub(super) fn new(records: Option<UnboundedSender<Record>>, now: fn() -> Timestamp) -> Self {
        Self { records, now }
    }

    /// Notes values of a step, at the time of the call; those that are not finite are left out. Never waits: what
    /// the server is too slow for is kept in memory, some hundred bytes a value.
    pub fn record(&self, step: u64, values: &[(&str, f64)]) {
        if let Some(records) = self.records.as_ref().filter(|records| !records.is_closed()) {
            let metrics = Metric::of_step(step, (self.now)().as_millisecond(), values);
            // The other end closes when the server goes away, which has been said by then.
            let _ = records.send(Record::Step(metrics));
        }
    }
}

/// Reports what comes until nobody sends any more, or until the server takes no more. What piles up while a request
/// is under way goes into the next.
pub async fn drain(link: Arc<Link>, mut records: UnboundedReceiver<Record>) {
    let mut pile = Vec::new();
    while records.recv_many(&mut pile, limits::METRICS).await > 0 {
        let (metrics, waiting) = sort(pile.drain(..));
        if link.attempt(link.client.log_metrics(&link.run, &metrics)).await.is_none() {
            return;
        }
        for flush in waiting {
            let _ = flush.send(());
        }
    }
}

fn sort(pile: impl Iterator<Item = Record>) -> (Vec<Metric>, Vec<oneshot::Sender<()>>) {
    let (mut metrics, mut waiting) = (Vec::new(), Vec::new());
    for record in pile {
        match record {
            Record::Step(step) => metrics.extend(step),
            Record::Flush(flush) => waiting.push(flush),
        }
    }
    (metrics, waiting)
}
