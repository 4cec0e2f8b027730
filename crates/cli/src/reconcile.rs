//! `tamiz reconcile`: uploads that no run has.

use std::process::ExitCode;
use std::sync::Arc;

use bytesize::ByteSize;
use jiff::{SignedDuration, Timestamp};
use tamiz_dispatcher::{Finding, Findings, Reconciled, Reconciliation};
use tamiz_domain::printable;
use tamiz_monitor::figures::{count_of, thousands};
use tamiz_ports::ObjectUri;

use crate::deployed::Deployed;
use crate::error::CommandError;

/// Find uploads that no run has, and announce them; their runs come as those of any upload
///
/// Compares every upload that the input bucket holds with claims and runs. The deployment does so once a day by itself.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    deployed: Deployed,
    /// An upload younger than this is not missed yet: its event may still be on its way
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    older_than: SignedDuration,
    /// Only tell
    #[arg(long)]
    dry_run: bool,
    /// Tell it as one JSON object
    #[arg(long)]
    json: bool,
}

/// Compares and announces.
pub async fn reconcile(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let (aws, deployment) = arguments.deployed.find(None).await?;
    let place = |uri: String| uri.parse::<ObjectUri>().map_err(|error| CommandError::Usage(error.to_string()));
    let reconciliation = Reconciliation {
        staging: aws.stores().open(&place(deployment.staging())?).map_err(CommandError::stage)?,
        uploads: Arc::new(aws.uploads(&place(deployment.input())?).map_err(CommandError::stage)?),
        queue: Arc::new(aws.queue(&deployment.queue_url)),
        workflow: Arc::new(aws.workflow(&deployment.state_machine_arn())),
        older_than: arguments.older_than,
        dry_run: arguments.dry_run,
    };
    let found = reconciliation.run(Timestamp::now()).await.map_err(CommandError::stage)?;
    show(&found, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "this is the command's data")]
fn show(found: &Reconciled, json: bool) -> Result<(), CommandError> {
    if json {
        let json = serde_json::to_string_pretty(found).map_err(|error| CommandError::System(error.into()))?;
        println!("{json}");
        return Ok(());
    }
    let looked_at = count_of(found.uploads as u64, "upload");
    let young = match found.too_young {
        0 => String::new(),
        young => format!(", {} of them too young to be missed", thousands(young as u64)),
    };
    if found.is_clean() {
        println!("{looked_at} looked at{young}: each is in a run, or recorded as refused");
        return Ok(());
    }
    println!("{looked_at} looked at{young}");
    let done = if found.dry_run { "would be announced" } else { "announced" };
    let recorded = if found.dry_run { "would be recorded as refused" } else { "recorded as refused" };
    print("in no run", done, &found.unannounced);
    print("whose run was planned and never started", done, &found.unstarted);
    print("under names that no stage can read", recorded, &found.refused);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is the command's data")]
fn print(kind: &str, done: &str, findings: &Findings) {
    if findings.count == 0 {
        return;
    }
    let uploads = count_of(findings.count as u64, "upload");
    println!("\n{uploads} {kind} ({}), {done}:", ByteSize(findings.bytes));
    for Finding { uri, version_id, run_id, .. } in &findings.first {
        let version = version_id.as_ref().map(|version| format!("  version {version}")).unwrap_or_default();
        let run = run_id.as_ref().map(|run_id| format!("  run {}", run_id.short())).unwrap_or_default();
        println!("  {}{}{run}", printable(uri), printable(&version));
    }
    let more = findings.count - findings.first.len();
    if more > 0 {
        println!("  and {} more", thousands(more as u64));
    }
}
