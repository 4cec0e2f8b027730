//! The mail about a reconciliation that found something.

use tamiz_domain::printable;
use tamiz_ports::{Mail, ObjectUri, wrapped};

use super::findings::{Finding, Findings, Reconciled};

/// The mail about what was found below `input`.
pub(super) fn compose(project: &str, input: &ObjectUri, found: &Reconciled) -> Mail {
    let uploads = counted(found.found());
    let subject = format!("[{}] RECONCILED: {uploads} had no run", printable(project));
    let lead = format!(
        "RECONCILED: {uploads} of {} below {input} had no run. What can be read was announced again just now; its run comes \
         like that of any upload, with a mail of its own.",
        found.uploads
    );
    let kinds = [
        (
            &found.unannounced,
            "No event was settled for these",
            "Events are lost when the bucket's notification was changed or files were there before it; events that nobody could \
             settle lie in the dead-letter queue.",
        ),
        (
            &found.unstarted,
            "The run of these was planned and never started",
            "The dispatcher ended between the two steps, and the message that should have brought it back was lost.",
        ),
        (
            &found.refused,
            "The names of these cannot be read by any stage",
            "Upload the files again under names without control characters, empty parts, `.` or `..` parts. They are told \
             only once.",
        ),
    ];
    let kinds = kinds.into_iter().filter(|(findings, ..)| findings.count > 0);
    let sections = kinds.map(|(findings, heading, meaning)| section(findings, heading, meaning));
    let body = std::iter::once(wrapped("", &lead)).chain(sections).collect::<Vec<_>>().join("\n\n");
    Mail::new(&subject, body + "\n")
}

fn section(findings: &Findings, heading: &str, meaning: &str) -> String {
    let heading = format!("{heading} ({})", counted(findings.count));
    let more = findings.count - findings.first.len();
    let more = (more > 0).then(|| format!("  and {more} more"));
    let lines = findings.first.iter().map(line).chain(more);
    [heading].into_iter().chain(lines).chain([wrapped("  ", meaning)]).collect::<Vec<_>>().join("\n")
}

fn line(finding: &Finding) -> String {
    let at = finding.uploaded_at.map(|at| format!(" (uploaded {})", at.strftime("%Y-%m-%d %H:%M UTC")));
    let run = finding.run_id.as_ref().map(|run_id| format!(" (run {})", run_id.short()));
    format!("  {}{}{}", printable(&finding.uri), at.unwrap_or_default(), run.unwrap_or_default())
}

fn counted(uploads: usize) -> String {
    if uploads == 1 { "1 upload".to_owned() } else { format!("{uploads} uploads") }
}
