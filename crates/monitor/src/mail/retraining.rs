//! The mail about a retraining that failed.

use tamiz_domain::printable;
use tamiz_ports::{Mail, wrapped};

use super::{command, fitted, section};
use crate::diagnosis::Diagnosis;
use crate::places::Places;

/// Composes the mail: what failed and why, that nothing is broken, what to do, and the commands for it.
pub(crate) fn of_failed_retraining(diagnosis: &Diagnosis, places: &Places, execution: &str) -> Mail {
    let model = printable(&places.models.split_last().map_or_else(String::new, |(_, name)| name));
    let project = printable(&places.project);
    // The stage goes without saying here.
    let headline = diagnosis.headline.strip_prefix("retrain: ").unwrap_or(&diagnosis.headline);
    let causes = diagnosis.causes.iter().map(|cause| wrapped("  ", cause));
    let sections = [
        wrapped("", &format!("FAILED: {headline}. The model in use stays as it is.")),
        section(&format!("Retraining {model} failed."), causes),
        section("What to do", [wrapped("  ", &diagnosis.remedy)]),
        section(
            "Next command",
            [
                command("See what its log says:", places.log_command(diagnosis, "ERROR")),
                command("Retrain again, once the cause is gone:", places.retrain_command()),
            ],
        ),
        section(
            "Where to look",
            [
                format!("  models       {}/", printable(&places.models.to_string())),
                format!("  execution    {}", printable(execution)),
            ],
        ),
    ];
    Mail::new(&fitted(format!("[{project}] FAILED retraining of {model}: {headline}")), sections.join("\n\n") + "\n")
}
