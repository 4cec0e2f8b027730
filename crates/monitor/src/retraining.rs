//! Whether a new model is wanted: enough labelled rows that the one in use has never seen, or fewer where it does badly. Pure but for
//! the counting.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tamiz_domain::{Drift, MetricSet, ModelMetrics, RetrainAdvice, RetrainConfiguration, RunLayout};
use tamiz_ports::{Folder, StoreError};

use crate::language::{Language, say};

/// Reports of other runs read at once.
const REPORTS_IN_FLIGHT: usize = 16;

/// What speaks for a new model, and against it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs<'a> {
    /// Labelled rows that the model has not seen; none if nobody can say.
    pub(crate) new_labels: Option<u64>,
    /// How far the run is from what the model was measured on.
    pub(crate) drift: &'a Drift,
    /// Figures of the run's labelled rows.
    pub(crate) quality: Option<&'a MetricSet>,
    /// Accuracy on the model's hold-out.
    pub(crate) holdout_accuracy: Option<f64>,
    /// When a run last asked for a new model.
    pub(crate) last_asked: Option<Timestamp>,
    /// The clock.
    pub(crate) now: Timestamp,
}

/// Whether a new model is wanted, and why, in the words of a language.
pub(crate) fn advise(signs: &Signs<'_>, configuration: &RetrainConfiguration, lang: Language) -> (bool, RetrainAdvice) {
    let Some(new_labels) = signs.new_labels else {
        return (false, no_advice(say!(lang, "What the model has seen is not known."), configuration));
    };
    let needs: Vec<String> =
        [decay(signs, configuration, lang), drifted(signs.drift, lang)].into_iter().flatten().collect();
    let threshold = match needs.is_empty() {
        true => configuration.min_new_labels,
        false => configuration.min_new_labels.min(configuration.min_new_labels_in_need),
    };
    let has_enough = new_labels > 0 && new_labels >= threshold;
    let cooling = signs.last_asked.filter(|_| has_enough).and_then(|asked| cooling(asked, signs.now, configuration));
    let rows = lang.count_of(new_labels, "labelled review");
    let limit = lang.thousands(threshold);
    let mut reason: String = needs.iter().map(|need| format!("{need} ")).collect();
    reason += &match (has_enough, &cooling) {
        (true, None) => say!(
            lang,
            "{rows} that the model has not seen: at least the {limit} from which a new model is trained.",
            rows,
            limit
        ),
        (true, Some((asked, until))) => say!(
            lang,
            "{rows} that the model has not seen, but one was asked for on {asked}; the next may be from {until} on.",
            rows,
            asked,
            until
        ),
        (false, _) => {
            say!(lang, "{rows} that the model has not seen; a new model is trained from {limit}.", rows, limit)
        }
    };
    (has_enough && cooling.is_none(), RetrainAdvice { new_labels, threshold, in_need: !needs.is_empty(), reason })
}

/// The advice where nobody can say what the model has seen.
pub(crate) fn no_advice(reason: String, configuration: &RetrainConfiguration) -> RetrainAdvice {
    let threshold = configuration.min_new_labels;
    RetrainAdvice { new_labels: 0, threshold, in_need: false, reason }
}

/// Whether the model is right less often than it may be, as a sentence.
fn decay(signs: &Signs<'_>, configuration: &RetrainConfiguration, lang: Language) -> Option<String> {
    let (quality, holdout) = (signs.quality?, signs.holdout_accuracy?);
    let floor = holdout - configuration.max_accuracy_drop;
    let (_, high) = quality.accuracy_interval();
    (high < floor).then(|| {
        say!(
            lang,
            "The model is right in {own} of the labelled reviews, and would have to be in {floor} ({holdout} on its hold-out).",
            own = lang.percent(quality.accuracy),
            floor = lang.percent(floor),
            holdout = lang.percent(holdout)
        )
    })
}

fn drifted(drift: &Drift, lang: Language) -> Option<String> {
    let names: Vec<&str> = drift.findings().iter().map(|finding| lang.word(finding.feature.name())).collect();
    (!names.is_empty()).then(|| say!(lang, "The reviews drifted ({features}).", features = lang.listed(&names)))
}

/// When the last model was asked for, and when the next one may be; none where that was long enough ago.
fn cooling(asked: Timestamp, now: Timestamp, configuration: &RetrainConfiguration) -> Option<(String, String)> {
    let cool_down = SignedDuration::from_hours(configuration.cool_down_hours.into());
    let until = asked.checked_add(cool_down).unwrap_or(Timestamp::MAX);
    // In digits, which are the same in every language.
    let told = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M UTC").to_string();
    (now < until).then(|| (told(asked), told(until)))
}

/// Counts the labelled rows of all committed runs that a model was not trained on. `runs` is the folder of all runs, this one among
/// them.
///
/// # Errors
/// [`StoreError`] of the store itself; another run's malformed report is skipped, since it must not keep this one
/// from being reported.
pub(crate) async fn count_new_labels(runs: &Folder, metrics: &ModelMetrics) -> Result<u64, StoreError> {
    let seen: BTreeSet<&String> = metrics.training_runs.iter().collect();
    let names = runs.list_folders("").await?;
    let unseen = names.into_iter().filter(|name| !seen.contains(name));
    let rows: Vec<u64> = stream::iter(unseen)
        .map(|name| labelled_rows(runs, name))
        .buffer_unordered(REPORTS_IN_FLIGHT)
        .try_collect()
        .await?;
    Ok(rows.into_iter().sum())
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
    use std::collections::BTreeMap;

    use super::*;
    use tamiz_domain::{Feature, FeatureDrift, Shift};

    fn configuration(min_new_labels: u64) -> RetrainConfiguration {
        RetrainConfiguration { min_new_labels, min_new_labels_in_need: 50, ..RetrainConfiguration::default() }
    }

    fn signs(new_labels: u64, drift: &Drift) -> Signs<'_> {
        Signs {
            new_labels: Some(new_labels),
            drift,
            quality: None,
            holdout_accuracy: Some(0.9),
            last_asked: None,
            now: "2026-11-22T12:00:00Z".parse().unwrap(),
        }
    }

    fn drift(shift: Shift) -> Drift {
        let feature = FeatureDrift {
            feature: Feature::Language,
            shift,
            psi: 0.3,
            jensen_shannon: 0.2,
            p_value: 0.0,
            bins: Vec::new(),
        };
        Drift { shift: Some(shift), features: vec![feature], ..Drift::default() }
    }

    fn quality(right: u64, rows: u64) -> MetricSet {
        MetricSet::of_confusion(BTreeMap::from([(1, BTreeMap::from([(1, right), (2, rows - right)]))]), None)
    }

    #[test]
    fn a_model_is_wanted_from_the_threshold_on_and_never_for_nothing() {
        let stable = Drift::default();
        let wanted =
            |new, min_new_labels| advise(&signs(new, &stable), &configuration(min_new_labels), Language::English).0;
        assert_eq!([wanted(99, 100), wanted(100, 100), wanted(0, 0), wanted(1, 0)], [false, true, false, true]);
        let unknown = Signs { new_labels: None, ..signs(0, &stable) };
        assert!(!advise(&unknown, &configuration(0), Language::English).0);
    }

    #[test]
    fn the_advice_says_how_far_it_is() {
        let (_, advice) = advise(&signs(1_234, &Drift::default()), &configuration(100_000), Language::English);
        assert_eq!(
            advice.reason,
            "1,234 labelled reviews that the model has not seen; a new model is trained from 100,000."
        );
    }

    #[test]
    fn drift_beyond_the_band_asks_with_fewer_labels() {
        let (moved, slight) = (drift(Shift::Moderate), drift(Shift::Slight));
        let (wanted, advice) = advise(&signs(60, &moved), &configuration(1_000), Language::English);
        assert!(
            wanted && advice.reason.starts_with("The reviews drifted (language). 60 labelled reviews"),
            "{advice:?}"
        );
        assert!(!advise(&signs(60, &slight), &configuration(1_000), Language::English).0);
        assert!(!advise(&signs(40, &moved), &configuration(1_000), Language::English).0, "nothing to learn from");
    }

    #[test]
    fn an_accuracy_that_is_certainly_under_the_floor_asks_too() {
        let asks = |right, rows| {
            let stable = Drift::default();
            let quality = quality(right, rows);
            advise(&Signs { quality: Some(&quality), ..signs(60, &stable) }, &configuration(1_000), Language::English).0
        };
        assert_eq!([asks(80, 100), asks(8_000, 10_000), asks(8_600, 10_000)], [false, true, false]);
    }

    #[test]
    fn nobody_asks_twice_within_the_cool_down() {
        let stable = Drift::default();
        let asked = |time: &str| {
            let signs = Signs { last_asked: Some(time.parse().unwrap()), ..signs(100, &stable) };
            advise(&signs, &configuration(100), Language::English)
        };
        let (wanted, advice) = asked("2026-11-22T09:30:00Z");
        assert!(!wanted);
        assert_eq!(
            advice.reason,
            "100 labelled reviews that the model has not seen, but one was asked for on 2026-11-22 09:30 UTC; \
             the next may be from 2026-11-23 09:30 UTC on."
        );
        assert!(asked("2026-11-21T11:59:00Z").0);
        let for_ever = RetrainConfiguration { cool_down_hours: u32::MAX, ..configuration(100) };
        let signs = Signs { last_asked: Some("2026-11-21T11:59:00Z".parse().unwrap()), ..signs(100, &stable) };
        assert!(!advise(&signs, &for_ever, Language::English).0, "a cool-down without end");
    }
}
