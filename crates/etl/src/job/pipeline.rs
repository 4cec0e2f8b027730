//! All stages at the same time: every worker reads a batch, cleans it, encodes it and appends it.
//!
//! There is no thread for one stage alone, so that `n` threads keep `n` cores busy whatever the stages cost, and no queue, so
//! that memory is one batch a worker. Reading is done by one worker at a time, appending by one at a time and in the
//! order of the input ([`InTurn`]); cleaning, encoding and compression by all. The network has its own tasks, ahead of
//! the reader and behind the writer.

use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use tamiz_domain::schema;

use crate::EtlError;
use crate::clean::cleaner::Cleaner;
use crate::clean::rejects::rejected_rows;
use crate::job::Job;
use crate::job::collector::{Collector, EncodedBatch};
use crate::job::in_turn::InTurn;
use crate::job::report::Outcome;
use crate::job::source::{FileEnd, Portion, Source, Ticket};
use crate::write::row_group::RowGroupEncoder;

/// Cleans a portion of a run on some threads: what became of it, and what is known of the files that end in it. Blocks:
/// not for a thread of the async runtime.
pub(crate) fn clean(job: &Job, portion: Portion) -> Result<(Outcome, Vec<FileEnd>), EtlError> {
    let source = Mutex::new(Source::new(job, portion));
    let collector = InTurn::new(Collector::new(job));
    std::thread::scope(|scope| {
        let spawn = |_| scope.spawn(|| work(job, &source, &collector));
        let workers: Vec<_> = (0..job.num_threads).map(spawn).collect();
        let join = |worker: ScopedJoinHandle<'_, _>| worker.join().unwrap_or(Err(EtlError::WorkerLost));
        workers.into_iter().map(join).max_by_key(is_cause).unwrap_or(Ok(()))
    })?;
    let ends = source.into_inner().unwrap_or_else(PoisonError::into_inner).into_ends();
    Ok((collector.into_inner().finish()?, ends))
}

/// Of all that can come out of a worker, the one to tell of: an error rather than none, a cause rather than a consequence.
fn is_cause(result: &Result<(), EtlError>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(EtlError::WorkerLost) => 1,
        Err(_) => 2,
    }
}

fn work(job: &Job, source: &Mutex<Source<'_>>, collector: &InTurn<Collector>) -> Result<(), EtlError> {
    let _guard = AbandonOnEnd(collector);
    let mut worker = Worker::new(job)?;
    loop {
        // A worker that fell over while it read leaves nothing that another could go on with.
        let next = source.lock().map_err(|_| EtlError::WorkerLost)?.next()?;
        let Some(ticket) = next else { break };
        let turn = ticket.turn;
        let encoded = worker.process(ticket)?;
        collector.take(turn, |collector| collector.append(encoded)).ok_or(EtlError::WorkerLost)??;
    }
    std::mem::forget(_guard);
    Ok(())
}

/// Whoever waits for a turn must not wait for a worker that is gone.
struct AbandonOnEnd<'a, T>(&'a InTurn<T>);

impl<T> Drop for AbandonOnEnd<'_, T> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

struct Worker {
    cleaner: Cleaner,
    shards: RowGroupEncoder,
    rejected: RowGroupEncoder,
}

impl Worker {
    fn new(job: &Job) -> Result<Self, EtlError> {
        Ok(Self {
            cleaner: Cleaner::new(&job.configuration, job.user_key.clone()),
            shards: RowGroupEncoder::new(schema::clean_shard(), &job.run_id)?,
            rejected: RowGroupEncoder::new(schema::rejected(), &job.run_id)?,
        })
    }

    fn process(&mut self, ticket: Ticket) -> Result<EncodedBatch, EtlError> {
        let Ticket { split, object, batch, .. } = ticket;
        let clean = self.cleaner.clean(&batch);
        let source = &batch.file.source;
        let rows = match clean.rows.len() {
            0 => None,
            _ => Some(clean.rows.encode(source, self.cleaner.vocabulary(), &mut self.shards)?),
        };
        let rejected = match clean.rejects.as_slice() {
            [] => None,
            rejects => Some(self.rejected.encode_batch(&rejected_rows(source, rejects)?)?),
        };
        Ok(EncodedBatch { split, object, rows, rejected, tally: clean.tally })
    }
}
