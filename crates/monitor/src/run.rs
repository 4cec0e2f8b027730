//! From what a run left behind to its report, its mail and `summary.json`, in that order.

use std::sync::Arc;

use jiff::Timestamp;
use tamiz_domain::{FailedCause, RunLayout, Summary, Verdict};
use tamiz_ports::{Created, Folder, Mailer};
use tamiz_telemetry::{Metric, Shutdown, emit};

use tracing::Instrument;

use crate::account::{self, Account};
use crate::evidence::{gather, gather_partially};
use crate::language::Language;
use crate::places::Places;
use crate::{Deps, MonitorError, Settings, history, mail, report};

/// Reports a run: writes `report.html`, sends the mail, commits `summary.json`. A run that went wrong is reported
/// as failed, which is no error. A run whose `summary.json` is there already is left as it is.
///
/// # Errors
/// [`MonitorError`] when the run could not be reported; nothing is committed then.
pub async fn run(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<Summary, MonitorError> {
    // Dropping the work at any point is safe: without summary.json the next attempt does all of it again.
    tokio::select! {
        biased;
        () = shutdown.cancelled() => Err(MonitorError::Stopped),
        reported = report_once(&settings, &deps).instrument(tracing::info_span!("job", stage = "monitor")) => reported,
    }
}

async fn report_once(settings: &Settings, deps: &Deps) -> Result<Summary, MonitorError> {
    let results = deps.stores.open(&settings.results)?;
    let cause = settings.failed_cause.as_ref().map(|failure| &failure.0);
    if let Some(summary) = results.read_json_if_exists::<Summary>(RunLayout::SUMMARY).await? {
        log_already_reported(&summary, cause);
        return Ok(summary);
    }
    let places = Places::of(settings);
    let now = (deps.now)();
    let (account, page) = match cause {
        None => {
            let evidence = gather(settings, deps, now).await?;
            told(settings.language, |lang| account::of_run(evidence.clone(), places.clone(), now, lang))
        }
        Some(cause) => {
            let evidence = gather_partially(settings, deps).await?;
            told(settings.language, |lang| account::of_failure(evidence.clone(), cause, places.clone(), lang))
        }
    };
    let history = history::folder(deps.stores.as_ref(), &settings.results)?;
    publish(account, page, &results, history.map(|folder| (folder, now)), deps.mailer.as_ref()).await
}

/// The account in English, for mail and summary, and the page in a language of its own.
fn told(language: Language, account_in: impl Fn(Language) -> Account) -> (Account, String) {
    let account = account_in(Language::English);
    let page = match language {
        Language::English => report::render(&account),
        other => report::render(&account_in(other)),
    };
    (account, page)
}

/// Report, then mail, then the record for later runs, then `summary.json`, create-only and last.
///
/// The mail goes out before the commit, so at least once: a crash between the two sends it again at the next
/// attempt. The other order could lose it, and an operator who reads the same mail twice is better off than one
/// who reads none.
async fn publish(
    account: Account,
    page: String,
    results: &Folder,
    history: Option<(Folder, Timestamp)>,
    mailer: Option<&Arc<dyn Mailer>>,
) -> Result<Summary, MonitorError> {
    results.write(RunLayout::REPORT, page).await?;
    let mail = mail::compose(&account);
    if let Some(mailer) = mailer {
        mailer.send(account.summary.run_id.as_str(), &mail).await?;
    }
    if let Some((folder, now)) = history {
        let record = account.record(now);
        folder.create_json(&record.name(), &record).await?;
    }
    match results.create_json(RunLayout::SUMMARY, &account.summary).await? {
        Created::New => {
            tell(&account, mail.subject());
            Ok(account.summary)
        }
        // Another monitor of the same run was faster; its word stands.
        Created::Exists => Ok(results.read_json(RunLayout::SUMMARY).await?),
    }
}

/// A failure that comes after the report (the state machine could not read `summary.json`, say) does not make a
/// second mail that contradicts the first: predictions and report are complete and stay as they were told. The
/// failed execution and this line are what is left of it.
fn log_already_reported(summary: &Summary, cause: Option<&FailedCause>) {
    let run_id = summary.run_id.as_str();
    match (cause, summary.verdict) {
        (Some(cause), Verdict::Ok) => {
            let cause = serde_json::to_string(cause).unwrap_or_default();
            tracing::error!(run_id, stage = "monitor", cause, "a failure after the run was reported as ok");
        }
        _ => tracing::info!(run_id, stage = "monitor", "reported before"),
    }
}

/// The run's one log line and its metrics, after the commit, so that a repeated attempt does not count twice.
fn tell(account: &Account, subject: &str) {
    let summary = &account.summary;
    let (run_id, counts) = (summary.run_id.as_str(), summary.counts);
    tracing::info!(
        run_id,
        stage = "monitor",
        verdict = if summary.verdict == Verdict::Ok { "ok" } else { "failed" },
        records = counts.input,
        ok = counts.ok,
        rejected = counts.rejected,
        failed = counts.failed,
        retrain = summary.retrain,
        report = account.places.results.join(RunLayout::REPORT).to_string(),
        subject,
        "run reported"
    );
    if account.etl.is_some() {
        emit("monitor", Some(run_id), &metrics(summary));
    }
}

fn metrics(summary: &Summary) -> Vec<(Metric, f64)> {
    let counts = summary.counts;
    let mut values = vec![
        (Metric::RecordsRead, counts.input as f64),
        (Metric::RecordsRejected, counts.rejected as f64),
        (Metric::RejectedShare, counts.rejected_share() * 100.0),
        (Metric::RowsLabelled, counts.ok as f64),
        (Metric::RowsFailed, counts.failed as f64),
    ];
    values.extend(summary.mean_confidence.map(|mean| (Metric::MeanConfidence, mean)));
    let metrics = summary.quality.as_ref().map(|quality| &quality.metrics);
    values.extend(metrics.map(|metrics| (Metric::Accuracy, metrics.accuracy * 100.0)));
    values.extend(metrics.and_then(|metrics| metrics.log_loss).map(|loss| (Metric::LogLoss, loss)));
    values.extend(summary.estimated.map(|estimated| (Metric::EstimatedAccuracy, estimated.accuracy * 100.0)));
    if summary.drift.shift.is_some() {
        let largest = summary.drift.features.iter().map(|feature| feature.psi).fold(0.0, f64::max);
        values.push((Metric::DriftIndex, largest));
        values.push((Metric::FeaturesDrifted, summary.drift.findings().len() as f64));
    }
    if let Some(cost) = &summary.cost {
        values.push((Metric::RunCost, cost.usd));
        values.push((Metric::WastedAttempts, cost.wasted_attempts as f64));
    }
    values.push((Metric::NewLabels, summary.retrain_advice.new_labels as f64));
    values.push((Metric::RetrainingsWanted, f64::from(u8::from(summary.retrain))));
    values
}
