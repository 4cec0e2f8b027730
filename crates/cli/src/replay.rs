//! `tamiz replay`: a run, a file, a refused event or the dead letters once more.

use std::process::ExitCode;

use bytesize::ByteSize;
use jiff::Timestamp;
use serde_json::{Value, json};
use tamiz_aws::{Aws, Deployment};
use tamiz_dispatcher::{Replay, ReplayedRun, configuration};
use tamiz_monitor::figures::count_of;
use tamiz_ports::ObjectUri;

use crate::deployed::Deployed;
use crate::error::CommandError;

/// Do again what was done or refused: a run, a file, a refused event, or all dead letters
///
/// A run or a file becomes a new run with results of its own; what the earlier run has written stays.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The first digits of a run's id, an uploaded file (s3://…), or the record of a refused event (s3://…/refused/….json)
    #[arg(value_name = "RUN|s3://…", required_unless_present = "dead_letters")]
    what: Option<String>,
    /// Move every event that was given up back into the queue
    #[arg(long, conflicts_with_all = ["what", "dry_run", "config"])]
    dead_letters: bool,
    #[command(flatten)]
    deployed: Deployed,
    /// Pipeline configuration of the new run (TOML), a later one of several overriding the earlier ones; without it that of
    /// the run which is replayed, or for a file the built-in one
    #[arg(long, value_name = "URI,…", value_delimiter = ',')]
    config: Vec<ObjectUri>,
    /// Only tell
    #[arg(long)]
    dry_run: bool,
    /// Tell it as one JSON object
    #[arg(long)]
    json: bool,
}

/// Replays.
#[expect(clippy::print_stdout, reason = "this is the command's data")]
pub async fn replay(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let what = arguments.what.as_deref().unwrap_or_default();
    let named = Deployment::project_of(what, "staging").or_else(|| Deployment::project_of(what, "input"));
    let (aws, deployment) = arguments.deployed.find(named).await?;
    let told = if arguments.dead_letters {
        dead_letters(&aws, &deployment).await?
    } else {
        again(what, &arguments, &aws, &deployment).await?
    };
    let printed = if arguments.json { told.json.to_string() } else { told.text };
    println!("{printed}");
    Ok(ExitCode::SUCCESS)
}

/// An answer for people and for programs.
struct Told {
    text: String,
    json: Value,
}

async fn dead_letters(aws: &Aws, deployment: &Deployment) -> Result<Told, CommandError> {
    let (from, to) = (aws.queue(&deployment.dead_letter_queue_url()), aws.queue(&deployment.queue_url));
    let moved = Replay::dead_letters(&from, &to).await.map_err(CommandError::stage)?;
    let text = match moved {
        0 => "there are no dead letters".to_owned(),
        moved => format!("{} back in the queue of uploads", count_of(moved as u64, "event")),
    };
    Ok(Told { text, json: json!({"moved": moved}) })
}

async fn again(what: &str, arguments: &Arguments, aws: &Aws, deployment: &Deployment) -> Result<Told, CommandError> {
    let stores = aws.stores();
    let workflow = aws.workflow(&deployment.state_machine_arn());
    let replay = Replay {
        staging: stores.open_str(&deployment.staging()).map_err(CommandError::stage)?,
        workflow: &workflow,
        salt: Timestamp::now().to_string(),
        dry_run: arguments.dry_run,
    };
    if let Some(name) = refusal(what, deployment) {
        let queue = aws.queue(&deployment.queue_url);
        let record = replay.refusal(name, &queue).await.map_err(CommandError::stage)?;
        let done = if arguments.dry_run { "would go" } else { "went" };
        let text = format!("the event {done} into the queue again; it was refused because {}", record.meaning);
        return Ok(Told { text, json: json!({"refused": record, "sent": !arguments.dry_run}) });
    }
    let configuration = match arguments.config.as_slice() {
        [] => None,
        files => Some(configuration(files, &*stores).await.map_err(CommandError::stage)?),
    };
    let run = if what.starts_with("s3://") {
        let place = stores.open_str(what).map_err(CommandError::stage)?;
        replay.object(&place, configuration.unwrap_or_default()).await
    } else {
        let run_id = replay.find(what).await.map_err(CommandError::stage)?;
        replay.run(&run_id, configuration).await
    };
    let run = run.map_err(CommandError::stage)?;
    Ok(Told { text: in_words(&run), json: json!(run) })
}

/// The name of a refusal, for the place of its record.
fn refusal<'a>(what: &'a str, deployment: &Deployment) -> Option<&'a str> {
    what.strip_prefix(&deployment.staging())?.strip_prefix("/refused/")?.strip_suffix(".json")
}

fn in_words(run: &ReplayedRun) -> String {
    let started = if run.started { "started" } else { "would be started" };
    let files = count_of(run.objects as u64, "file");
    format!("run {} {started}: {files}, {}", run.run_id, ByteSize(run.bytes))
}
