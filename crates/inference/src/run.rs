//! Labelling the shards of a run.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::Array;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use futures::{StreamExt, TryStreamExt, stream};
use tamiz_domain::{
    Configuration, Counts, Labelling, ModelReference, RunLayout, Stage, part_name, schema, timings_name,
};
use tamiz_models::{Labelled, LoadSettings, ModelError, ReadTexts, load, resolve};
use tamiz_ports::{Created, Folder, Stores};
use tamiz_telemetry::{Metric, Progress, Shutdown, emit};
use tokio::task::spawn_blocking;
use tracing::Instrument;

use crate::device_thread::DeviceThread;
use crate::part::{PartMetadata, PartWriter};
use crate::predictions::{prediction_batch, texts};
use crate::resume::{Existing, Origin};
use crate::shards::Shards;
use crate::turn::Turn;
use crate::{InferenceError, Settings};

/// Batches of a shard that are read, labelled and encoded at the same time.
const OVERLAP: usize = 3;
/// Shards under way: while the part of one is written, the next is read and has the device.
const SHARDS_AHEAD: usize = 2;

/// What the job works with.
pub struct Deps {
    /// Where shards, model and output lie.
    pub stores: Arc<dyn Stores>,
    /// Rows labelled so far.
    pub progress: Progress,
}

/// What the job did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The model used.
    pub model: ModelReference,
    /// Rows labelled by this job; `rejected` is 0.
    pub counts: Counts,
    /// Parts that were there already, from an attempt that was stopped.
    pub resumed: usize,
}

/// Labels this job's shards. A part that exists, of the same shard by the same model, is kept: an attempt that was stopped goes
/// on where it was.
///
/// # Errors
/// [`InferenceError`]; parts that were finished stay.
pub async fn run(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Outcome, InferenceError> {
    let span = tracing::info_span!("job", stage = %Stage::Inference, run_id = tracing::field::Empty);
    label(settings, deps, shutdown).instrument(span).await
}

async fn label(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Outcome, InferenceError> {
    let job = Job::open(&settings, &deps).await?;
    let started = Instant::now();
    let mut outcome = Outcome { model: job.model.clone(), counts: Counts::default(), resumed: 0 };
    let mut shards = stream::iter(job.own.iter().zip(Turn::sequence()))
        .map(|(&shard, turn)| job.settle(shard, turn, &deps.progress))
        .buffered(SHARDS_AHEAD);
    loop {
        let settled = tokio::select! {
            biased;
            () = shutdown.cancelled() => return Err(InferenceError::Stopped),
            settled = shards.next() => settled,
        };
        match settled.transpose()? {
            Some(Settled::Labelled(counts)) => outcome.counts += counts,
            Some(Settled::Kept) => outcome.resumed += 1,
            None => break,
        }
    }
    drop(shards);
    job.report(&outcome, started.elapsed().as_secs_f64()).await?;
    Ok(outcome)
}

/// What became of a shard.
enum Settled {
    Labelled(Counts),
    /// Its part was there.
    Kept,
}

/// Everything that stays the same from shard to shard.
struct Job {
    shards: Shards,
    own: Vec<usize>,
    device: DeviceThread,
    model: ModelReference,
    /// How the texts were cleaned that the model was trained on, if it tells.
    preprocessing: Option<String>,
    /// What the device calls itself.
    device_name: String,
    /// The job's place in its array.
    index: usize,
    results: Folder,
    output: Folder,
    schema: arrow::datatypes::SchemaRef,
    metadata: PartMetadata,
    batch_rows: usize,
}

impl Job {
    async fn open(settings: &Settings, deps: &Deps) -> Result<Self, InferenceError> {
        let shards = Shards::find(&*deps.stores, &settings.shards).await?;
        let assignment = settings.assignment(shards.len())?;
        let own: Vec<usize> = assignment.shards(shards.len()).collect();
        deps.progress.set_total(shards.known_rows(&own));

        let model_error = |source: ModelError| InferenceError::Model { uri: settings.model.to_string(), source };
        let configuration = shards.manifest.as_ref().map(|manifest| manifest.configuration.clone());
        let Configuration { inference: configuration, columns, .. } = configuration.unwrap_or_default();
        let found = resolve(&*deps.stores, &settings.model).await.map_err(model_error)?;
        let (artifact, reference) = found.read().await.map_err(model_error)?;
        let lineage = artifact.metrics().map_err(model_error)?.and_then(|metrics| metrics.lineage);
        let device = settings.device.open().map_err(model_error)?;
        let load_settings = LoadSettings {
            device,
            precision: settings.precision,
            max_tokens: NonZeroUsize::new(configuration.max_tokens),
            long_texts: configuration.long_texts,
            batch_tokens: NonZeroUsize::new(configuration.batch_tokens),
        };
        let model = spawn_blocking(move || load(&artifact, &load_settings)).await;
        let model = model.map_err(|_| InferenceError::DeviceThread)?.map_err(model_error)?;
        let run_id = shards.manifest.as_ref().map(|manifest| &manifest.run_id);
        tracing::Span::current().record("run_id", run_id.map(|run_id| run_id.as_str()));
        let (name, version, workings) = (&reference.name, &reference.version, model.workings());
        tracing::info!(model = name, version, %device, workings, "model loaded");
        let metadata = PartMetadata::try_new(&reference, &model.labels(), run_id)
            .map_err(|error| InferenceError::Part { name: "metadata".into(), source: Box::new(error) })?;
        let results = deps.stores.open(&settings.output)?;
        Ok(Self {
            own,
            index: assignment.index,
            device_name: device.to_string(),
            device: DeviceThread::spawn(model).map_err(|_| InferenceError::DeviceThread)?,
            model: reference,
            preprocessing: lineage.and_then(|lineage| lineage.preprocessing),
            output: results.child(RunLayout::PREDICTIONS),
            results,
            schema: schema::predictions(&configuration.pass_through, &columns.targets),
            metadata,
            batch_rows: configuration.batch_rows,
            shards,
        })
    }

    /// What the part of a shard follows from.
    fn origin(&self, shard: usize) -> Origin {
        let entry = self.shards.entry(shard);
        Origin {
            model_digest: self.model.digest.clone(),
            shard_digest: entry.and_then(|entry| entry.digest.clone()),
            rows: entry.map(|entry| entry.rows),
        }
    }

    /// Sees to it that the part of a shard is there.
    async fn settle(&self, shard: usize, turn: Turn, progress: &Progress) -> Result<Settled, InferenceError> {
        let existing = self.origin(shard).find(&self.output, &part_name(shard)).await?;
        match existing {
            Existing::None => {}
            Existing::Same => {
                tracing::info!(shard, "part exists: kept");
                progress.advance(self.shards.known_rows(&[shard]));
                return Ok(Settled::Kept);
            }
            Existing::Other => tracing::warn!(shard, "part is of another model or shard: written again"),
        }
        let work = self.label_shard(shard, turn, existing, progress);
        work.instrument(tracing::info_span!("shard", shard)).await.map(Settled::Labelled)
    }

    /// Labels one shard and commits its part, in the place of what is not the part.
    async fn label_shard(
        &self,
        shard: usize,
        turn: Turn,
        existing: Existing,
        progress: &Progress,
    ) -> Result<Counts, InferenceError> {
        let (name, turn_begins) = (part_name(shard), &turn);
        let columns: Vec<&str> =
            self.schema.fields().iter().map(|field| field.name().as_str()).chain(["text"]).collect();
        let (_, batches) = self.shards.read(shard, &columns, self.batch_rows, self.preprocessing.as_deref()).await?;
        // Reading runs ahead of the device, the device ahead of the encoding; order is kept.
        let mut labelled = batches
            .map_ok(|clean| async move {
                let read = self.read(clean.clone()).await?;
                turn_begins.begin().await;
                let rows = self.device.label(read).await.map_err(|_| InferenceError::DeviceThread)?;
                rows.map(|rows| (clean, rows))
                    .map_err(|source| InferenceError::Model { uri: self.model.name.clone(), source })
            })
            .try_buffered(OVERLAP);

        let part_error = |error: Box<dyn std::error::Error + Send + Sync>| InferenceError::Part {
            name: name.clone(),
            source: error,
        };
        let origin = self.origin(shard);
        let mut writer = PartWriter::try_new(&self.schema, &self.metadata, origin.shard_digest.as_ref())
            .map_err(|error| part_error(error.into()))?;
        let mut counts = Counts::default();
        let mut next = labelled.next().await.transpose()?;
        while let Some((clean, rows)) = next {
            counts += count(&rows);
            progress.advance(rows.len() as u64);
            let schema = self.schema.clone();
            let encoded = spawn_blocking(move || -> Result<PartWriter, Box<dyn std::error::Error + Send + Sync>> {
                writer.write(&prediction_batch(&schema, &clean, &rows)?)?;
                Ok(writer)
            });
            // The device goes on meanwhile.
            next = labelled.next().await.transpose()?;
            writer = encoded.await.map_err(|error| part_error(error.into()))?.map_err(&part_error)?;
        }
        drop(labelled);
        turn.end();
        let bytes = spawn_blocking(move || writer.finish()).await.map_err(|error| part_error(error.into()))?;
        let bytes = bytes.map_err(|error| part_error(error.into()))?;
        match existing {
            Existing::Other => self.output.write(&name, bytes).await?,
            _ if self.output.create(&name, bytes).await? == Created::Exists => {
                tracing::info!("part was written by another attempt: kept");
            }
            _ => {}
        }
        tracing::info!(rows = counts.input, failed = counts.failed, "part written");
        Ok(counts)
    }

    /// Reads the texts of a batch for the model, off the threads that wait for objects.
    async fn read(&self, clean: RecordBatch) -> Result<ReadTexts, InferenceError> {
        let reader = self.device.reader();
        let read = spawn_blocking(move || {
            let column = texts(&clean)?;
            let texts: Vec<&str> = (0..column.len()).map(|row| column.value(row)).collect();
            Ok::<_, ArrowError>(reader.read(&texts))
        });
        let part_error = |source: Box<dyn std::error::Error + Send + Sync>| InferenceError::Part {
            name: "predictions".into(),
            source,
        };
        read.await.map_err(|error| part_error(error.into()))?.map_err(|error| part_error(error.into()))
    }

    /// Tells what was done, and leaves beside the predictions how long it took.
    async fn report(&self, outcome: &Outcome, seconds: f64) -> Result<(), InferenceError> {
        let run_id = self.shards.manifest.as_ref().map(|manifest| manifest.run_id.as_str());
        let counts = outcome.counts;
        let labelling = Labelling {
            jobs: 1,
            devices: [self.device_name.clone()].into(),
            rows: counts.input,
            seconds,
            device_busy_seconds: self.device.busy().as_secs_f64(),
        };
        let busy_percent = 100.0 * labelling.busy_share().unwrap_or_default();
        if counts.input > 0 {
            let name = format!("{}/{}", RunLayout::TIMINGS, timings_name(self.index));
            self.results.write_json(&name, &labelling).await?;
        }
        let values = [
            (Metric::RowsLabelled, counts.ok as f64),
            (Metric::RowsFailed, counts.failed as f64),
            (Metric::DeviceBusyShare, busy_percent),
            (Metric::StageSeconds, seconds),
        ];
        emit(&Stage::Inference.to_string(), run_id, &values);
        tracing::info!(
            rows = counts.ok,
            failed = counts.failed,
            device_busy_percent = busy_percent.round(),
            parts = self.own.len(),
            resumed = outcome.resumed,
            "labelled"
        );
        Ok(())
    }
}

fn count(rows: &[Labelled]) -> Counts {
    let ok = rows.iter().filter(|row| row.is_ok()).count() as u64;
    let input = rows.len() as u64;
    Counts { input, ok, rejected: 0, failed: input - ok }
}
