//! The queue of upload events.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tamiz_domain::{Disposed, Disposition};

/// What a message is acknowledged by; changes with every delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(pub String);

/// One delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The queue's id of the message; the same at each delivery.
    pub id: String,
    /// What this delivery is acknowledged by.
    pub receipt: Receipt,
    /// Content as sent.
    pub body: String,
    /// How often it was delivered, this time included.
    pub receive_count: u32,
}

/// A queue that did not answer as it should. The adapter has retried already.
#[derive(Debug, thiserror::Error)]
#[error("failed to {operation} on the queue")]
pub struct QueueError {
    /// What was tried.
    pub operation: &'static str,
    /// The queue's answer.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Disposed for QueueError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }
}

/// At-least-once delivery: a message that was received stays invisible to others for the queue's visibility
/// timeout, and comes back unless it was acknowledged.
#[async_trait::async_trait]
pub trait Queue: Send + Sync {
    /// Sends messages, in any order. After an error some of them may have been sent.
    async fn send(&self, bodies: &[String]) -> Result<(), QueueError>;

    /// Up to ten messages, waiting at most `wait` for the first.
    async fn receive(&self, wait: Duration) -> Result<Vec<Message>, QueueError>;

    /// Deletes a message for good. Acknowledging twice is no error.
    async fn acknowledge(&self, receipt: &Receipt) -> Result<(), QueueError>;

    /// Keeps a message invisible for `timeout` from now; zero gives it back at once.
    async fn extend(&self, receipt: &Receipt, timeout: Duration) -> Result<(), QueueError>;
}

/// A queue in memory, for tests. Time does not pass in it: [`MemoryQueue::expire`] ends every visibility timeout.
#[derive(Debug, Default)]
pub struct MemoryQueue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    visible: VecDeque<(String, String, u32)>,
    in_flight: Vec<Message>,
    deliveries: usize,
    sent: usize,
}

impl MemoryQueue {
    /// Puts a message into it, as a sender does who is not of this program.
    pub fn put(&self, body: impl Into<String>) {
        let mut state = self.lock();
        state.sent += 1;
        let id = format!("message-{}", state.sent);
        state.visible.push_back((id, body.into(), 0));
    }

    /// Makes every unacknowledged message visible again.
    pub fn expire(&self) {
        let mut state = self.lock();
        let returned: Vec<_> = state.in_flight.drain(..).map(|m| (m.id, m.body, m.receive_count)).collect();
        state.visible.extend(returned);
    }

    /// Number of messages that are not acknowledged.
    pub fn len(&self) -> usize {
        let state = self.lock();
        state.visible.len() + state.in_flight.len()
    }

    /// Whether every message is acknowledged.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, bodies: &[String]) -> Result<(), QueueError> {
        bodies.iter().for_each(|body| self.put(body));
        Ok(())
    }

    async fn receive(&self, _wait: Duration) -> Result<Vec<Message>, QueueError> {
        let mut state = self.lock();
        let mut messages = Vec::new();
        while messages.len() < 10 {
            let Some((id, body, count)) = state.visible.pop_front() else { break };
            state.deliveries += 1;
            let receipt = Receipt(format!("receipt-{}", state.deliveries));
            messages.push(Message { id, receipt, body, receive_count: count + 1 });
        }
        state.in_flight.extend(messages.iter().cloned());
        Ok(messages)
    }

    async fn acknowledge(&self, receipt: &Receipt) -> Result<(), QueueError> {
        self.lock().in_flight.retain(|message| message.receipt != *receipt);
        Ok(())
    }

    async fn extend(&self, receipt: &Receipt, timeout: Duration) -> Result<(), QueueError> {
        let mut state = self.lock();
        if timeout.is_zero()
            && let Some(at) = state.in_flight.iter().position(|message| message.receipt == *receipt)
        {
            let message = state.in_flight.remove(at);
            state.visible.push_back((message.id, message.body, message.receive_count));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unacknowledged_message_comes_back_with_a_higher_count() {
        let queue = MemoryQueue::default();
        (0..12).for_each(|n| queue.put(n.to_string()));
        let first = queue.receive(Duration::ZERO).await.unwrap();
        assert_eq!(first.len(), 10);
        queue.acknowledge(&first[0].receipt).await.unwrap();
        queue.expire();
        assert_eq!(queue.len(), 11);
        let again =
            [queue.receive(Duration::ZERO).await.unwrap(), queue.receive(Duration::ZERO).await.unwrap()].concat();
        assert_eq!(again.iter().filter(|message| message.receive_count == 2).count(), 9);
    }
}
