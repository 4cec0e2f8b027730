//! Finding shards and reading them.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::ProjectionMask;

use tamiz_domain::{EtlReport, Manifest, PartEntry, RunLayout, schema};
use tamiz_ports::{Folder, ObjectUri, ParquetObject, StoreError, Stores};

use arrow::record_batch::RecordBatch;

use crate::InferenceError;

/// The shards to label, and what their run says about labelling.
pub struct Shards {
    folder: Folder,
    /// Paths in the store, in order.
    paths: Vec<Path>,
    /// What the run's report says of each shard; none outside a run.
    entries: Vec<Option<PartEntry>>,
    /// The run's manifest; none for shards outside a run.
    pub manifest: Option<Manifest>,
}

impl Shards {
    /// Finds the shards at a run's folder, a folder of Parquet files, or one file.
    ///
    /// # Errors
    /// When nothing is there, or the run's report cannot be read.
    pub async fn find(stores: &dyn Stores, uri: &ObjectUri) -> Result<Self, InferenceError> {
        let folder = stores.open(uri)?;
        if let Some(report) = folder.read_json_if_exists::<EtlReport>(RunLayout::ETL).await? {
            let manifest = folder.read_json_if_exists(RunLayout::MANIFEST).await?;
            let paths = report.shards.iter().map(|part| folder.path(&part.path)).collect();
            let entries = report.shards.into_iter().map(Some).collect();
            return Ok(Self { folder, paths, entries, manifest });
        }
        let is_parquet = |path: &Path| path.extension() == Some("parquet");
        let mut paths: Vec<Path> =
            folder.list("").await?.into_iter().map(|meta| meta.location).filter(is_parquet).collect();
        if paths.is_empty() && folder.exists("").await? {
            paths.push(folder.path(""));
        }
        if paths.is_empty() {
            return Err(StoreError::NotFound { uri: format!("{uri}: a run's etl.json or a Parquet shard") }.into());
        }
        let entries = vec![None; paths.len()];
        Ok(Self { folder, paths, entries, manifest: None })
    }

    /// Number of shards.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Rows of the shards at `indices`, as far as they are known.
    pub fn known_rows(&self, indices: &[usize]) -> u64 {
        indices.iter().filter_map(|&index| self.entry(index)).map(|entry| entry.rows).sum()
    }

    /// What the run's report says of a shard.
    pub fn entry(&self, index: usize) -> Option<&PartEntry> {
        self.entries.get(index)?.as_ref()
    }

    /// Opens a shard and reads `columns` of it (those it has) in batches of `batch_rows` rows.
    ///
    /// # Errors
    /// When the shard is missing, holds other bytes than the cleaning wrote or is no Parquet file, or says that its texts were cleaned in another way than `preprocessing`.
    pub async fn read(
        &self,
        index: usize,
        columns: &[&str],
        batch_rows: usize,
        preprocessing: Option<&str>,
    ) -> Result<(SchemaRef, impl Stream<Item = Result<RecordBatch, InferenceError>> + Send + 'static), InferenceError>
    {
        if let Some(PartEntry { path, digest: Some(digest), .. }) = self.entry(index) {
            self.folder.verify(path, digest).await?;
        }
        let path = self.paths[index].clone();
        let uri = Arc::<str>::from(format!("{} ({path})", self.folder.uri()));
        let fail = {
            let uri = uri.clone();
            move |error: parquet::errors::ParquetError| InferenceError::Shard {
                uri: uri.to_string(),
                source: Box::new(error),
            }
        };
        let reader = ParquetObject::new(self.folder.store(), path);
        let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(&fail)?;
        if let (Some(asked), Some(found)) = (preprocessing, builder.schema().metadata().get(schema::PREPROCESSING))
            && asked != found
        {
            let (found, expected) = (found.clone(), asked.to_owned());
            return Err(InferenceError::Preprocessing { uri: uri.to_string(), found, expected });
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let stream = builder.with_projection(mask).with_batch_size(batch_rows).build().map_err(&fail)?;
        let schema = stream.schema().clone();
        Ok((schema, stream.map_err(fail).boxed()))
    }
}
