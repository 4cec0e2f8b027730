//! The records of a run, batch by batch, in order.

use crate::EtlError;
use crate::clean::batch::RawBatch;
use crate::columns::FieldNames;
use crate::job::Job;
use crate::job::file_end::FileEnd;
use crate::job::open_file::{OpenFile, open_at, open_file};
use crate::job::portion::{Portion, SplitStart};
use crate::job::splits::Splits;

/// A batch and its place.
pub(crate) struct Ticket {
    /// How many batches come before it.
    pub turn: u64,
    /// The split of the input that it belongs to.
    pub split: usize,
    /// Number of its object among the run's own.
    pub object: usize,
    pub batch: RawBatch,
}

impl Ticket {
    /// Where its first record is.
    pub(crate) fn start(&self) -> SplitStart {
        let Self { split, object, batch, .. } = self;
        let offset = batch.first_offset().filter(|_| batch.file.is_divisible);
        SplitStart { split: *split, object: *object, offset, row: batch.first_row() }
    }
}

/// Reads the objects of a job one after the other.
pub(crate) struct Source<'a> {
    job: &'a Job,
    names: FieldNames,
    splits: Splits,
    portion: Portion,
    next_turn: u64,
    /// Number of the object at hand.
    object: usize,
    open: Option<OpenFile>,
    /// Of the objects that were read to their end.
    ends: Vec<FileEnd>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(job: &'a Job, portion: Portion) -> Self {
        let sizes = job.objects.iter().map(|object| object.size);
        let splits = Splits::new(job.rows_per_shard, sizes).starting_at(portion.start.split);
        let names = FieldNames::new(&job.configuration.columns);
        let object = portion.start.object;
        Self { job, names, splits, portion, next_turn: 0, object, open: None, ends: Vec::new() }
    }

    /// The next batch; none at the end of the portion.
    pub(crate) fn next(&mut self) -> Result<Option<Ticket>, EtlError> {
        while self.object < self.job.objects.len() && self.splits.current() < self.portion.end {
            if self.job.shutdown.is_cancelled() {
                return Err(EtlError::Stopped);
            }
            let Some(file) = &mut self.open else {
                self.open_next()?;
                continue;
            };
            let batch = file.next_batch(self.splits.room());
            if !batch.is_empty() {
                return Ok(Some(self.ticket(batch)));
            }
            if let Some(file) = self.open.take() {
                self.end_object(file.end()?);
            }
        }
        Ok(None)
    }

    /// What is known of each object, after the last batch.
    pub(crate) fn into_ends(self) -> Vec<FileEnd> {
        self.ends
    }

    fn ticket(&mut self, batch: RawBatch) -> Ticket {
        let (turn, split) = (self.next_turn, self.splits.current());
        self.next_turn += 1;
        self.splits.advance(batch.num_records());
        Ticket { turn, split, object: self.object, batch }
    }

    /// Opens the object at hand, or writes down why it cannot be.
    fn open_next(&mut self) -> Result<(), EtlError> {
        self.splits.begin_object(self.object);
        // A portion may end where this object begins.
        if self.splits.current() >= self.portion.end {
            return Ok(());
        }
        let object = &self.job.objects[self.object];
        let opened = match self.portion.start {
            SplitStart { object: first, offset: Some(offset), row, .. } if first == self.object && row > 1 => {
                open_at(self.job, &self.names, object, offset, row)
            }
            _ => open_file(self.job, &self.names, object),
        };
        match opened? {
            Ok(file) => self.open = Some(file),
            Err(problem) => self.end_object(FileEnd::left_out(object, problem)),
        }
        Ok(())
    }

    fn end_object(&mut self, end: FileEnd) {
        self.ends.push(end);
        self.object += 1;
    }
}
