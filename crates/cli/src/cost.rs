//! `tamiz cost`: what runs cost, by day.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use comfy_table::CellAlignment;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tamiz_domain::RunRecord;
use tamiz_monitor::figures::thousands;
use tamiz_monitor::history::latest;

use crate::error::CommandError;
use crate::output::{Format, put};
use crate::place::Where;
use crate::table::table;

/// See what the runs cost, day by day: the jobs that cleaned and labelled, at the prices of the configuration
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Where,
    /// How far to look back, such as 7d or 36h
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration)]
    since: SignedDuration,
    #[command(flatten)]
    format: Format,
}

/// A duration in which a day has 24 hours.
pub fn duration(text: &str) -> Result<SignedDuration, String> {
    let refused = || format!("`{text}` is no duration; write 36h, 7d or 2w");
    let (number, hours) = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((number, "d")) => (number, 24),
        Some((number, "w")) => (number, 168),
        _ => return text.parse().map_err(|_| refused()),
    };
    let hours = number.parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(hours));
    hours.map(SignedDuration::from_hours).ok_or_else(refused)
}

/// What the runs of a day, or of all days, cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Spent {
    runs: u64,
    /// Runs whose cost nobody knows: on a folder, or reported after Batch had forgotten their jobs.
    runs_without_cost: u64,
    records: u64,
    usd: f64,
}

impl Spent {
    fn add(&mut self, record: &RunRecord) {
        self.runs += 1;
        self.runs_without_cost += u64::from(record.usd.is_none());
        self.records += record.counts.input;
        self.usd += record.usd.unwrap_or_default();
    }

    /// In words; nothing where nobody knows.
    fn usd_in_words(&self) -> String {
        if self.runs == self.runs_without_cost { String::new() } else { format!("${:.4}", self.usd) }
    }

    /// US dollars for a million records; none for none, or where the cost of some is not known.
    fn usd_per_million(&self) -> Option<f64> {
        (self.records > 0 && self.runs_without_cost == 0).then(|| self.usd * 1e6 / self.records as f64)
    }
}

/// What the command tells.
#[derive(Debug, Default, Serialize)]
struct Costs {
    days: BTreeMap<String, Spent>,
    total: Spent,
}

/// Adds up.
pub async fn cost(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let place = arguments.place.open(None).await?;
    let first = Timestamp::now().checked_sub(arguments.since).unwrap_or(Timestamp::MIN);
    let days = usize::try_from(arguments.since.as_hours() / 24 + 2).unwrap_or(usize::MAX);
    let history = place.results.child(RunRecord::FOLDER);
    let records = latest(&history, usize::MAX, days, BTreeSet::new()).await.map_err(CommandError::stage)?;
    let costs = added(records.iter().filter(|record| record.at >= first));
    put(&costs, arguments.format, || in_words(&costs))?;
    Ok(ExitCode::SUCCESS)
}

fn added<'a>(records: impl Iterator<Item = &'a RunRecord>) -> Costs {
    let mut costs = Costs::default();
    for record in records {
        costs.days.entry(record.at.strftime("%Y-%m-%d").to_string()).or_default().add(record);
        costs.total.add(record);
    }
    costs
}

fn in_words(costs: &Costs) -> String {
    if costs.days.is_empty() {
        return "no run was reported in that time".to_owned();
    }
    let mut table = table(["day", "runs", "records", "cost", "for a million"]);
    let days = costs.days.iter().map(|(day, spent)| (day.as_str(), spent));
    for (day, spent) in days.chain([("all", &costs.total)]) {
        let million = spent.usd_per_million().map(|usd| format!("${usd:.2}")).unwrap_or_default();
        table.add_row([day.to_owned(), thousands(spent.runs), thousands(spent.records), spent.usd_in_words(), million]);
    }
    for at in 1..5 {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let unknown = match costs.total.runs_without_cost {
        0 => String::new(),
        runs => format!("\n\nof {} the cost is not known", tamiz_monitor::figures::count_of(runs, "run")),
    };
    format!("{}{unknown}", table.trim_fmt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_may_be_of_days_and_weeks() {
        assert_eq!(duration("7d"), Ok(SignedDuration::from_hours(168)));
        assert_eq!(duration("2w"), Ok(SignedDuration::from_hours(336)));
        assert_eq!(duration("36h"), Ok(SignedDuration::from_hours(36)));
        for wrong in ["", "d", "7 apples", "-3d", "99999999999d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
