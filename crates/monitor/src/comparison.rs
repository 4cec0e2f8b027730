//! A run beside its model's baseline: read, pooled with the small runs before it, compared.

use arrow::array::AsArray;
use futures::TryStreamExt;
use jiff::Timestamp;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::ParquetError;
use tamiz_domain::{
    Baseline, Drift, DriftConfiguration, EtlReport, ModelReference, PartEntry, Profile, Shift, WordCounts,
};
use tamiz_ports::{Folder, ParquetObject, StoreError};

use crate::drift;
use crate::history::History;
use crate::language::sayable;

/// Shards that words are looked for in.
const MOST_SHARDS: usize = 16;
/// The words of a review that say something.
const WORDS: &str = "content_tokens";

/// A run as it is compared.
pub(crate) struct Comparison<'a> {
    /// Staging folder of the run.
    pub(crate) run: &'a Folder,
    /// Folder of the model's name.
    pub(crate) models: &'a Folder,
    /// The model that labelled the run.
    pub(crate) model: Option<&'a ModelReference>,
    /// What the labelled rows are like.
    pub(crate) profile: &'a Profile,
    /// What the cleaning says.
    pub(crate) etl: &'a EtlReport,
    /// The runs before.
    pub(crate) history: &'a History,
    /// The clock.
    pub(crate) now: Timestamp,
    /// Bands and window.
    pub(crate) configuration: &'a DriftConfiguration,
}

impl Comparison<'_> {
    /// How far the run is from its model's baseline. A baseline that is missing or of another version is told, and is no error.
    ///
    /// # Errors
    /// [`StoreError`] of the store itself.
    pub(crate) async fn drift(&self) -> Result<Drift, StoreError> {
        let Some(model) = self.model else { return Ok(Drift::default()) };
        let baseline = self.models.read_json_if_exists::<Baseline>(&format!("{}/baseline.json", model.version)).await;
        let baseline = match baseline {
            Ok(Some(baseline)) => baseline,
            Ok(None) => {
                return Ok(Drift::not_measured(sayable!("The model has no baseline.json to measure drift against.")));
            }
            Err(StoreError::Malformed { .. }) => {
                return Ok(Drift::not_measured(sayable!(
                    "The model's baseline.json is of another version of Tamiz; drift is measured again once a new model is trained."
                )));
            }
            Err(error) => return Err(error),
        };
        let (profile, runs) = self.history.pooled(self.profile, model, self.now, self.configuration);
        let mut found = drift::compare(&baseline, &profile, runs, self.configuration);
        if found.shift > Some(Shift::Stable) {
            found.words = drift::moved(&baseline.words, &self.words().await);
        }
        Ok(found)
    }

    /// Words of some reviews of the run. They only illustrate, so a shard that cannot be read is logged and left out.
    async fn words(&self) -> WordCounts {
        let shards = &self.etl.shards;
        let step = shards.len().div_ceil(MOST_SHARDS).max(1);
        let chosen: Vec<&PartEntry> = shards.iter().step_by(step).collect();
        let rows_each = WordCounts::SAMPLE.div_ceil(chosen.len().max(1));
        let mut counts = WordCounts::default();
        for shard in chosen {
            if let Err(error) = self.add_words(shard, rows_each, &mut counts).await {
                tracing::warn!(shard = shard.path, %error, "left out the words of a shard");
            }
        }
        counts
    }

    async fn add_words(&self, shard: &PartEntry, rows: usize, counts: &mut WordCounts) -> Result<(), ParquetError> {
        let reader = ParquetObject::new(self.run.store(), self.run.path(&shard.path));
        let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
        let columns = ProjectionMask::columns(builder.parquet_schema(), [WORDS]);
        let mut batches = builder.with_projection(columns).with_limit(rows).build()?;
        while let Some(batch) = batches.try_next().await? {
            let lists = batch.columns().first().and_then(|column| column.as_list_opt::<i32>().cloned());
            let lists = lists.ok_or_else(|| ParquetError::General(format!("`{WORDS}` holds no lists")))?;
            for words in lists.iter().flatten() {
                let Some(words) = words.as_string_opt::<i32>() else { continue };
                counts.add(words.iter().flatten());
            }
        }
        Ok(())
    }
}
