//! What an MLflow server is told of a retraining.

use jiff::Timestamp;
use tamiz_domain::{Decision, Disposed, Disposition, MetricSet, ModelReference};
use tamiz_models::CARD;

use crate::RetrainError;
use crate::mlflow::{Recorder, Registration, RunStart, RunStatus, Settings, Tracker};
use crate::promotion::Verdict;
use crate::training::{Task, Trained};

/// Folder of the model's files among those of a run.
const MODEL: &str = "model";

/// The report of one retraining, or none where no server is named. Nothing here fails or waits for long.
pub(crate) struct Tracking {
    tracker: Tracker,
}

impl Tracking {
    /// Begins a run, called after the model.
    pub async fn start(settings: &Settings, name: &str, column: &str, now: fn() -> Timestamp) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let tags = [("tamiz.model", name), ("tamiz.label_column", column), ("tamiz.code_version", version)];
        Self { tracker: Tracker::start(settings, RunStart { name, tags: &tags, now }).await }
    }

    /// Takes the epochs of the training, on its own thread.
    pub fn recorder(&self) -> Recorder {
        self.tracker.recorder()
    }

    /// Tells what is trained on, and how.
    pub async fn begin(&self, task: &Task) {
        let rows =
            [&task.split.training, &task.split.validation, &task.split.holdout].map(|part| part.len().to_string());
        let folds = task.folds.to_string();
        let mut params: Vec<(&str, &str)> =
            task.record.iter().map(|(flag, value)| (flag.as_str(), value.as_str())).collect();
        params.extend([
            ("folds", folds.as_str()),
            ("training_rows", rows[0].as_str()),
            ("validation_rows", rows[1].as_str()),
            ("holdout_rows", rows[2].as_str()),
        ]);
        self.tracker.params(&params).await;
    }

    /// Tells what came of it: figures, the model's folder, the version in the registry, and the champion.
    pub async fn settle(&self, trained: &Trained, card: &str, model: &ModelReference, folder: &str, verdict: &Verdict) {
        let figures = figures(trained);
        let named: Vec<(&str, f64)> = figures.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.tracker.metrics(0, &named).await;
        let promotion = &verdict.promotion;
        self.tracker.tags(&[("tamiz.verdict", promotion.decision.name()), ("tamiz.why", &promotion.why)]).await;
        for (name, content) in trained.artifact.files() {
            self.tracker.artifact(&format!("{MODEL}/{name}"), content.clone()).await;
        }
        self.tracker.artifact(&format!("{MODEL}/{CARD}"), card.to_owned().into()).await;
        let tags = [("tamiz.version", model.version.as_str()), ("tamiz.folder", folder)];
        let identity = ("tamiz.digest", model.digest.as_str());
        let registration = Registration { model: &model.name, path: MODEL, identity, tags: &tags };
        let version = self.tracker.register(&registration).await;
        if let (Some(version), true) = (version, promotion.decision == Decision::Promoted) {
            self.tracker.champion(&version).await;
        }
    }

    /// Ends the run the way the retraining ended.
    pub async fn end<T>(self, result: &Result<T, RetrainError>) {
        let status = match result {
            Ok(_) => RunStatus::Finished,
            Err(error) if error.disposition() == Disposition::Stop => RunStatus::Killed,
            Err(_) => RunStatus::Failed,
        };
        self.tracker.end(status).await;
    }
}

/// Every figure by the name that it has in MLflow.
fn figures(trained: &Trained) -> Vec<(String, f64)> {
    let metrics = &trained.metrics;
    let mut figures = of_set("holdout", &metrics.holdout);
    figures.extend(metrics.test.iter().flat_map(|test| of_set("test", test)));
    figures.push(("weight_bytes".to_owned(), metrics.weight_bytes as f64));
    figures.push(("texts_per_second".to_owned(), trained.examination.evaluation.texts_per_second));
    figures.extend(
        metrics.slices.iter().map(|slice| (format!("slice/{}/{}/accuracy", slice.by, slice.value), slice.accuracy)),
    );
    figures.extend(
        metrics.behaviour.iter().map(|test| (format!("behaviour/{}/failure_rate", test.test), test.failure_rate())),
    );
    if let Some(crossed) = &metrics.cross_validation {
        figures.push(("folds/accuracy/mean".to_owned(), crossed.accuracy.mean));
        figures.push(("folds/accuracy/deviation".to_owned(), crossed.accuracy.deviation));
    }
    figures
}

fn of_set(prefix: &str, set: &MetricSet) -> Vec<(String, f64)> {
    let mut figures = vec![("accuracy", set.accuracy), ("macro_f1", set.macro_f1)];
    figures.extend(set.entity_f1.map(|f1| ("entity_f1", f1)));
    figures.extend(set.log_loss.map(|loss| ("log_loss", loss)));
    figures.extend(set.calibration_error.map(|error| ("calibration_error", error)));
    figures.into_iter().map(|(name, value)| (format!("{prefix}/{name}"), value)).collect()
}
