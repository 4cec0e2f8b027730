//! Whether a part that is there already is the one that would be written.

use parquet::arrow::ParquetRecordBatchStreamBuilder;
use tamiz_domain::schema;
use tamiz_ports::{Folder, ParquetObject, StoreError};

/// What a part follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub model_digest: String,
    /// Digest and rows of the shard, where the run's report tells them.
    pub shard_digest: Option<String>,
    pub rows: Option<u64>,
}

/// A part's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Nothing is there.
    None,
    /// The part, complete.
    Same,
    /// Something else: of another model, of another shard, or no part at all.
    Other,
}

impl Origin {
    /// Looks at what is stored as `name`, of which only the footer is read.
    ///
    /// # Errors
    /// When the store cannot be reached; what cannot be read as a part is [`Existing::Other`].
    pub(crate) async fn find(&self, folder: &Folder, name: &str) -> Result<Existing, StoreError> {
        if !folder.exists(name).await? {
            return Ok(Existing::None);
        }
        let reader = ParquetObject::new(folder.store(), folder.path(name));
        let Ok(part) = ParquetRecordBatchStreamBuilder::new(reader).await else { return Ok(Existing::Other) };
        let metadata = part.schema().metadata();
        let rows = u64::try_from(part.metadata().file_metadata().num_rows()).ok();
        let is_same = metadata.get(schema::MODEL_DIGEST) == Some(&self.model_digest)
            && metadata.get(schema::SHARD_DIGEST) == self.shard_digest.as_ref()
            && (self.rows.is_none() || self.rows == rows);
        Ok(if is_same { Existing::Same } else { Existing::Other })
    }
}
