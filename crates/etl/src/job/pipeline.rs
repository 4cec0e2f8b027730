//! All stages at the same time: every worker reads a batch, cleans it, encodes it and appends it.
//!
//! There is no thread for one stage alone, so that `n` threads keep `n` cores busy whatever the stages cost, and no queue, so
//! that memory is one batch a worker. Reading is done by one worker at a time, appending by one at a time and in the
//! order of the input ([`InTurn`]); cleaning, encoding and compression by all. The network has its own tasks, ahead of
//! the reader and behind the writer.

use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use tamiz_domain::schema;
use tamiz_text::SharedVocabulary;

use crate::EtlError;
use crate::clean::clean_batch::{CleanBatch, Encoders};
use crate::clean::cleaner::{Cleaner, redactor};
use crate::job::Job;
use crate::job::collector::Collector;
use crate::job::file_end::FileEnd;
use crate::job::in_turn::InTurn;
use crate::job::judge::Judge;
use crate::job::portion::Portion;
use crate::job::report::Outcome;
use crate::job::source::{Source, Ticket};
use crate::write::row_group::RowGroupEncoder;

/// Cleans a portion of a run on some threads: what became of it, and what is known of the files that end in it. Blocks:
/// not for a thread of the async runtime.
pub(crate) fn clean(job: &Job, portion: Portion) -> Result<(Outcome, Vec<FileEnd>), EtlError> {
    let line = Line {
        job,
        words: SharedVocabulary::new(),
        source: Mutex::new(Source::new(job, portion)),
        judge: InTurn::new(Judge::new(&job.configuration, job.rows_per_shard)),
        collector: InTurn::new(Collector::new(job)),
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..job.num_threads).map(|_| scope.spawn(|| line.work())).collect();
        let join = |worker: ScopedJoinHandle<'_, _>| worker.join().unwrap_or(Err(EtlError::WorkerLost));
        workers.into_iter().map(join).max_by_key(is_cause).unwrap_or(Ok(()))
    })?;
    let ends = line.source.into_inner().unwrap_or_else(PoisonError::into_inner).into_ends();
    Ok((line.collector.into_inner().finish()?, ends))
}

/// Of all that can come out of a worker, the one to tell of: an error rather than none, a cause rather than a consequence.
fn is_cause(result: &Result<(), EtlError>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(EtlError::WorkerLost) => 1,
        Err(_) => 2,
    }
}

/// What the workers share.
struct Line<'a> {
    job: &'a Job,
    words: SharedVocabulary,
    source: Mutex<Source<'a>>,
    judge: InTurn<Option<Judge>>,
    collector: InTurn<Collector>,
}

impl Line<'_> {
    fn work(&self) -> Result<(), EtlError> {
        let abandon = AbandonOnDrop(self);
        let mut worker = Worker::new(self.job, self.words.clone())?;
        while let Some(ticket) = self.next_ticket()? {
            self.process(&mut worker, &ticket)?;
        }
        std::mem::forget(abandon);
        Ok(())
    }

    fn next_ticket(&self) -> Result<Option<Ticket>, EtlError> {
        // A worker that fell over while it read leaves nothing that another could go on with.
        self.source.lock().map_err(|_| EtlError::WorkerLost)?.next()
    }

    fn process(&self, worker: &mut Worker, ticket: &Ticket) -> Result<(), EtlError> {
        let Ticket { turn, split, object, ref batch } = *ticket;
        let Worker { cleaner, encoders } = worker;
        let configuration = &self.job.configuration;
        let clean = CleanBatch::of(batch, configuration, cleaner, encoders)?;
        let judge = |judge: &mut Option<Judge>| match judge {
            Some(judge) => judge.judge(split, &clean.facts.fingerprints),
            None => vec![None; clean.facts.rows.len()],
        };
        let duplicates = self.judge.take(turn, judge).ok_or(EtlError::WorkerLost)?;
        let rows = clean.finish(batch, &duplicates, configuration, cleaner.vocabulary(), encoders)?;
        self.collector.take(turn, |collector| collector.append(split, object, rows)).ok_or(EtlError::WorkerLost)?
    }
}

/// Whoever waits for a turn must not wait for a worker that is gone.
struct AbandonOnDrop<'l, 'j>(&'l Line<'j>);

impl Drop for AbandonOnDrop<'_, '_> {
    fn drop(&mut self) {
        self.0.judge.abandon();
        self.0.collector.abandon();
    }
}

/// What each worker has for itself.
struct Worker {
    cleaner: Cleaner,
    encoders: Encoders,
}

impl Worker {
    fn new(job: &Job, words: SharedVocabulary) -> Result<Self, EtlError> {
        let encoders = Encoders {
            shards: RowGroupEncoder::new(schema::clean_shard(&job.configuration.columns.targets), &job.run_id)?,
            rejected: RowGroupEncoder::new(schema::rejected(), &job.run_id)?,
            redactor: redactor(&job.configuration),
        };
        Ok(Self { cleaner: Cleaner::new(&job.configuration, job.user_key.clone(), words), encoders })
    }
}
