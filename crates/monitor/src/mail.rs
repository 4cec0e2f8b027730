//! The one mail of a run: plain text, verdict first, for an operator who reads it at three in the morning.

mod changes;
mod retraining;
mod text;

use tamiz_domain::{FileReport, RejectReason, RunLayout, Verdict, printable};
use tamiz_ports::{Mail, wrapped};

use crate::account::Account;
use crate::cost::in_words;
use crate::figures::{capitalised, count_of, percent, share, source_name, thousands};
use text::table;

pub(crate) use retraining::of_failed_retraining;

/// Files listed at most; the report lists them all.
const MAX_FILES: usize = 20;

/// Composes the mail. It holds counts, names and places, never the text of a review.
pub(crate) fn compose(account: &Account) -> Mail {
    let sections = [
        Some(opening(account)),
        failure(account),
        reasons(account),
        records(account),
        classes(account),
        accuracy(account),
        changes::drift(account),
        changes::since_last_runs(account),
        left_out(account),
        rejected(account),
        retraining(account),
        cost(account),
        next(account),
        Some(places(account)),
    ];
    let body = sections.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    Mail::new(&subject(account), body + "\n")
}

fn verdict(account: &Account) -> &'static str {
    match account.summary.verdict {
        Verdict::Ok => "OK",
        Verdict::Failed => "FAILED",
    }
}

fn subject(account: &Account) -> String {
    let project = printable(&account.places.project);
    let run = account.summary.run_id.short();
    fitted(format!("[{project}] {} run {run}: {}", verdict(account), account.headline))
}

/// A subject as long as it may be, cut where a reader sees that it was cut.
fn fitted(subject: String) -> String {
    if subject.chars().count() <= Mail::SUBJECT_LIMIT {
        return subject;
    }
    subject.chars().take(Mail::SUBJECT_LIMIT - 3).chain("...".chars()).collect()
}

fn section(heading: &str, lines: impl IntoIterator<Item = String>) -> String {
    std::iter::once(heading.to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

/// A command on a line of its own, and what it is for.
fn command(lead: &str, command: String) -> String {
    format!("{}\n    {command}", wrapped("  ", lead))
}

fn opening(account: &Account) -> String {
    wrapped("", &format!("{}: {}.", verdict(account), account.headline))
}

fn failure(account: &Account) -> Option<String> {
    let failure = account.failure.as_ref()?;
    let lead = format!("Run {} stopped at the stage {}.", account.summary.run_id.short(), failure.stage);
    let causes = failure.causes.iter().map(|cause| wrapped("  ", cause));
    let cause = section(&lead, causes);
    Some(format!("{cause}\n\n{}", section("What to do", [wrapped("  ", &failure.remedy)])))
}

fn reasons(account: &Account) -> Option<String> {
    let reasons = &account.reasons;
    let more = reasons.len().saturating_sub(MAX_FILES);
    let more = (more > 0).then(|| format!("  and {} in the report", count_of(more as u64, "more difference")));
    let listed = reasons.iter().take(MAX_FILES).map(|reason| wrapped("  ", reason));
    (!reasons.is_empty()).then(|| section("Why it failed", listed.chain(more)))
}

fn records(account: &Account) -> Option<String> {
    account.etl.as_ref()?;
    let counts = account.summary.counts;
    let row = |name: &str, records| vec![name.to_owned(), thousands(records), percent(share(records, counts.input))];
    let mut rows = vec![
        vec!["read".to_owned(), thousands(counts.input)],
        row("labelled", counts.ok),
        row("rejected", counts.rejected),
        row("failed", counts.failed),
    ];
    if account.outstanding() > 0 {
        rows.push(row("not labelled", account.outstanding()));
    }
    Some(section("Records", [table(&rows)]))
}

fn classes(account: &Account) -> Option<String> {
    let predicted = &account.summary.predicted;
    let total: u64 = predicted.values().sum();
    if total == 0 {
        return None;
    }
    let row = |(&class, &rows): (&i8, &u64)| {
        vec![printable(&account.class_name(class)), thousands(rows), percent(share(rows, total))]
    };
    let rows: Vec<_> = predicted.iter().map(row).collect();
    let confidence = account.summary.mean_confidence.map(|mean| format!("  Mean confidence {mean:.2}."));
    Some(section("Predicted classes", [table(&rows)].into_iter().chain(confidence)))
}

fn accuracy(account: &Account) -> Option<String> {
    let Some(quality) = &account.summary.quality else { return estimated(account) };
    let metrics = &quality.metrics;
    let (low, high) = metrics.accuracy_interval();
    let lead = format!(
        "{} of {} predicted as they are labelled ({} to {} with 95% confidence); macro F1 {:.3}.",
        percent(metrics.accuracy),
        count_of(metrics.rows, "labelled review"),
        percent(low),
        percent(high),
        metrics.macro_f1
    );
    let head = ["", "precision", "recall", "F1", "reviews"].map(str::to_owned).to_vec();
    let rows = metrics.classes.iter().map(|(&class, figures)| {
        vec![
            printable(&account.class_name(class)),
            percent(figures.precision),
            percent(figures.recall),
            format!("{:.3}", figures.f1),
            thousands(figures.support),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    Some(section("Accuracy", [wrapped("  ", &lead), table(&rows)]))
}

/// What the model's own scores say where no labels came.
fn estimated(account: &Account) -> Option<String> {
    let estimated = account.summary.estimated?;
    let line = format!(
        "About {} by the model's own scores ({} to {}); no labels came to check it.",
        percent(estimated.accuracy),
        percent(estimated.low),
        percent(estimated.high)
    );
    Some(section("Accuracy, estimated", [wrapped("  ", &line)]))
}

fn left_out(account: &Account) -> Option<String> {
    let problems: Vec<&FileReport> = account.summary.files.iter().filter(|file| file.problem.is_some()).collect();
    let more = problems.len().saturating_sub(MAX_FILES);
    let more = (more > 0).then(|| format!("  and {} in the report", count_of(more as u64, "more file")));
    let listed = problems.iter().take(MAX_FILES).filter_map(|file| problem(file));
    (!problems.is_empty()).then(|| section("Left out", listed.chain(more)))
}

fn problem(file: &FileReport) -> Option<String> {
    let problem = file.problem.as_ref()?;
    let detail = match problem.detail.as_str() {
        "" => String::new(),
        detail => format!(" ({})", printable(detail)),
    };
    let used = match file.counts.ok {
        0 => "nothing of it was used".to_owned(),
        ok => format!("{} of it labelled", count_of(ok, "record")),
    };
    let what = format!("{}{detail}; {used}.", capitalised(problem.reason.meaning()));
    let lines = [wrapped("    ", &what), wrapped("    ", problem.reason.remedy())];
    Some(section(&format!("  {}", source_name(&file.source)), lines))
}

fn rejected(account: &Account) -> Option<String> {
    let entry = |(reason, records): (RejectReason, u64)| {
        let head = format!("  {}  {}", thousands(records), reason.code());
        section(&head, [wrapped("    ", &format!("{}. {}", capitalised(reason.meaning()), reason.remedy()))])
    };
    let reasons = account.rejected_by_reason();
    (!reasons.is_empty()).then(|| section("Rejected records by reason", reasons.into_iter().map(entry)))
}

fn retraining(account: &Account) -> Option<String> {
    let advice = &account.summary.retrain_advice;
    let outcome =
        if account.summary.retrain { " A new model is trained now; a mail of its own will tell." } else { "" };
    (advice.new_labels > 0 || advice.in_need)
        .then(|| section("Retraining", [wrapped("  ", &format!("{}{outcome}", capitalised(&advice.reason)))]))
}

/// What the jobs cost, in one line, and what was paid twice in another.
fn cost(account: &Account) -> Option<String> {
    let cost = account.summary.cost.as_ref()?;
    Some(section("Cost", [wrapped("  ", &in_words(cost, account.language))]))
}

fn next(account: &Account) -> Option<String> {
    let places = &account.places;
    if let Some(failure) = &account.failure {
        let lead = if places.run.is_s3() { "See what is there:" } else { "Do the stage again by hand:" };
        let run_id = account.summary.run_id.as_str();
        let first = command(lead, places.next_command(failure, run_id));
        let again = places.again_command(run_id).map(|again| command("Run it again, once the cause is gone:", again));
        return Some(section("Next command", std::iter::once(first).chain(again)));
    }
    let report = command("The report shows every figure:", places.report_command());
    match &account.remedy {
        Some(remedy) => Some(section("What to do", [wrapped("  ", remedy), report])),
        None => Some(section("Next command", [report])),
    }
}

fn places(account: &Account) -> String {
    let (run, results) = (&account.places.run, &account.places.results);
    let mut rows = Vec::new();
    let mut place = |name: &str, place: String| rows.push(format!("  {name:<13}{}", printable(&place)));
    if let Some(model) = &account.summary.model {
        place("model", format!("{} {}", model.name, model.version));
    }
    place("run", account.summary.run_id.to_string());
    place("report", results.join(RunLayout::REPORT).to_string());
    if !account.predictions.parts.is_empty() {
        place("predictions", format!("{}/", results.join(RunLayout::PREDICTIONS)));
    }
    if account.summary.counts.rejected > 0 {
        place("rejected", format!("{}/", run.join(RunLayout::REJECTED)));
    }
    section("Where to look", rows)
}
