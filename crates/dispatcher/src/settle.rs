//! The states of a message: received, then settled or kept.

use tamiz_domain::{Disposed, Disposition};
use tamiz_ports::{Created, Folder, Message};
use tamiz_telemetry::{Metric, emit};

use crate::DispatchError;
use crate::events::{Record, Refusal, Upload, parse};
use crate::ledger::{Fate, Ledger, Outcome};
use crate::records::{record_refusal, record_repeat};

/// A message and what it announces.
#[derive(Debug)]
pub(crate) struct Received {
    message: Message,
    records: Vec<Record>,
}

impl Received {
    pub(crate) fn new(message: Message) -> Self {
        let records = parse(&message.body);
        Self { message, records }
    }

    pub(crate) fn uploads(&self) -> impl Iterator<Item = &Upload> {
        self.records.iter().filter_map(|record| match record {
            Record::Upload(upload) => Some(upload),
            Record::Nothing | Record::Refused(_) => None,
        })
    }

    fn refusals(&self) -> impl Iterator<Item = (usize, &Refusal)> {
        self.records.iter().enumerate().filter_map(|(at, record)| match record {
            Record::Refused(refusal) => Some((at, refusal)),
            Record::Nothing | Record::Upload(_) => None,
        })
    }
}

/// A message of which every record is in a started run or recorded: the only kind that may be acknowledged.
#[derive(Debug)]
pub struct Settled(Message);

impl Settled {
    /// The message.
    pub fn message(&self) -> &Message {
        &self.0
    }
}

/// A message that stays in the queue.
#[derive(Debug)]
pub struct Kept {
    /// The message.
    pub message: Message,
    /// Why it stays.
    pub because: KeptBecause,
}

/// Why a message stays in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptBecause {
    /// Too much is open; nothing went wrong.
    HeldBack,
    /// Something failed.
    Failed,
}

/// What became of a batch of messages.
#[derive(Debug, Default)]
pub struct Dispatched {
    /// To be acknowledged.
    pub settled: Vec<Settled>,
    /// To be delivered again.
    pub kept: Vec<Kept>,
    /// What went wrong.
    pub errors: Vec<DispatchError>,
    /// The batch, counted.
    pub outcome: Outcome,
}

impl Dispatched {
    /// Takes out an error that no retry mends, because a person must act first.
    pub fn take_halting_error(&mut self) -> Option<DispatchError> {
        let at = self.errors.iter().position(|error| error.disposition() == Disposition::Halt)?;
        Some(self.errors.swap_remove(at))
    }
}

/// Settles the messages whose every record found its place, and writes down repeats and refusals on the way.
pub(crate) async fn settle(staging: &Folder, received: Vec<Received>, mut ledger: Ledger) -> Dispatched {
    let mut dispatched = Dispatched::default();
    for received in received {
        match settle_one(staging, &received, &mut ledger).await {
            None => dispatched.settled.push(Settled(received.message)),
            Some(because) => dispatched.kept.push(Kept { message: received.message, because }),
        }
    }
    dispatched.outcome = ledger.outcome;
    dispatched.outcome.messages_settled = dispatched.settled.len();
    dispatched.outcome.messages_held_back = count(&dispatched.kept, KeptBecause::HeldBack);
    dispatched.outcome.messages_failed = count(&dispatched.kept, KeptBecause::Failed);
    dispatched.errors = ledger.errors;
    report(&dispatched);
    dispatched
}

/// Goes through all records even when one of them keeps the message, so that the others need not wait for it.
async fn settle_one(staging: &Folder, received: &Received, ledger: &mut Ledger) -> Option<KeptBecause> {
    let mut kept = None;
    for (at, refusal) in received.refusals() {
        let Message { id, body, .. } = &received.message;
        match record_refusal(staging, id, body, at, refusal).await {
            Ok(created) => ledger.outcome.refused += usize::from(created == Created::New),
            Err(error) => kept = Some(fail(ledger, error)),
        }
    }
    for upload in received.uploads() {
        match ledger.fate(&upload.object.identity) {
            Fate::InRun(run) if run.is_repeated_by(upload) => match record_repeat(staging, &run.run_id, upload).await {
                Ok(created) => ledger.outcome.already_seen += usize::from(created == Created::New),
                Err(error) => kept = Some(fail(ledger, error)),
            },
            Fate::InRun(_) => {}
            Fate::HeldBack => kept = kept.or(Some(KeptBecause::HeldBack)),
            Fate::Failed => kept = Some(KeptBecause::Failed),
        }
    }
    kept
}

fn fail(ledger: &mut Ledger, error: DispatchError) -> KeptBecause {
    ledger.errors.push(error);
    KeptBecause::Failed
}

fn count(kept: &[Kept], because: KeptBecause) -> usize {
    kept.iter().filter(|kept| kept.because == because).count()
}

fn report(dispatched: &Dispatched) {
    for error in &dispatched.errors {
        let chain = tamiz_telemetry::error_chain(error).join(": ");
        let remedy = error.remedy().unwrap_or_default();
        match error.disposition() {
            Disposition::Retry | Disposition::Stop => tracing::warn!(error = chain, "messages go back to the queue"),
            _ => tracing::error!(error = chain, remedy, "messages go back to the queue"),
        }
    }
    let Outcome { runs_started, already_seen, messages_held_back, .. } = dispatched.outcome;
    let counted = [
        (Metric::RunsStarted, runs_started),
        (Metric::ObjectsAlreadySeen, already_seen),
        (Metric::MessagesHeldBack, messages_held_back),
    ];
    emit("dispatcher", None, &counted.map(|(metric, number)| (metric, number as f64)));
}
