//! An object that was opened and recognised, from its first record on or from a later one.

use std::io::{self, Read};
use std::sync::Arc;

use object_store::GetRange;
use tamiz_domain::{FileProblem, ManifestObject, RejectReason, SourceColumn};
use tamiz_ports::StoreError;

use crate::EtlError;
use crate::clean::batch::{RawBatch, SourceFile};
use crate::columns::FieldNames;
use crate::job::Job;
use crate::job::download::{Download, DownloadError, Rest, download_error, open};
use crate::job::file_end::FileEnd;
use crate::job::parquet_source::{ParquetRefusal, ParquetSource};
use crate::read::container::{Container, open_container};
use crate::read::decompress::break_problem;
use crate::read::framing::Framing;
use crate::read::record_reader::RecordReader;
use crate::read::shape::Shape;
use crate::read::sniff::{SAMPLE_BYTES, sniff};
use crate::read::source_columns::{named_columns, source_columns};

/// Digits of an identity's digest that begin a review id.
const ID_DIGITS: usize = 16;

/// A file whose records can be read. The outer error of the functions below is the run's, the inner one the file's.
pub(crate) struct OpenFile {
    reader: RecordReader<Box<dyn Read + Send>>,
    /// Of the download that is read; none where ranges are.
    rest: Option<Rest>,
    framing: Box<dyn Framing + Send>,
    file: Arc<SourceFile>,
    format: String,
    columns: Vec<SourceColumn>,
    next_row: u64,
}

/// Opens an object at its first record.
pub(crate) fn open_file(
    job: &Job,
    names: &FieldNames,
    object: &ManifestObject,
) -> Result<Result<OpenFile, FileProblem>, EtlError> {
    match job.runtime.block_on(open(object, None, job.stores.as_ref())) {
        Ok(opened) => recognise(job, names, object, download(job, object, opened)),
        Err(error) => store_problem(error, 0).map(Err),
    }
}

/// Opens an object at the record of row `row`, before which there are `offset` bytes. What the file is like is seen
/// from its beginning, once more.
pub(crate) fn open_at(
    job: &Job,
    names: &FieldNames,
    object: &ManifestObject,
    offset: u64,
    row: u64,
) -> Result<Result<OpenFile, FileProblem>, EtlError> {
    let mut file = match open_file(job, names, object)? {
        Ok(file) => file,
        Err(problem) => return Ok(Err(problem)),
    };
    let rest = Some(GetRange::Offset(offset));
    match job.runtime.block_on(open(object, rest, job.stores.as_ref())) {
        Ok(opened) => {
            let download = download(job, object, opened);
            file.rest = Some(download.rest());
            let stream: Box<dyn Read + Send> = Box::new(download);
            file.reader = RecordReader::new(stream, job.configuration.etl.max_record_bytes).starting_at(offset);
            file.next_row = row;
            Ok(Ok(file))
        }
        Err(error) => store_problem(error, row).map(Err),
    }
}

fn download(job: &Job, object: &ManifestObject, opened: object_store::GetResult) -> Download {
    Download::start(&job.runtime, opened, &object.uri, job.progress.clone(), job.shutdown.clone())
}

fn recognise(
    job: &Job,
    names: &FieldNames,
    object: &ManifestObject,
    download: Download,
) -> Result<Result<OpenFile, FileProblem>, EtlError> {
    let configuration = &job.configuration;
    let rest = Some(download.rest());
    let text = match open_container(download, &configuration.etl) {
        Ok(Container::Text(text)) => text,
        Ok(Container::Parquet) => return open_parquet(job, names, object),
        Err(error) => return stream_problem(error, 0, rest.as_ref()).map(Err),
    };
    let mut reader = RecordReader::new(text.bytes, configuration.etl.max_record_bytes);
    let (sample, is_all) = reader.sample(SAMPLE_BYTES);
    let layout = match sniff(sample, is_all, text.origin, names, &configuration.labels) {
        Ok(layout) => layout,
        // Nothing can be told of a file that breaks before its first record, but that it breaks.
        Err(problem) => {
            return match reader.into_break() {
                Some(error) => stream_problem(error, 0, rest.as_ref()),
                None => blamed(problem, 0, rest.as_ref()),
            }
            .map(Err);
        }
    };
    let columns = source_columns(&layout, sample, names);
    reader.skip(layout.skip);
    let format = format!("{}{}", layout.format, text.packing.suffix());
    let is_divisible = text.packing.suffix().is_empty() && layout.shape.is_divisible();
    Ok(Ok(OpenFile { columns, rest, ..OpenFile::new(object, layout.shape, format, is_divisible, reader) }))
}

fn open_parquet(
    job: &Job,
    names: &FieldNames,
    object: &ManifestObject,
) -> Result<Result<OpenFile, FileProblem>, EtlError> {
    match ParquetSource::open(object, job, names) {
        Ok(lines) => {
            let columns = named_columns(lines.columns(), names);
            let stream: Box<dyn Read + Send> = Box::new(lines);
            let reader = RecordReader::new(stream, job.configuration.etl.max_record_bytes);
            let file = OpenFile::new(object, Shape::parquet(), "parquet".to_owned(), false, reader);
            Ok(Ok(OpenFile { columns, ..file }))
        }
        Err(ParquetRefusal::File(problem)) => Ok(Err(problem)),
        Err(ParquetRefusal::Store(error)) => download_problem(error, 0).map(Err),
    }
}

impl OpenFile {
    fn new(
        object: &ManifestObject,
        shape: Shape,
        format: String,
        is_divisible: bool,
        reader: RecordReader<Box<dyn Read + Send>>,
    ) -> Self {
        let framing = shape.framing();
        let id_prefix = object.identity.digest()[..ID_DIGITS].to_owned();
        let file = Arc::new(SourceFile { source: object.source(), id_prefix, shape, is_divisible });
        Self { reader, rest: None, framing, file, format, columns: Vec::new(), next_row: 1 }
    }

    /// Up to `room` records; none at the end of the file.
    pub(crate) fn next_batch(&mut self, room: usize) -> RawBatch {
        let mut batch = RawBatch::new(self.file.clone(), self.next_row);
        while batch.num_records() < room && !batch.is_full() {
            let Some(record) = self.reader.next(self.framing.as_ref()) else { break };
            batch.push(record);
        }
        self.next_row = batch.next_row();
        batch
    }

    /// How the file ended, after its last record.
    pub(crate) fn end(self) -> Result<FileEnd, EtlError> {
        let num_records = self.next_row - 1;
        let last = self.reader.last_byte();
        let problem = match self.reader.into_break() {
            Some(error) => Some(stream_problem(error, num_records, self.rest.as_ref())?),
            None => self.file.shape.end_problem(num_records, last),
        };
        let (format, columns) = (Some(self.format), self.columns);
        Ok(FileEnd { source: self.file.source.clone(), num_records, format, columns, problem })
    }
}

/// A broken stream is the file's problem, unless the download broke.
fn stream_problem(error: io::Error, num_records: u64, rest: Option<&Rest>) -> Result<FileProblem, EtlError> {
    match download_error(error) {
        Ok(error) => download_problem(error, num_records),
        Err(error) => blamed(break_problem(&error, num_records), num_records, rest),
    }
}

/// A file's problem, unless its bytes are not those that were written.
fn blamed(problem: FileProblem, num_records: u64, rest: Option<&Rest>) -> Result<FileProblem, EtlError> {
    match rest.map_or(Ok(()), Rest::check) {
        Ok(()) => Ok(problem),
        Err(error) => download_problem(error, num_records),
    }
}

fn download_problem(error: DownloadError, num_records: u64) -> Result<FileProblem, EtlError> {
    match error {
        DownloadError::Store(error) => store_problem(error, num_records),
        DownloadError::Stopped => Err(EtlError::Stopped),
    }
}

/// An object that is gone or changed is the file's problem; any other trouble with a store is the run's, bytes that the store itself
/// does not vouch for among it: records of them would be labelled, and nobody could tell which are as they were sent.
fn store_problem(error: StoreError, num_records: u64) -> Result<FileProblem, EtlError> {
    let reason = match &error {
        StoreError::NotFound { .. } => RejectReason::ObjectMissing,
        StoreError::Changed { .. } => RejectReason::ObjectChanged,
        StoreError::Damaged { .. }
        | StoreError::Denied { .. }
        | StoreError::Malformed { .. }
        | StoreError::Unavailable { .. } => return Err(error.into()),
    };
    Ok(FileProblem { reason, detail: format!("it was read up to record {num_records}") })
}
