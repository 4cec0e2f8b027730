//! `tamiz`: the people's command. Data on stdout, progress and errors on stderr.

mod deployed;
mod doctor;
mod error;
mod folder_run;
mod models;
mod profile;
mod reconcile;
mod replay;
mod run;
mod show;
mod stage_line;
mod table;
mod train;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tamiz_telemetry::{LogFormat, init_logs, shutdown_on_signals};

use crate::error::CommandError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Explores and labels reviews, trains models, and shows what came of it
#[derive(Parser)]
#[command(version, name = "tamiz")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// What to log on stderr beside the progress: a level, or directives such as `warn,tamiz_etl=debug` [default: warn;
    /// error for `profile`, which shows the warnings itself]
    #[arg(long, env = "TAMIZ_LOG", global = true)]
    log: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    Train(Box<train::Arguments>),
    Show(show::Arguments),
    Models(models::Arguments),
    Profile(profile::Arguments),
    Doctor(doctor::Arguments),
    Reconcile(reconcile::Arguments),
    Replay(replay::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match parse().await {
        Ok(cli) => {
            let usual = if matches!(cli.command, Command::Profile(_)) { "error" } else { "warn" };
            init_logs(LogFormat::Human, cli.log.as_deref().unwrap_or(usual));
            execute(cli.command).await.unwrap_or_else(|error| error.report())
        }
        Err(error) => error.report(),
    }
}

/// Parses the command line; that of a training with the flags that its files hold.
async fn parse() -> Result<Cli, CommandError> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let matches = Cli::command().get_matches_from(&arguments);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match (&cli.command, matches.subcommand()) {
        (Command::Train(train), Some((_, matches))) => {
            let stores = tamiz_aws::stores_for(&train.model_configuration()).await;
            tamiz_retrain::parse_with_files(arguments, matches, &*stores).await.map_err(CommandError::stage)
        }
        _ => Ok(cli),
    }
}

async fn execute(command: Command) -> Result<ExitCode, CommandError> {
    let shutdown = shutdown_on_signals().map_err(CommandError::Signals)?;
    match command {
        Command::Run(arguments) => run::run(arguments, shutdown).await,
        Command::Train(arguments) => train::train(*arguments, shutdown).await,
        Command::Show(arguments) => show::show(arguments).await,
        Command::Models(arguments) => models::models(arguments).await,
        Command::Profile(arguments) => profile::profile(arguments, shutdown).await,
        Command::Doctor(arguments) => doctor::doctor(arguments),
        Command::Reconcile(arguments) => reconcile::reconcile(arguments).await,
        Command::Replay(arguments) => replay::replay(arguments).await,
    }
}
