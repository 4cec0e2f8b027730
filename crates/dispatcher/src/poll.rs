//! The long-poll loop: what runs where there is no Lambda.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;

use tamiz_ports::{Message, Queue, QueueError, Receipt};
use tamiz_telemetry::{Shutdown, error_chain};

use crate::collect::{Patience, collect};
use crate::settle::Dispatched;
use crate::{Clock, Deps, DispatchError, Dispatcher, Kept, Outcome, Settings, Settled};

/// How often the visibility of messages at hand is renewed.
pub const HEARTBEAT: Duration = Duration::from_secs(45);
/// What it is renewed to. More than three heartbeats, so that a slow call or two lose no message to another dispatcher.
pub const VISIBILITY: Duration = Duration::from_secs(180);

/// The longest wait that SQS offers.
const LONG_POLL: Duration = Duration::from_secs(20);
/// Enough for SQS to ask all of its servers, which an immediate answer does not.
const SHORT_POLL: Duration = Duration::from_secs(1);
/// Wait after a batch of which something stays in the queue, and after a failing receive.
const PAUSE: Duration = Duration::from_secs(15);
/// Failing receives in a row from which on the process ends, for its supervisor to see.
const MAX_FAILED_RECEIVES: usize = 10;

/// Polls the queue until it is asked to stop, or with `--once` until the queue is empty.
///
/// Being asked to stop is the normal end of this loop, so it is no error; the batch at hand is finished first.
///
/// # Errors
/// Whatever a person must mend, and a queue that fails again and again. With `--once` any error: nobody would retry.
/// Nothing is lost by it: what is not acknowledged comes back.
pub async fn run(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Outcome, DispatchError> {
    let dispatcher = Dispatcher::open(&settings, &deps).await?;
    let poll = Poll { dispatcher, deps, once: settings.once };
    let outcome = poll.run(&shutdown).await?;
    tracing::info!(?outcome, "dispatcher stopped");
    Ok(outcome)
}

/// How long a message that stays in the queue is hidden: longer each time, so that holding back for a whole day does
/// not use up the receives after which the queue calls a message dead.
pub(crate) fn backoff(receive_count: u32) -> Duration {
    (PAUSE * receive_count.max(1)).min(Duration::from_secs(15 * 60))
}

/// Hands back what stays in the queue. Failing to is no harm: it comes back by itself, only later.
pub(crate) async fn release(queue: &dyn Queue, kept: &[Kept]) {
    let releases = kept.iter().map(async |kept| {
        let message = &kept.message;
        if let Err(error) = queue.extend(&message.receipt, backoff(message.receive_count)).await {
            tracing::debug!(error = error_chain(&error).join(": "), "failed to hand a message back");
        }
    });
    futures::future::join_all(releases).await;
}

struct Poll {
    dispatcher: Dispatcher,
    deps: Deps,
    once: bool,
}

impl Poll {
    async fn run(&self, shutdown: &Shutdown) -> Result<Outcome, DispatchError> {
        let (mut total, mut num_failed) = (Outcome::default(), 0);
        loop {
            let collected = collect(self.deps.queue.as_ref(), self.clock(), self.patience(), shutdown).await;
            let messages = match collected {
                Ok(None) => return Ok(total),
                Ok(Some(messages)) => messages,
                Err(error) => {
                    num_failed += 1;
                    self.bear(error, num_failed, shutdown).await?;
                    continue;
                }
            };
            num_failed = 0;
            if messages.is_empty() && self.once {
                return Ok(total);
            }
            let dispatched = self.process(messages).await;
            total += dispatched.outcome;
            if self.go_on(dispatched, shutdown).await?.is_break() {
                return Ok(total);
            }
        }
    }

    fn patience(&self) -> Patience {
        let limits = &self.dispatcher.configuration.dispatch;
        let window = Duration::from_secs(limits.window_seconds);
        let (first, window) = if self.once { (SHORT_POLL, SHORT_POLL) } else { (LONG_POLL, window) };
        Patience { first, window, enough: limits.max_objects }
    }

    /// Dispatches messages while they are kept invisible to others, then acknowledges or releases each.
    async fn process(&self, messages: Vec<Message>) -> Dispatched {
        let queue = self.deps.queue.as_ref();
        let receipts: Vec<Receipt> = messages.iter().map(|message| message.receipt.clone()).collect();
        let dispatched = tokio::select! {
            biased;
            dispatched = self.dispatcher.dispatch(messages) => dispatched,
            never = heartbeat(queue, self.clock(), &receipts) => match never {},
        };
        acknowledge(queue, &dispatched.settled).await;
        release(queue, &dispatched.kept).await;
        dispatched
    }

    async fn go_on(&self, mut dispatched: Dispatched, shutdown: &Shutdown) -> Result<ControlFlow<()>, DispatchError> {
        if let Some(error) = dispatched.take_halting_error() {
            return Err(error);
        }
        match dispatched.errors.pop() {
            Some(error) if self.once => return Err(error),
            _ if dispatched.kept.is_empty() => return Ok(ControlFlow::Continue(())),
            _ if self.once => return Ok(ControlFlow::Break(())),
            _ => {}
        }
        self.pause(shutdown).await;
        Ok(ControlFlow::Continue(()))
    }

    /// Waits after a failing receive, as long as it can be hoped that the queue recovers.
    async fn bear(&self, error: QueueError, num_failed: usize, shutdown: &Shutdown) -> Result<(), DispatchError> {
        if self.once || num_failed >= MAX_FAILED_RECEIVES {
            return Err(error.into());
        }
        tracing::warn!(error = error_chain(&error).join(": "), num_failed, "the queue does not answer");
        self.pause(shutdown).await;
        Ok(())
    }

    async fn pause(&self, shutdown: &Shutdown) {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => {}
            () = self.clock().sleep(PAUSE) => {}
        }
    }

    fn clock(&self) -> &dyn Clock {
        self.deps.clock.as_ref()
    }
}

async fn heartbeat(queue: &dyn Queue, clock: &dyn Clock, receipts: &[Receipt]) -> Infallible {
    loop {
        clock.sleep(HEARTBEAT).await;
        for receipt in receipts {
            if let Err(error) = queue.extend(receipt, VISIBILITY).await {
                tracing::warn!(error = error_chain(&error).join(": "), "failed to keep a message invisible");
            }
        }
    }
}

/// A message that cannot be acknowledged comes back, and is recognised then.
async fn acknowledge(queue: &dyn Queue, settled: &[Settled]) {
    let acknowledgements = settled.iter().map(async |settled| {
        if let Err(error) = queue.acknowledge(&settled.message().receipt).await {
            tracing::warn!(error = error_chain(&error).join(": "), "failed to acknowledge a message");
        }
    });
    futures::future::join_all(acknowledgements).await;
}
