//! Writing one part of predictions.

use std::collections::HashMap;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use tamiz_domain::{LabelMap, ModelReference, RunId, schema};

/// A part in memory; deterministic bytes for equal rows, model and run.
pub struct PartWriter {
    writer: ArrowWriter<Vec<u8>>,
}

/// What every part of a job says of itself.
pub struct PartMetadata {
    entries: HashMap<&'static str, String>,
}

impl PartMetadata {
    /// Names the model, its classes and the run.
    ///
    /// # Errors
    /// Never in practice: a label map always has a JSON form.
    pub fn try_new(
        model: &ModelReference,
        labels: &LabelMap,
        run_id: Option<&RunId>,
    ) -> Result<Self, serde_json::Error> {
        let mut entries = HashMap::from([
            (schema::MODEL_NAME, model.name.clone()),
            (schema::MODEL_VERSION, model.version.clone()),
            (schema::MODEL_DIGEST, model.digest.clone()),
            (schema::LABELS, serde_json::to_string(labels)?),
        ]);
        entries.extend(run_id.map(|run_id| (schema::RUN_ID, run_id.to_string())));
        Ok(Self { entries })
    }

    fn key_values<'a>(&'a self, shard_digest: Option<&'a String>) -> Vec<KeyValue> {
        let shard = shard_digest.map(|digest| (&schema::SHARD_DIGEST, digest));
        let mut sorted: Vec<_> = self.entries.iter().chain(shard).collect();
        sorted.sort_unstable();
        sorted.into_iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect()
    }
}

impl PartWriter {
    /// Starts a part of `schema`, made from the shard of this digest.
    ///
    /// # Errors
    /// When the schema has no Parquet form.
    pub fn try_new(
        schema: &SchemaRef,
        metadata: &PartMetadata,
        shard_digest: Option<&String>,
    ) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_created_by("tamiz".to_owned())
            .set_key_value_metadata(Some(metadata.key_values(shard_digest)))
            .build();
        // The field metadata stays; the schema's own is replaced by the sorted key values.
        let plain = SchemaRef::new(Schema::new(schema.fields().clone()));
        Ok(Self { writer: ArrowWriter::try_new(Vec::new(), plain, Some(properties))? })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When the rows are not of the part's schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        self.writer.write(batch)
    }

    /// Ends the part and answers its bytes.
    ///
    /// # Errors
    /// When the footer cannot be written.
    pub fn finish(self) -> Result<Vec<u8>, ParquetError> {
        self.writer.into_inner()
    }
}
