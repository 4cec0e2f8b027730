//! Reading every file of a run into batches.

use std::io;
use std::sync::Arc;

use tamiz_domain::{FileProblem, ManifestObject, RejectReason};
use tamiz_ports::StoreError;

use crate::EtlError;
use crate::clean::batch::{RawBatch, SourceFile};
use crate::columns::FieldNames;
use crate::job::Job;
use crate::job::download::{Download, DownloadError, download_error, open};
use crate::job::parquet_source::{ParquetRefusal, ParquetSource};
use crate::job::pipeline::{Queues, Slot};
use crate::read::container::{Container, open_container};
use crate::read::decompress::break_problem;
use crate::read::record_reader::RecordReader;
use crate::read::shape::Shape;
use crate::read::sniff::{SAMPLE_BYTES, sniff};

/// Digits of an identity's digest that begin a review id.
const ID_DIGITS: usize = 16;

/// Why reading ended early.
pub(crate) enum ReadEnd {
    Error(EtlError),
    /// The writer gave up and knows why.
    WriterGone,
}

impl<E: Into<EtlError>> From<E> for ReadEnd {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// What the reader knows of a file once it is at its end.
#[derive(Debug)]
pub(crate) struct FileEnd {
    pub source: String,
    /// Records that were handed on.
    pub num_records: u64,
    /// None for a file that was left out wholly.
    pub format: Option<String>,
    pub problem: Option<FileProblem>,
}

/// Reads the files of a job.
pub(crate) struct Reader<'a> {
    job: &'a Job,
    names: FieldNames,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(job: &'a Job) -> Self {
        Self { job, names: FieldNames::new(&job.configuration.columns) }
    }

    /// Reads every file in order, and says so at the end of all.
    pub(crate) fn read_all(&self, queues: &Queues) -> Result<(), ReadEnd> {
        for object in &self.job.objects {
            let end = match self.job.runtime.block_on(open(object, self.job.stores.as_ref())) {
                Ok(opened) => {
                    let (progress, shutdown) = (self.job.progress.clone(), self.job.shutdown.clone());
                    let download = Download::start(&self.job.runtime, opened, &object.uri, progress, shutdown);
                    self.read_file(object, download, queues)?
                }
                Err(error) => FileEnd::left_out(object, store_problem(error, 0)?),
            };
            queues.slot(Slot::FileEnd(Box::new(end)))?;
        }
        queues.slot(Slot::End)
    }

    fn read_file(&self, object: &ManifestObject, download: Download, queues: &Queues) -> Result<FileEnd, ReadEnd> {
        let text = match open_container(download, &self.job.configuration.etl) {
            Ok(Container::Text(text)) => text,
            Ok(Container::Parquet) => return self.read_parquet(object, queues),
            Err(error) => return Ok(FileEnd::left_out(object, stream_problem(error, 0)?)),
        };
        let mut reader = RecordReader::new(text.bytes, self.job.configuration.etl.max_record_bytes);
        let (sample, is_all) = reader.sample(SAMPLE_BYTES);
        let layout = match sniff(sample, is_all, text.origin, &self.names, &self.job.configuration.labels) {
            Ok(layout) => layout,
            // Nothing can be told of a file that breaks before its first record, but that it breaks.
            Err(problem) => {
                let problem = match reader.into_break() {
                    Some(error) => stream_problem(error, 0)?,
                    None => problem,
                };
                return Ok(FileEnd::left_out(object, problem));
            }
        };
        reader.skip(layout.skip);
        let format = format!("{}{}", layout.format, text.packing.suffix());
        self.read_to_end(object, format, layout.shape, reader, queues)
    }

    fn read_parquet(&self, object: &ManifestObject, queues: &Queues) -> Result<FileEnd, ReadEnd> {
        match ParquetSource::open(object, self.job, &self.names) {
            Ok(lines) => {
                let reader = RecordReader::new(lines, self.job.configuration.etl.max_record_bytes);
                self.read_to_end(object, "parquet".to_owned(), Shape::parquet(), reader, queues)
            }
            Err(ParquetRefusal::File(problem)) => Ok(FileEnd::left_out(object, problem)),
            Err(ParquetRefusal::Store(error)) => Ok(FileEnd::left_out(object, download_problem(error, 0)?)),
        }
    }

    /// Reads all records of a file, and says how it ended.
    fn read_to_end<R: io::Read>(
        &self,
        object: &ManifestObject,
        format: String,
        shape: Shape,
        mut reader: RecordReader<R>,
        queues: &Queues,
    ) -> Result<FileEnd, ReadEnd> {
        let id_prefix = object.identity.digest()[..ID_DIGITS].to_owned();
        let file = Arc::new(SourceFile { source: object.source(), id_prefix, shape });
        let num_records = self.read_records(&file, &mut reader, queues)?;
        let last = reader.last_byte();
        let problem = match reader.into_break() {
            Some(error) => Some(stream_problem(error, num_records)?),
            None => file.shape.end_problem(num_records, last),
        };
        Ok(FileEnd { source: object.source(), num_records, format: Some(format), problem })
    }

    fn read_records<R: io::Read>(
        &self,
        file: &Arc<SourceFile>,
        reader: &mut RecordReader<R>,
        queues: &Queues,
    ) -> Result<u64, ReadEnd> {
        let framing = file.shape.framing();
        let mut batch = RawBatch::new(file.clone(), 1);
        while let Some(record) = reader.next(framing.as_ref()) {
            batch.push(record);
            if batch.is_full() {
                if self.job.shutdown.is_cancelled() {
                    return Err(EtlError::Stopped.into());
                }
                let next = RawBatch::new(file.clone(), batch.next_row());
                queues.batch(std::mem::replace(&mut batch, next))?;
            }
        }
        let num_records = batch.next_row() - 1;
        if !batch.is_empty() {
            queues.batch(batch)?;
        }
        Ok(num_records)
    }
}

impl FileEnd {
    fn left_out(object: &ManifestObject, problem: FileProblem) -> Self {
        Self { source: object.source(), num_records: 0, format: None, problem: Some(problem) }
    }
}

/// A broken stream is the file's problem, unless the download broke.
fn stream_problem(error: io::Error, num_records: u64) -> Result<FileProblem, EtlError> {
    match download_error(error) {
        Ok(error) => download_problem(error, num_records),
        Err(error) => Ok(break_problem(&error, num_records)),
    }
}

fn download_problem(error: DownloadError, num_records: u64) -> Result<FileProblem, EtlError> {
    match error {
        DownloadError::Store(error) => store_problem(error, num_records),
        DownloadError::Stopped => Err(EtlError::Stopped),
    }
}

/// An object that is gone or changed is the file's problem; any other trouble with a store is the run's.
fn store_problem(error: StoreError, num_records: u64) -> Result<FileProblem, EtlError> {
    let reason = match &error {
        StoreError::NotFound { .. } => RejectReason::ObjectMissing,
        StoreError::Changed { .. } => RejectReason::ObjectChanged,
        StoreError::Denied { .. } | StoreError::Malformed { .. } | StoreError::Unavailable { .. } => {
            return Err(error.into());
        }
    };
    Ok(FileProblem { reason, detail: format!("it was read up to record {num_records}") })
}
