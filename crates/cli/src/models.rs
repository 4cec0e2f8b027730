//! `tamiz models`: what is registered, what is in use, and the way back.

use std::process::ExitCode;

use comfy_table::{Cell, CellAlignment};
use jiff::Timestamp;
use tamiz_domain::{ModelMetrics, Promotion};
use tamiz_models::{METRICS, Registry, Rollback};
use tamiz_ports::{Folder, ObjectUri};

use crate::error::CommandError;
use crate::table::table;

/// See which models there are, and take one back
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(List),
    Rollback(Back),
}

/// List every version of every name, what was decided about it, and which one is in use
#[derive(Debug, clap::Args)]
struct List {
    /// The folder of all models
    #[arg(long, env = "TAMIZ_MODELS", value_name = "URI")]
    models: ObjectUri,
    /// Only this name
    #[arg(long)]
    name: Option<String>,
}

/// Put an earlier version back into use: one swap of latest.json, and a verdict that says who did it
#[derive(Debug, clap::Args)]
struct Back {
    /// The folder of all models
    #[arg(long, env = "TAMIZ_MODELS", value_name = "URI")]
    models: ObjectUri,
    /// The name whose version is taken back
    #[arg(long)]
    name: String,
    /// The version to go back to; the champion before the one in use if not given
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    /// Why, for the verdict
    #[arg(long, value_name = "SENTENCE", default_value = "A person decided so and gave no reason.")]
    why: String,
    /// Who, for the verdict
    #[arg(long, env = "USER", value_name = "NAME", default_value = "a person")]
    by: String,
}

/// Lists or rolls back.
pub async fn models(arguments: Arguments) -> Result<ExitCode, CommandError> {
    match arguments.command {
        Command::List(arguments) => list(arguments).await,
        Command::Rollback(arguments) => roll_back(arguments).await,
    }
}

async fn open(models: &ObjectUri) -> Result<Folder, CommandError> {
    tamiz_aws::stores_for(&[models]).await.open(models).map_err(CommandError::stage)
}

#[expect(clippy::print_stdout, reason = "this is the command's data")]
async fn list(arguments: List) -> Result<ExitCode, CommandError> {
    let models = open(&arguments.models).await?;
    let names = match arguments.name {
        Some(name) => vec![name],
        None => models.list_folders("").await.map_err(CommandError::stage)?,
    };
    let mut table = table(["name", "version", "", "architecture", "accuracy", "rows", "decided", "by"]);
    for name in names {
        // A folder of another kind may lie there, too.
        let Ok(registry) = Registry::open(&models, &name) else { continue };
        for row in rows(&registry).await? {
            table.add_row(row);
        }
    }
    for column in [4, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

/// A line for each decision, oldest first; the version in use is marked where it came into use last.
async fn rows(registry: &Registry) -> Result<Vec<Vec<Cell>>, CommandError> {
    let latest = registry.latest().await.map_err(CommandError::stage)?.map(|latest| latest.pointer.version);
    let verdicts = registry.promotions().await.map_err(CommandError::stage)?;
    let in_use = verdicts.iter().rposition(|verdict| verdict.decision.swaps() && Some(&verdict.to) == latest.as_ref());
    let mut rows = Vec::new();
    for (at, verdict) in verdicts.iter().enumerate() {
        let metrics: Option<ModelMetrics> =
            registry.version(&verdict.to).read_json_if_exists(METRICS).await.map_err(CommandError::stage)?;
        let architecture = metrics.map(|metrics| metrics.architecture).unwrap_or_default();
        rows.push(row(registry.name(), verdict, in_use == Some(at), architecture));
    }
    Ok(rows)
}

fn row(name: &str, verdict: &Promotion, in_use: bool, architecture: String) -> Vec<Cell> {
    let accuracy = format!("{:.1}%", 100.0 * verdict.challenger.accuracy);
    let decided = format!("{} {}", verdict.decision.name(), verdict.at.strftime("%Y-%m-%d %H:%M"));
    let in_use = if in_use { "in use" } else { "" };
    [name, &verdict.to, in_use, &architecture, &accuracy, &verdict.challenger.rows.to_string(), &decided, &verdict.by]
        .map(Cell::new)
        .into()
}

#[expect(clippy::print_stdout, reason = "this is the command's data")]
async fn roll_back(arguments: Back) -> Result<ExitCode, CommandError> {
    let models = open(&arguments.models).await?;
    let registry = Registry::open(&models, &arguments.name).map_err(CommandError::stage)?;
    let Back { to, by, why, .. } = &arguments;
    let rollback = Rollback { to: to.as_deref(), by, why, at: Timestamp::now() };
    let verdict = registry.roll_back(&rollback).await.map_err(CommandError::stage)?;
    println!("{} is in use again, in the place of {}", verdict.to, verdict.from.as_deref().unwrap_or("none"));
    println!("model  {}", registry.version(&verdict.to).uri());
    Ok(ExitCode::SUCCESS)
}
