//! Receiving messages, and waiting a moment for those that come together.

use std::time::Duration;

use tamiz_ports::{Message, Queue, QueueError};
use tamiz_telemetry::{Shutdown, error_chain};

use crate::Clock;

/// How patiently messages are waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Longest wait for the first message.
    pub(crate) first: Duration,
    /// How long others are waited for once one is there.
    pub(crate) window: Duration,
    /// Number of messages from which on no more are waited for.
    pub(crate) enough: usize,
}

/// Receives a first message and those that follow within the window; empty if none came, none if asked to stop.
///
/// Only the wait for the first message is broken off by a stop: messages that are here already are processed.
pub(crate) async fn collect(
    queue: &dyn Queue,
    clock: &dyn Clock,
    patience: Patience,
    shutdown: &Shutdown,
) -> Result<Option<Vec<Message>>, QueueError> {
    let mut messages = tokio::select! {
        biased;
        () = shutdown.cancelled() => return Ok(None),
        first = queue.receive(patience.first) => first?,
    };
    let end = clock.now() + patience.window;
    while !messages.is_empty() && messages.len() < patience.enough && !shutdown.is_cancelled() {
        let left = end.saturating_sub(clock.now());
        if left.is_zero() {
            break;
        }
        match queue.receive(left).await {
            Ok(more) if more.is_empty() => break,
            Ok(more) => messages.extend(more),
            // The next call meets the failure again; what is here already need not suffer from it.
            Err(error) => {
                tracing::warn!(error = error_chain(&error).join(": "), "stopped collecting early");
                break;
            }
        }
    }
    Ok(Some(messages))
}
