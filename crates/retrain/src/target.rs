//! One model of a job: its rows, its training, its meeting with the champion.

use std::sync::Arc;

use tamiz_domain::{LabelMap, ModelMetrics, ModelReference};
use tamiz_models::transformer::Keeper;
use tamiz_models::{Artifact, Device, Registry};
use tamiz_ports::{ObjectUri, Stores};
use tamiz_telemetry::{Metric, Shutdown, emit};
use tokio::task::spawn_blocking;

use crate::data::{Rows, Sources, SplitSettings, read, split};
use crate::evaluation::groups;
use crate::promotion::{Challenge, Verdict};
use crate::report::{Tracking, mail, verdict_section};
use crate::settings::Target;
use crate::training::{Audience, CheckpointObject, Recipe, SEARCH, Searched, Space, Task, Trained, search, train};
use crate::{Deps, Hyperparameters, RetrainError, Settings};

/// What a retraining came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The new version.
    pub model: ModelReference,
    /// Where it lies.
    pub folder: ObjectUri,
    /// Content of its `metrics.json`.
    pub metrics: ModelMetrics,
    /// Size of its weights in bytes.
    pub weight_bytes: usize,
    /// What was decided about it.
    pub verdict: Verdict,
}

/// What all models of a job have in common.
pub(crate) struct Job {
    pub settings: Settings,
    pub recipe: Recipe,
    /// Labelled rows.
    pub data: Sources,
    /// Rows from elsewhere to measure on.
    pub test: Sources,
    /// What is searched first, if anything.
    pub space: Option<Space>,
    pub device: Device,
}

impl Job {
    /// Reads what the flags name, but for the rows.
    pub async fn prepare(settings: Settings, stores: &dyn Stores) -> Result<Self, RetrainError> {
        let hyperparameters = &settings.training.hyperparameters;
        settings.training.check()?;
        let plan = hyperparameters.resolve()?;
        let device = hyperparameters.device.open()?;
        let space = match &settings.training.search {
            None => None,
            Some(place) => {
                let text = stores.open(place)?.read_text("").await?;
                Some(Space::parse(&text, &place.to_string(), hyperparameters)?)
            }
        };
        let recipe = Recipe::prepare(plan, stores).await?;
        let data = Sources::find(stores, &settings.training_data).await?;
        let test = Sources::find(stores, &hyperparameters.test_data).await?;
        Ok(Self { settings, recipe, data, test, space, device })
    }

    /// Searches what the search behind a model did, if there was one.
    pub fn search_again(&mut self, artifact: &Artifact) -> Result<(), RetrainError> {
        if artifact.has(SEARCH) {
            self.space = Some(artifact.json::<Searched>(SEARCH)?.space);
        }
        Ok(())
    }

    /// Trains a target's model, lets it meet the champion, and tells of it.
    pub async fn retrain(&self, target: &Target, deps: &Deps, shutdown: &Shutdown) -> Result<Outcome, RetrainError> {
        let mlflow = &self.settings.training.mlflow;
        let tracking = Tracking::start(mlflow, &target.name, &target.column, deps.now).await;
        let result = self.retrain_tracked(target, deps, shutdown, &tracking).await;
        tracking.end(&result).await;
        result
    }

    async fn retrain_tracked(
        &self,
        target: &Target,
        deps: &Deps,
        shutdown: &Shutdown,
        tracking: &Tracking,
    ) -> Result<Outcome, RetrainError> {
        let registry = Registry::open(&deps.stores.open(&self.settings.models)?, &target.name)?;
        let task = Arc::new(self.task(target, deps.stores.as_ref(), shutdown).await?);
        tracking.begin(&task).await;
        let audience = Audience {
            progress: deps.progress.clone(),
            recorder: Some(tracking.recorder()),
            shutdown: shutdown.clone(),
        };
        let keeper = CheckpointObject::new(registry.folder().clone());
        let (trained, keeper) = train_task(task.clone(), keeper, audience).await?;
        let model = registry.publish(&trained.artifact).await?;
        keeper.clear().await;
        let folder = registry.version(&model.version).uri().clone();
        tracing::info!(version = model.version, accuracy = trained.metrics.holdout.accuracy, "model registered");
        let rules = &self.settings.training.rules;
        let challenge =
            Challenge { registry: &registry, challenger: &model, trained: &trained, task: &task, rules, now: deps.now };
        let verdict = challenge.settle().await?;
        tracing::info!(version = model.version, decision = ?verdict.promotion.decision, why = verdict.promotion.why, "verdict");
        let card = format!("{}{}", trained.card, verdict_section(&verdict.promotion));
        registry.write_card(&model.version, &card).await?;
        emit("retrain", None, &[(Metric::HoldoutAccuracy, 100.0 * trained.metrics.holdout.accuracy)]);
        if let Some(mailer) = &deps.mailer {
            let mail = mail(&model, &verdict.promotion, &folder.to_string());
            mailer.send(&format!("retrain-{}", model.version), &mail).await?;
        }
        // Last: nobody who waits for the verdict waits for the tracking server.
        tracking.settle(&trained, &card, &model, &folder.to_string(), &verdict).await;
        Ok(Outcome { model, folder, weight_bytes: trained.artifact.weight_bytes(), metrics: trained.metrics, verdict })
    }

    /// The target's rows on their sides, and how they are trained on: as the flags say, or as a search finds.
    pub async fn task(&self, target: &Target, stores: &dyn Stores, shutdown: &Shutdown) -> Result<Task, RetrainError> {
        let Hyperparameters { holdout, seed, min_rows_per_class, .. } = self.settings.training.hyperparameters;
        let data = read(stores, &self.data.files, &target.column, None, shutdown).await?;
        let test = self.read_test(target, stores, data.rows.labels(), shutdown).await?;
        tracing::info!(
            files = self.data.files.len(),
            runs = self.data.runs.len(),
            labelled = data.rows.len(),
            test = test.len(),
            column = target.column,
            "rows read"
        );
        let own = &self.settings.training.hyperparameters;
        let (hyperparameters, recipe) = match data.rows.have_entities() {
            false => (own.clone(), self.recipe.clone()),
            true => {
                let for_entities = own.for_entities()?;
                let plan = for_entities.resolve()?;
                (for_entities, self.recipe.with(plan))
            }
        };
        let split = split(&data.rows, &test, SplitSettings { holdout, seed, min_rows_per_class })?;
        let groups = groups(&data.rows, &split.holdout);
        let task = Task {
            data,
            split,
            groups,
            test,
            runs: self.data.runs.clone(),
            recipe,
            column: target.column.clone(),
            record: hyperparameters.record(),
            searched: None,
            folds: self.settings.training.folds,
            seed,
            device: self.device,
        };
        match self.space.clone() {
            None => Ok(task),
            Some(space) => searched(task, space, hyperparameters, shutdown.clone()).await,
        }
    }

    async fn read_test(
        &self,
        target: &Target,
        stores: &dyn Stores,
        classes: &LabelMap,
        shutdown: &Shutdown,
    ) -> Result<Rows, RetrainError> {
        let test = read(stores, &self.test.files, &target.column, Some(classes), shutdown).await?.rows;
        if test.is_empty() && !self.test.files.is_empty() {
            return Err(RetrainError::TooFewRows { found: "the test data holds no label".into() });
        }
        Ok(test)
    }
}

/// The task with the best settings of the space.
async fn searched(
    mut task: Task,
    space: Space,
    hyperparameters: Hyperparameters,
    shutdown: Shutdown,
) -> Result<Task, RetrainError> {
    let work = move || {
        let recipe = |flags: &Hyperparameters| Ok(task.recipe.with(flags.resolve()?));
        let rows = (&task.data.rows, &task.split);
        let (best, searched) = search(space, &hyperparameters, recipe, rows, task.device, &shutdown)?;
        tracing::info!(flags = ?best.record(), "search done");
        task.recipe = task.recipe.with(best.resolve()?);
        (task.record, task.searched) = (best.record(), Some(searched));
        Ok(task)
    };
    spawn_blocking(work).await.map_err(RetrainError::Thread)?
}

/// Trains on a thread of its own.
pub(crate) async fn train_task<K: Keeper + Send + 'static>(
    task: Arc<Task>,
    mut keeper: K,
    audience: Audience,
) -> Result<(Trained, K), RetrainError> {
    let work = move || {
        let trained = train(&task, &mut keeper, &audience)?;
        Ok((trained, keeper))
    };
    spawn_blocking(work).await.map_err(RetrainError::Thread)?
}
