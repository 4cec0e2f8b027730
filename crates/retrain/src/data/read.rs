//! Labelled rows of Parquet files.

use arrow::array::{Array, AsArray, RecordBatch};
use futures::TryStreamExt;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use sha2::{Digest, Sha256};
use tamiz_domain::{LabelMap, TrainingFile, schema};
use tamiz_ports::{ParquetObject, StoreError, Stores};
use tamiz_telemetry::Shutdown;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::columns::{Labels, labelled, no_column, wanted};
use super::rows::Rows;
use super::sources::SourceFile;
use super::spool::{Spool, SpoolError};
use crate::RetrainError;

/// Batches that wait for the thread that keeps them.
const BATCHES_WAITING: usize = 4;

/// Labelled rows, and what they came from.
#[derive(Debug)]
pub(crate) struct Labelled {
    /// The rows, in the order of the files.
    pub rows: Rows,
    /// The files, with the digests of their rows.
    pub files: Vec<TrainingFile>,
    /// How their texts were cleaned, if the files tell.
    pub preprocessing: Option<String>,
}

/// Reads every row of the given files that has a text and a label in the column `label`. Names of classes get their numbers from
/// `classes` if that is given.
///
/// # Errors
/// [`RetrainError::Shard`] naming the file and what is wrong with it, or a place that cannot be read.
pub(crate) async fn read(
    stores: &dyn Stores,
    files: &[SourceFile],
    label: &str,
    classes: Option<&LabelMap>,
    shutdown: &Shutdown,
) -> Result<Labelled, RetrainError> {
    let mut keeper = Keeper::start(label, classes);
    let mut known = None;
    let mut left_out = Vec::new();
    if let Some(file) = files.first()
        && files.iter().all(|file| file.may_label(label).is_none())
    {
        return Err(RetrainError::shard(&file.uri, no_column(label)));
    }
    for file in files.iter().filter(|file| file.may_label(label) == Some(true)) {
        if shutdown.is_cancelled() {
            return Err(RetrainError::Stopped);
        }
        match read_file(stores, file, label, &mut keeper).await? {
            Cleaned::Elsewhere => {}
            Cleaned::ThisWay(version) => known = Some(version),
            Cleaned::AnotherWay(version) => left_out.push((file, version)),
        }
    }
    if let [(file, version), ..] = &left_out[..]
        && left_out.len() == files.len()
    {
        return Err(RetrainError::shard(&file.uri, another_way(version)));
    }
    let (rows, files) = keeper.finish().await?;
    Ok(Labelled { rows, files, preprocessing: known })
}

/// How the texts of a file were cleaned.
enum Cleaned {
    /// By nobody who tells.
    Elsewhere,
    /// As this program cleans them.
    ThisWay(String),
    /// As another version of it did.
    AnotherWay(String),
}

impl Cleaned {
    fn of(version: Option<&String>) -> Self {
        match version {
            None => Self::Elsewhere,
            Some(version) if version == schema::PREPROCESSING_VERSION => Self::ThisWay(version.clone()),
            Some(version) => Self::AnotherWay(version.clone()),
        }
    }
}

fn another_way(version: &str) -> String {
    format!(
        "its texts were cleaned by preprocessing {version}, and this program cleans them by {}",
        schema::PREPROCESSING_VERSION
    )
}

/// Sends the rows of a file to the keeper, unless their texts are not like those that the model will meet, and answers how they were cleaned.
async fn read_file(
    stores: &dyn Stores,
    file: &SourceFile,
    label: &str,
    keeper: &mut Keeper,
) -> Result<Cleaned, RetrainError> {
    let object = stores.open(&file.uri)?;
    if !object.exists("").await? {
        return Err(StoreError::NotFound { uri: file.uri.to_string() }.into());
    }
    if let Some(digest) = &file.digest {
        object.verify("", digest).await?;
    }
    let broken = |error: parquet::errors::ParquetError| RetrainError::shard(&file.uri, error);
    let builder = ParquetRecordBatchStreamBuilder::new(ParquetObject::new(object.store(), object.path("")))
        .await
        .map_err(broken)?;
    let cleaned = Cleaned::of(builder.schema().metadata().get(schema::PREPROCESSING));
    if let Cleaned::AnotherWay(version) = &cleaned {
        tracing::warn!(file = %file.uri, why = another_way(version), "file left out: clean its source again to train on it");
        return Ok(cleaned);
    }
    let columns = ProjectionMask::columns(builder.parquet_schema(), wanted(label));
    let mut batches = builder.with_projection(columns).build().map_err(broken)?;
    keeper.send(Message::File(file.clone())).await?;
    while let Some(batch) = batches.try_next().await.map_err(broken)? {
        keeper.send(Message::Batch(batch)).await?;
    }
    Ok(cleaned)
}

/// What the thread that keeps rows is told.
enum Message {
    /// The next batches are this file's.
    File(SourceFile),
    /// Rows as the file has them.
    Batch(RecordBatch),
}

type Kept = Result<(Rows, Vec<TrainingFile>), RetrainError>;

/// The thread that keeps rows: its disk and its digests must not hold up the runtime.
struct Keeper {
    messages: mpsc::Sender<Message>,
    thread: tokio::task::JoinHandle<Kept>,
}

impl Keeper {
    fn start(label: &str, classes: Option<&LabelMap>) -> Self {
        let (messages, received) = mpsc::channel(BATCHES_WAITING);
        let (label, classes) = (label.to_owned(), classes.cloned());
        let thread = spawn_blocking(move || keep(received, &label, classes.as_ref()));
        Self { messages, thread }
    }

    /// Sends a message; where the thread has ended early, answers why.
    async fn send(&mut self, message: Message) -> Result<(), RetrainError> {
        if self.messages.send(message).await.is_ok() {
            return Ok(());
        }
        // A thread that takes no more messages has met an error.
        (&mut self.thread).await.map_err(RetrainError::Thread)?.map(drop)
    }

    async fn finish(self) -> Kept {
        drop(self.messages);
        self.thread.await.map_err(RetrainError::Thread)?
    }
}

/// What was read of a file.
struct FileRead {
    file: SourceFile,
    /// Rows, labelled or not.
    rows: u64,
    labelled: u64,
    /// Of the labelled ones.
    digest: Sha256,
}

fn keep(mut messages: mpsc::Receiver<Message>, label: &str, classes: Option<&LabelMap>) -> Kept {
    let mut spool = Spool::create(classes).map_err(RetrainError::spool)?;
    let mut files: Vec<FileRead> = Vec::new();
    while let Some(message) = messages.blocking_recv() {
        match (message, files.last_mut()) {
            (Message::File(file), _) => files.push(FileRead { file, rows: 0, labelled: 0, digest: Sha256::new() }),
            (Message::Batch(batch), Some(read)) => {
                let refused = |why: String| RetrainError::shard(&read.file.uri, why);
                let (kept, labels) = labelled(&batch, label, read.rows).map_err(refused)?;
                spool.add(&kept, &labels).map_err(|error| match error {
                    SpoolError::Labels(why) => refused(why),
                    error => RetrainError::spool(error),
                })?;
                add_to_digest(&mut read.digest, &kept, &labels);
                read.rows += batch.num_rows() as u64;
                read.labelled += kept.num_rows() as u64;
            }
            (Message::Batch(_), None) => {}
        }
    }
    let rows = spool.finish().map_err(RetrainError::spool)?;
    let told = |read: FileRead| TrainingFile {
        name: read.file.name,
        rows: read.labelled,
        digest: hex::encode(read.digest.finalize()),
    };
    Ok((rows, files.into_iter().map(told).collect()))
}

/// Adds id, label and text of each row, each ended by a zero byte.
fn add_to_digest(digest: &mut Sha256, batch: &RecordBatch, labels: &Labels) {
    let (texts, ids) = (batch.column(0).as_string::<i32>(), batch.column(2).as_string::<i32>());
    for at in 0..batch.num_rows() {
        let label = match labels {
            Labels::Numbers(labels) => labels.value(at).to_string(),
            Labels::Names(labels) => labels.value(at).to_owned(),
            Labels::Entities(labels) => {
                let spans = labels[at].iter().map(|span| format!("{} {} {};", span.start, span.end, span.kind));
                spans.collect()
            }
        };
        let id = if ids.is_valid(at) { ids.value(at) } else { "" };
        for part in [id, &label, texts.value(at)] {
            digest.update(part);
            digest.update([0]);
        }
    }
}
