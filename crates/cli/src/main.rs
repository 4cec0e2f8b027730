//! `tamiz`: the people's command. Data on stdout, progress and errors on stderr.

mod completions;
mod cost;
mod deployed;
mod doctor;
mod error;
mod explain;
mod folder_run;
mod models;
mod output;
mod place;
mod profile;
mod reconcile;
mod replay;
mod report;
mod results;
mod run;
mod run_view;
mod runs;
mod show;
mod stage_line;
mod submit;
mod table;
mod train;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tamiz_aws::Choice;
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
    #[command(flatten)]
    aws: AwsFlags,
}

/// What is said of AWS here counts more than the environment.
#[derive(clap::Args)]
struct AwsFlags {
    /// AWS region, in place of AWS_REGION and the profile's
    #[arg(long, value_name = "REGION", global = true, help_heading = "AWS")]
    region: Option<String>,
    /// Profile of the AWS configuration files, in place of AWS_PROFILE
    #[arg(long, value_name = "NAME", global = true, help_heading = "AWS")]
    profile: Option<String>,
    /// URL in place of the AWS services' own, as AWS_ENDPOINT_URL
    #[arg(long, value_name = "URL", global = true, help_heading = "AWS")]
    endpoint_url: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    Submit(submit::Arguments),
    Runs(runs::Arguments),
    Watch(watch::Arguments),
    Explain(explain::Arguments),
    Results(results::Arguments),
    Report(report::Arguments),
    Cost(cost::Arguments),
    Replay(replay::Arguments),
    Reconcile(reconcile::Arguments),
    Run(run::Arguments),
    Show(show::Arguments),
    Profile(profile::Arguments),
    Train(Box<train::Arguments>),
    Models(models::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Completions),
    Man(completions::Man),
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
    let AwsFlags { region, profile, endpoint_url } = &cli.aws;
    Choice { region: region.clone(), profile: profile.clone(), endpoint_url: endpoint_url.clone() }.make();
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
        Command::Submit(arguments) => submit::submit(arguments, shutdown).await,
        Command::Runs(arguments) => runs::runs(arguments).await,
        Command::Watch(arguments) => watch::watch(arguments, shutdown).await,
        Command::Explain(arguments) => explain::explain(arguments).await,
        Command::Results(arguments) => results::results(arguments).await,
        Command::Report(arguments) => report::report(arguments).await,
        Command::Cost(arguments) => cost::cost(arguments).await,
        Command::Completions(arguments) => completions::completions(&arguments, Cli::command()),
        Command::Man(arguments) => completions::man(&arguments, Cli::command()),
    }
}
