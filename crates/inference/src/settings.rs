//! The flags of `tamiz-inference`.

use tamiz_models::{DeviceChoice, Precision};
use tamiz_ports::ObjectUri;

use crate::{Assignment, InferenceError};

/// What to label, with which model, and where to.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// A run's folder with etl.json, a folder of Parquet shards, or one shard
    #[arg(long, env = "TAMIZ_SHARDS", value_name = "URI")]
    pub shards: ObjectUri,
    /// A model version's folder, or a name's folder (then latest.json decides)
    #[arg(long, env = "TAMIZ_MODEL", value_name = "URI")]
    pub model: ObjectUri,
    /// The run's results folder; predictions/ is written below it
    #[arg(long, env = "TAMIZ_OUTPUT", value_name = "URI")]
    pub output: ObjectUri,
    /// auto, cpu or cuda; `cuda` refuses to run without a GPU
    #[arg(long, env = "TAMIZ_DEVICE", default_value = "auto")]
    pub device: DeviceChoice,
    /// auto, f32 or bf16
    #[arg(long, env = "TAMIZ_PRECISION", default_value = "auto")]
    pub precision: Precision,
    /// Index of this child in its array job (set by AWS Batch)
    #[arg(long, env = "AWS_BATCH_JOB_ARRAY_INDEX", value_name = "N", hide = true)]
    pub array_index: Option<usize>,
    /// Children of the array job (set by AWS Batch)
    #[arg(long, env = "AWS_BATCH_JOB_ARRAY_SIZE", value_name = "N", hide = true)]
    pub array_size: Option<usize>,
}

impl Settings {
    /// This job's place among the children of its array job. Without a size, which old Batch agents do not
    /// set, a child takes the one shard of its index: `num_shards` is then the size.
    ///
    /// # Errors
    /// An index outside the array.
    pub fn assignment(&self, num_shards: usize) -> Result<Assignment, InferenceError> {
        let Some(index) = self.array_index else { return Ok(Assignment::ALONE) };
        let size = self.array_size.unwrap_or(num_shards);
        if index >= size {
            return Err(InferenceError::Usage(format!("array index {index} lies outside an array of {size}")));
        }
        Ok(Assignment { index, size })
    }
}
