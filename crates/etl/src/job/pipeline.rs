//! Reading, cleaning and writing at the same time: one thread reads, some clean, one writes.
//!
//! Order is kept without sorting: for each batch the reader puts a slot into a queue, in order, and hands the batch
//! to whichever worker is free; the worker fills the slot; the writer empties the slots in order. Every queue is
//! bounded, so memory is too.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use arrow::error::ArrowError;
use tamiz_domain::EtlReport;

use crate::EtlError;
use crate::clean::batch::{CleanBatch, RawBatch};
use crate::clean::cleaner::Cleaner;
use crate::job::Job;
use crate::job::collector::Collector;
use crate::job::reader::{FileEnd, ReadEnd, Reader};

/// Batches under way for each worker.
const BATCHES_PER_WORKER: usize = 4;

/// A batch, and the slot for what becomes of it.
pub(crate) struct Order {
    batch: RawBatch,
    slot: SyncSender<Result<CleanBatch, ArrowError>>,
}

/// What the writer gets, in order.
pub(crate) enum Slot {
    /// A batch of the current file.
    Batch(Receiver<Result<CleanBatch, ArrowError>>),
    /// The current file is at its end.
    FileEnd(Box<FileEnd>),
    /// All files are.
    End,
}

/// The reader's side of the queues.
pub(crate) struct Queues {
    orders: SyncSender<Order>,
    slots: SyncSender<Slot>,
}

impl Queues {
    /// Hands on a batch.
    pub(crate) fn batch(&self, batch: RawBatch) -> Result<(), ReadEnd> {
        let (slot, result) = sync_channel(1);
        self.slot(Slot::Batch(result))?;
        self.orders.send(Order { batch, slot }).map_err(|_| ReadEnd::WriterGone)
    }

    /// Tells the writer something in order.
    pub(crate) fn slot(&self, slot: Slot) -> Result<(), ReadEnd> {
        self.slots.send(slot).map_err(|_| ReadEnd::WriterGone)
    }
}

/// Runs a job to its end on this thread and some more. Blocks: not for a thread of the async runtime.
pub(crate) fn run_job(job: &Job) -> Result<EtlReport, EtlError> {
    let (order_sender, order_receiver) = sync_channel(job.num_threads);
    let (slot_sender, slot_receiver) = sync_channel(BATCHES_PER_WORKER * job.num_threads);
    let queues = Queues { orders: order_sender, slots: slot_sender };
    let order_receiver = Mutex::new(order_receiver);
    std::thread::scope(|scope| {
        for _ in 0..job.num_threads {
            scope.spawn(|| work(&order_receiver, job));
        }
        let writer = scope.spawn(|| Collector::new(job)?.collect(slot_receiver));
        let read = Reader::new(job).read_all(&queues);
        drop(queues);
        let written = writer.join().map_err(|_| EtlError::WorkerLost)?;
        match (read, written) {
            (Err(ReadEnd::Error(error)), _) | (_, Err(error)) => Err(error),
            (_, Ok(report)) => report.ok_or(EtlError::WorkerLost),
        }
    })
}

fn work(orders: &Mutex<Receiver<Order>>, job: &Job) {
    let mut cleaner = Cleaner::new(&job.configuration, job.user_key.clone());
    loop {
        let next = orders.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Order { batch, slot }) = next else { return };
        // The writer may have given up meanwhile; the next order will not come then.
        let _ = slot.send(cleaner.clean(&batch));
    }
}
