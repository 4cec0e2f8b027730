//! The predictions of a run: every part read once, only the columns that are counted.

use arrow::datatypes::Metadata;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectMeta;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use tamiz_domain::{LabelMap, Labelling, ModelReference, PartEntry, RunId, RunLayout, printable, schema};
use tamiz_ports::{Folder, ParquetObject};
use tamiz_telemetry::Progress;

use crate::MonitorError;
use crate::tally::{Tally, wanted};

/// Parts read at once: enough to hide the store's latency, few enough to bound memory.
const PARTS_IN_FLIGHT: usize = 4;
/// Rows decoded at once.
const BATCH_ROWS: usize = 8_192;

/// What the parts of predictions hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Predictions {
    /// The parts in order; paths below the results folder.
    pub(crate) parts: Vec<PartEntry>,
    /// What was counted over all parts.
    pub(crate) tally: Tally,
    /// The model that labelled them, and its classes.
    pub(crate) model: Option<ModelReference>,
    /// The model's classes.
    pub(crate) labels: Option<LabelMap>,
    /// How long it took; none if no job says.
    pub(crate) labelling: Option<Labelling>,
    /// Parts that say they are of another run or of another model than the first.
    pub(crate) strangers: Vec<Stranger>,
}

/// A part of predictions that does not belong to the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// It says it is of another run.
    OfRun { part: String, run: String },
    /// It was labelled by another model than the first part.
    OfModel { part: String, first: String },
}

impl Predictions {
    /// Adds the next part in order.
    fn push(&mut self, part: Part, run_id: &RunId) {
        let name = &part.entry.path;
        if let Some(other) = part.metadata.get(schema::RUN_ID).filter(|id| *id != run_id.as_str()) {
            self.strangers.push(Stranger::OfRun { part: name.clone(), run: printable(other) });
        }
        let model = part.model();
        match (&self.model, &model) {
            (None, _) if self.parts.is_empty() => {
                self.labels = part.labels.clone();
                self.model = model;
            }
            (first, other) if first != other => {
                self.strangers.push(Stranger::OfModel { part: name.clone(), first: self.parts[0].path.clone() });
            }
            _ => {}
        }
        self.tally.merge(&part.tally);
        self.parts.push(part.entry);
    }
}

/// Reads every part of predictions below the results folder of a run; none is no error here.
///
/// # Errors
/// [`MonitorError::Store`] and [`MonitorError::UnreadablePart`].
pub(crate) async fn read_predictions(
    results: &Folder,
    run_id: &RunId,
    progress: &Progress,
) -> Result<Predictions, MonitorError> {
    let mut objects = results.list(RunLayout::PREDICTIONS).await?;
    objects.retain(|object| object.location.filename().is_some_and(|name| name.ends_with(".parquet")));
    // In order, not as they come: sums of floating-point numbers depend on it, and the report's bytes must not.
    let parts = stream::iter(objects)
        .map(|object| read_part(results, object, progress))
        .buffered(PARTS_IN_FLIGHT)
        .try_fold(Predictions::default(), async |mut all, part| {
            all.push(part, run_id);
            Ok(all)
        });
    Ok(Predictions { labelling: read_timings(results).await?, ..parts.await? })
}

/// The sum of what the jobs of the labelling say of themselves.
async fn read_timings(results: &Folder) -> Result<Option<Labelling>, MonitorError> {
    let objects = results.list(RunLayout::TIMINGS).await?;
    let names = objects.iter().filter_map(|object| object.location.filename());
    let mut all = None;
    for name in names {
        let job: Labelling = results.read_json(&format!("{}/{name}", RunLayout::TIMINGS)).await?;
        *all.get_or_insert_with(Labelling::default) += &job;
    }
    Ok(all)
}

/// One part of predictions.
struct Part {
    entry: PartEntry,
    metadata: Metadata,
    labels: Option<LabelMap>,
    tally: Tally,
}

impl Part {
    fn model(&self) -> Option<ModelReference> {
        let field = |key: &str| self.metadata.get(key).cloned();
        Some(ModelReference {
            name: field(schema::MODEL_NAME)?,
            version: field(schema::MODEL_VERSION)?,
            digest: field(schema::MODEL_DIGEST)?,
        })
    }
}

async fn read_part(results: &Folder, object: ObjectMeta, progress: &Progress) -> Result<Part, MonitorError> {
    let name = object.location.filename().unwrap_or_default();
    let path = format!("{}/{name}", RunLayout::PREDICTIONS);
    let unreadable = |source| MonitorError::UnreadablePart { uri: results.uri_of(&path), source };

    let reader = ParquetObject::new(results.store(), object.location);
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(unreadable)?;
    let metadata = builder.schema().metadata().clone();
    let labels: Option<LabelMap> = metadata.get(schema::LABELS).and_then(|json| serde_json::from_str(json).ok());
    let columns = ProjectionMask::columns(builder.parquet_schema(), wanted(builder.schema()));
    let mut batches = builder.with_projection(columns).with_batch_size(BATCH_ROWS).build().map_err(unreadable)?;

    let (mut tally, mut rows, no_labels) = (Tally::default(), 0, LabelMap(Vec::new()));
    while let Some(batch) = batches.try_next().await.map_err(unreadable)? {
        tally.add(&batch, labels.as_ref().unwrap_or(&no_labels)).map_err(|error| unreadable(error.into()))?;
        rows += batch.num_rows() as u64;
        progress.advance(batch.num_rows() as u64);
    }
    Ok(Part { entry: PartEntry { path, rows, digest: None }, metadata, labels, tally })
}
