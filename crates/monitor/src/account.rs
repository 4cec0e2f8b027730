//! The account of a run: everything that mail and report tell, derived from what was read, in the words of a language.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tamiz_domain::{
    Counts, Drift, EtlReport, FailedCause, LabelMap, Manifest, RejectReason, RetrainAdvice, RunCost, RunId, RunRecord,
    Summary, Verdict,
};

use crate::conservation::{after_labelling, balance};
use crate::diagnosis::{Diagnosis, diagnose};
use crate::evidence::{Evidence, PartialEvidence};
use crate::language::{Language, say};
use crate::places::Places;
use crate::predictions::Predictions;
use crate::rejects::Examples;
use crate::retraining::{Signs, advise, no_advice};
use crate::usual::{Usual, data_shares, usual};
use crate::verdict::{Judgement, judge};

/// Everything that is told of a run.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The language of every sentence below.
    pub(crate) language: Language,
    /// What goes into `summary.json`.
    pub(crate) summary: Summary,
    /// The verdict in a few words, for a subject.
    pub(crate) headline: String,
    /// Why the run is no success; empty for a success and for a failed stage.
    pub(crate) reasons: Vec<String>,
    /// What to do about the reasons.
    pub(crate) remedy: Option<String>,
    /// Why a stage failed, if one did.
    pub(crate) failure: Option<Diagnosis>,
    /// What the cleaning counted, if it came so far.
    pub(crate) etl: Option<EtlReport>,
    /// What the labelling left, as far as it came.
    pub(crate) predictions: Predictions,
    /// What was to be processed, if that is known.
    pub(crate) manifest: Option<Manifest>,
    /// Examples of rejected records.
    pub(crate) examples: Examples,
    /// What the data is like, beside the runs before.
    pub(crate) usual: Vec<Usual>,
    /// Where everything lies.
    pub(crate) places: Places,
}

/// The account of a run whose stages all ended well.
pub(crate) fn of_run(evidence: Evidence, places: Places, now: Timestamp, lang: Language) -> Account {
    let Evidence { manifest, etl, predictions, model, new_labels, jobs, examples, drift, history, last_asked } =
        evidence;
    let balance = balance(&manifest, &etl, &predictions, lang);
    let configuration = &manifest.configuration;
    let judgement = judge(balance.counts, &balance.files, &balance.differences, &configuration.budget, lang);
    let Judgement { verdict, headline, reasons, remedy, notices } = judgement;
    let holdout = model.as_ref().map(|model| &model.holdout);
    let calibration_error = holdout.and_then(|holdout| holdout.calibration_error);
    let summary = labelled(manifest.run_id.clone(), balance.counts, &predictions, calibration_error);
    let signs = Signs {
        new_labels,
        drift: &drift,
        quality: summary.quality.as_ref().map(|quality| &quality.metrics),
        holdout_accuracy: holdout.map(|holdout| holdout.accuracy),
        last_asked,
        now,
    };
    let (wanted, retrain_advice) = advise(&signs, &configuration.retrain, lang);
    let headline = match drift.shift.filter(|_| verdict == Verdict::Ok && drift.is_beyond_band()) {
        Some(shift) => say!(lang, "{headline}, {shift} drift", headline, shift = lang.word(shift.name())),
        None => headline,
    };
    let summary = Summary {
        findings: reasons.iter().cloned().chain(notices).collect(),
        verdict,
        files: balance.files,
        rejected_by_reason: etl.rejected_by_reason.clone(),
        retrain: wanted && verdict == Verdict::Ok,
        retrain_advice,
        drift,
        cost: RunCost::of(&jobs, &configuration.cost, balance.counts.input),
        ..summary
    };
    Account {
        language: lang,
        summary,
        headline,
        reasons,
        remedy,
        failure: None,
        examples,
        usual: usual(&data_shares(&etl), etl.counts.input, &history.0),
        etl: Some(etl),
        predictions,
        manifest: Some(manifest),
        places,
    }
}

/// The account of a run that a stage broke off: always failed, told from whatever is there.
pub(crate) fn of_failure(evidence: PartialEvidence, cause: &FailedCause, places: Places, lang: Language) -> Account {
    let PartialEvidence { run_id, manifest, etl, predictions, jobs, examples, notes } = evidence;
    let diagnosis = diagnose(cause, &notes, lang);
    let (counts, files) = etl.as_ref().map(|etl| after_labelling(etl, &predictions)).unwrap_or_default();
    // The budget is judged elsewhere; only what was left out is of interest here.
    let notices = judge(counts, &files, &[], &Default::default(), lang).notices;
    let retrain = manifest.as_ref().map_or_else(Default::default, |m| m.configuration.retrain.clone());
    let prices = manifest.as_ref().map_or_else(Default::default, |m| m.configuration.cost.clone());
    let summary = Summary {
        findings: diagnosis.causes.iter().chain([&diagnosis.remedy]).cloned().chain(notices).collect(),
        files,
        rejected_by_reason: etl.as_ref().map(|etl| etl.rejected_by_reason.clone()).unwrap_or_default(),
        retrain_advice: no_advice(say!(lang, "The run did not come so far."), &retrain),
        cost: RunCost::of(&jobs, &prices, counts.input),
        ..labelled(run_id, counts, &predictions, None)
    };
    let headline = diagnosis.headline.clone();
    Account {
        language: lang,
        summary,
        headline,
        reasons: Vec::new(),
        remedy: None,
        failure: Some(diagnosis),
        etl,
        predictions,
        manifest,
        examples,
        usual: Vec::new(),
        places,
    }
}

impl Account {
    /// Records that no outcome accounts for: a stage broke off before it came to them, or they were lost.
    pub(crate) fn outstanding(&self) -> u64 {
        let Counts { input, ok, rejected, failed } = self.summary.counts;
        input.saturating_sub(ok + rejected + failed)
    }

    /// Reasons of rejection, the most frequent first.
    pub(crate) fn rejected_by_reason(&self) -> Vec<(RejectReason, u64)> {
        let mut reasons: Vec<_> =
            self.summary.rejected_by_reason.iter().map(|(&reason, &rows)| (reason, rows)).collect();
        reasons.sort_by_key(|&(reason, rows)| (std::cmp::Reverse(rows), reason));
        reasons
    }

    /// What is kept in mind of the run.
    pub(crate) fn record(&self, at: Timestamp) -> RunRecord {
        let summary = &self.summary;
        RunRecord {
            at,
            run_id: summary.run_id.clone(),
            verdict: summary.verdict,
            counts: summary.counts,
            model: summary.model.clone(),
            // Part of a run is no measure for other runs.
            profile: self.failure.is_none().then(|| self.predictions.tally.profile.clone()).filter(|it| it.rows > 0),
            shift: summary.drift.shift,
            mean_confidence: summary.mean_confidence,
            accuracy: summary.quality.as_ref().map(|quality| quality.metrics.accuracy),
            shares: self.etl.as_ref().map(data_shares).unwrap_or_default(),
            usd: summary.cost.as_ref().map(|cost| cost.usd),
            retrain: summary.retrain,
        }
    }

    /// Name of a class.
    pub(crate) fn class_name(&self, class: i8) -> String {
        self.summary.class_names.get(&class).cloned().unwrap_or_else(|| class.to_string())
    }
}

/// A failed summary with all that the predictions tell; what else there is to say is filled in by the caller.
fn labelled(run_id: RunId, counts: Counts, predictions: &Predictions, calibration_error: Option<f64>) -> Summary {
    let tally = &predictions.tally;
    let classes = predictions.labels.iter().flat_map(|labels| &labels.0);
    let mut predicted: BTreeMap<i8, u64> = classes.map(|class| (class.value, 0)).collect();
    predicted.extend(&tally.profile.predicted);
    let named = predicted.keys().chain(tally.marks.confusion.keys());
    let name =
        |class: i8| predictions.labels.as_ref().map_or_else(|| class.to_string(), |labels| labels.name_of(class));
    let class_names = named.map(|&class| (class, name(class))).collect();
    let estimate = |labels: &LabelMap| tally.expectations.estimate(labels, calibration_error);
    Summary {
        run_id,
        verdict: Verdict::Failed,
        findings: Vec::new(),
        counts,
        files: Vec::new(),
        rejected_by_reason: BTreeMap::new(),
        model: predictions.model.clone(),
        predicted,
        class_names,
        mean_confidence: tally.confidence.mean(),
        labelling: predictions.labelling.clone(),
        quality: tally.marks.quality(),
        estimated: predictions.labels.as_ref().and_then(estimate),
        drift: Drift::default(),
        cost: None,
        retrain: false,
        retrain_advice: RetrainAdvice::default(),
    }
}
