//! Whether enough labelled rows have come in that the model in use has never seen.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use tamiz_domain::{ModelMetrics, ModelReference, RetrainAdvice, RetrainConfiguration, RunLayout};
use tamiz_ports::{Folder, StoreError};

use crate::figures::{count_of, thousands};

/// Reports of other runs read at once.
const REPORTS_IN_FLIGHT: usize = 16;

/// Whether a new model is wanted, and why.
pub(crate) fn advise(new_labels: u64, configuration: &RetrainConfiguration) -> (bool, RetrainAdvice) {
    let threshold = configuration.min_new_labels;
    let wanted = new_labels > 0 && new_labels >= threshold;
    let rows = count_of(new_labels, "labelled review");
    let limit = thousands(threshold);
    let reason = if wanted {
        format!("{rows} that the model has not seen: at least the {limit} from which a new model is trained.")
    } else {
        format!("{rows} that the model has not seen; a new model is trained from {limit}.")
    };
    (wanted, RetrainAdvice { new_labels, threshold, reason })
}

/// The advice where nobody can say what the model has seen.
pub(crate) fn no_advice(reason: &str, configuration: &RetrainConfiguration) -> RetrainAdvice {
    RetrainAdvice { new_labels: 0, threshold: configuration.min_new_labels, reason: reason.to_owned() }
}

/// Counts the labelled rows of all committed runs that `model` was not trained on; none if its folder has no
/// `metrics.json` to tell. `runs` is the folder of all runs, this one among them.
///
/// # Errors
/// [`StoreError`] of the store itself; another run's malformed report is skipped, since it must not keep this one
/// from being reported.
pub(crate) async fn count_new_labels(
    runs: &Folder,
    models: &Folder,
    model: &ModelReference,
) -> Result<Option<u64>, StoreError> {
    let metrics = models.read_json_if_exists::<ModelMetrics>(&format!("{}/metrics.json", model.version)).await?;
    let Some(metrics) = metrics else { return Ok(None) };
    let seen: BTreeSet<String> = metrics.training_runs.into_iter().collect();
    let names = runs.list_folders("").await?;
    let unseen = names.into_iter().filter(|name| !seen.contains(name));
    let rows: Vec<u64> = stream::iter(unseen)
        .map(|name| labelled_rows(runs, name))
        .buffer_unordered(REPORTS_IN_FLIGHT)
        .try_collect()
        .await?;
    Ok(Some(rows.into_iter().sum()))
}

/// The one field of `etl.json` that counts here.
#[derive(Deserialize)]
struct Labelled {
    labelled: u64,
}

async fn labelled_rows(runs: &Folder, name: String) -> Result<u64, StoreError> {
    match runs.read_json_if_exists::<Labelled>(&format!("{name}/{}", RunLayout::ETL)).await {
        Ok(report) => Ok(report.map_or(0, |report| report.labelled)),
        Err(error @ StoreError::Malformed { .. }) => {
            tracing::warn!(%error, "skipped a run when counting new labels");
            Ok(0)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_wanted_from_the_threshold_on_and_never_for_nothing() {
        let wanted = |new, min_new_labels| advise(new, &RetrainConfiguration { min_new_labels }).0;
        assert_eq!([wanted(99, 100), wanted(100, 100), wanted(0, 0), wanted(1, 0)], [false, true, false, true]);
    }

    #[test]
    fn the_advice_says_how_far_it_is() {
        let (_, advice) = advise(1_234, &RetrainConfiguration { min_new_labels: 100_000 });
        assert_eq!(
            advice.reason,
            "1,234 labelled reviews that the model has not seen; a new model is trained from 100,000."
        );
    }
}
