//! One retraining, from labelled rows to a written verdict.

use tamiz_domain::{Disposed, Disposition};
use tamiz_telemetry::{Shutdown, error_chain};
use tracing::Instrument;

use crate::target::{Job, Outcome};
use crate::{Deps, RetrainError, Settings};

/// Trains a model for each label column, registers it and lets it meet its champion. Running it again on the same data gives the same
/// versions and repeats the verdicts that are written down, mails included.
///
/// # Errors
/// [`RetrainError`]; a challenger that loses is no error.
pub async fn run(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Vec<Outcome>, RetrainError> {
    retrain(settings, deps, shutdown).instrument(tracing::info_span!("job", stage = "retrain")).await
}

async fn retrain(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Vec<Outcome>, RetrainError> {
    let job = Job::prepare(settings, deps.stores.as_ref()).await?;
    let targets = job.settings.targets();
    let (mut outcomes, mut failed) = (Vec::new(), Vec::new());
    for target in &targets {
        let span = tracing::info_span!("target", model = target.name);
        match job.retrain(target, &deps, &shutdown).instrument(span).await {
            Ok(outcome) => outcomes.push(outcome),
            // What stops one target for good says nothing of the others; what would stop them too ends the job.
            Err(error) if targets.len() > 1 && error.disposition() == Disposition::Refuse => {
                tracing::error!(
                    model = target.name,
                    error = error_chain(&error).join(": "),
                    "this model was not trained"
                );
                failed.push((target.name.clone(), error));
            }
            Err(error) => return Err(error),
        }
    }
    if failed.is_empty() { Ok(outcomes) } else { Err(RetrainError::Targets { total: targets.len(), failed }) }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
