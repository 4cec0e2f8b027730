//! A model trained again from what it says of itself, to see whether the same comes out.

use std::sync::Arc;

use tamiz_domain::{ModelReference, TrainingFile};
use tamiz_models::resolve;
use tamiz_ports::ObjectUri;
use tamiz_telemetry::Shutdown;

use crate::settings::Target;
use crate::target::{Job, train_task};
use crate::training::{Audience, Nowhere};
use crate::{Deps, RetrainError, Settings, Training};

/// What came of training a model again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproduction {
    /// The model.
    pub recorded: ModelReference,
    /// What was trained now.
    pub trained: ModelReference,
    /// Files of the model's folder that came out different; none if the two are the same, byte for byte.
    pub different: Vec<String>,
    /// Files of labelled rows that only one of the two was trained on, or with other rows.
    pub other_data: Vec<String>,
}

impl Reproduction {
    /// Whether the same model came out.
    pub fn is_same(&self) -> bool {
        self.recorded.digest == self.trained.digest
    }
}

/// Trains the model at `model` again with the flags that its `metrics.json` names, on `training_data`. Nothing is registered. Of
/// `given` only the device counts: everything else is as it was.
///
/// # Errors
/// [`RetrainError::NoLineage`] for a model that does not say what it was trained from, and everything that a training meets.
pub async fn reproduce(
    model: &ObjectUri,
    training_data: Vec<ObjectUri>,
    given: &Training,
    deps: &Deps,
    shutdown: Shutdown,
) -> Result<Reproduction, RetrainError> {
    let (artifact, recorded) = resolve(deps.stores.as_ref(), model).await?.read().await?;
    let Some(lineage) = artifact.metrics()?.and_then(|metrics| metrics.lineage) else {
        return Err(RetrainError::NoLineage { uri: model.to_string() });
    };
    let training = Training {
        model_config: Vec::new(),
        label_columns: Vec::new(),
        folds: lineage.folds,
        search: None,
        hyperparameters: given.hyperparameters.replaced_by(&lineage.configuration)?,
        rules: given.rules,
        mlflow: given.mlflow.clone(),
    };
    let name = recorded.name.clone();
    let settings =
        Settings { training_data, models: model.clone(), name: name.clone(), topic_arn: None, notes: None, training };
    let mut job = Job::prepare(settings, deps.stores.as_ref()).await?;
    job.search_again(&artifact)?;
    let target = Target { column: lineage.label_column.clone(), name };
    let task = Arc::new(job.task(&target, deps.stores.as_ref(), &shutdown).await?);
    let audience = Audience { progress: deps.progress.clone(), recorder: None, shutdown };
    let (trained, _) = train_task(task, Nowhere, audience).await?;
    let data = trained.metrics.lineage.map(|lineage| lineage.data).unwrap_or_default();
    let only = |ours: &[TrainingFile], theirs: &[TrainingFile]| -> Vec<String> {
        ours.iter().filter(|file| !theirs.contains(file)).map(|file| file.name.clone()).collect()
    };
    let mut other_data = [only(&lineage.data, &data), only(&data, &lineage.data)].concat();
    other_data.sort_unstable();
    other_data.dedup();
    Ok(Reproduction {
        trained: trained.artifact.reference(&recorded.name),
        different: trained.artifact.different_files(&artifact),
        recorded,
        other_data,
    })
}
