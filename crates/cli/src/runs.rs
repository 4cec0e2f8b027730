//! `tamiz runs`: the latest runs, and those that are under way.

use std::collections::BTreeSet;
use std::process::ExitCode;

use comfy_table::{Cell, CellAlignment};
use serde::Serialize;
use tamiz_domain::{RunId, RunRecord, Verdict};
use tamiz_monitor::figures::thousands;
use tamiz_monitor::history::latest;

use crate::error::CommandError;
use crate::output::{Format, put};
use crate::place::{Cloud, Place, Where};
use crate::table::table;

/// Executions under way that are looked for at most.
const MOST_OPEN: usize = 1_000;

/// See the latest runs, and those that are under way
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Where,
    /// Runs shown at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
    /// Only those that failed
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    format: Format,
}

/// What the command tells.
#[derive(Debug, Serialize)]
struct Runs {
    /// Ids of the runs under way, the latest first.
    under_way: Vec<RunId>,
    /// The reported ones, the latest first.
    reported: Vec<RunRecord>,
}

/// Lists the runs.
pub async fn runs(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let place = arguments.place.open(None).await?;
    let history = place.results.child(RunRecord::FOLDER);
    // Those that failed may be rare, so all are looked at.
    let most = if arguments.failed { usize::MAX } else { arguments.last };
    let mut reported = latest(&history, most, usize::MAX, BTreeSet::new()).await.map_err(CommandError::stage)?;
    reported.retain(|record| !arguments.failed || record.verdict == Verdict::Failed);
    reported.truncate(arguments.last);
    let runs = Runs { under_way: under_way(&place).await?, reported };
    put(&runs, arguments.format, || in_words(&runs))?;
    Ok(ExitCode::SUCCESS)
}

async fn under_way(place: &Place) -> Result<Vec<RunId>, CommandError> {
    let Some(Cloud { aws, deployment }) = &place.cloud else { return Ok(Vec::new()) };
    let workflow = aws.workflow(&deployment.state_machine_arn());
    let names = workflow.running(MOST_OPEN).await.map_err(CommandError::stage)?;
    // A retraining that a schedule asked for is no run.
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

fn in_words(runs: &Runs) -> String {
    if runs.under_way.is_empty() && runs.reported.is_empty() {
        return "no runs yet; `tamiz submit FILE` or an upload starts one".to_owned();
    }
    let mut table =
        table(["run", "reported", "verdict", "records", "labelled", "rejected", "accuracy", "drift", "cost", "model"]);
    for run_id in &runs.under_way {
        table.add_row([run_id.short(), "", "under way"]);
    }
    runs.reported.iter().for_each(|record| {
        table.add_row(row(record));
    });
    for at in [3, 4, 5, 6, 8] {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn row(record: &RunRecord) -> Vec<Cell> {
    let verdict = match record.verdict {
        Verdict::Ok => "ok",
        Verdict::Failed => "FAILED",
    };
    let counts = record.counts;
    let model = record.model.as_ref().map(|model| format!("{} {}", model.name, model.version));
    [
        record.run_id.short().to_owned(),
        record.at.strftime("%Y-%m-%d %H:%M").to_string(),
        verdict.to_owned(),
        thousands(counts.input),
        thousands(counts.ok),
        thousands(counts.rejected),
        record.accuracy.map(|accuracy| format!("{:.1}%", 100.0 * accuracy)).unwrap_or_default(),
        record.shift.map(|shift| shift.name().to_owned()).unwrap_or_default(),
        record.usd.map(|usd| format!("${usd:.4}")).unwrap_or_default(),
        model.unwrap_or_default(),
    ]
    .map(Cell::new)
    .into()
}
