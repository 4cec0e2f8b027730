//! `tamiz report`: a run's page on the screen.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use serde::Serialize;
use tamiz_domain::RunLayout;
use tamiz_ports::ObjectUri;

use crate::error::CommandError;
use crate::output::{Format, put};
use crate::place::Where;

/// Programs that open a page, of most desktops.
const OPENERS: [&str; 3] = ["xdg-open", "open", "wslview"];

/// Fetch the report of a run, and open it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The first digits of the run's id
    #[arg(value_name = "RUN")]
    run: String,
    /// Open it in a browser
    #[arg(long)]
    open: bool,
    /// Where to put it [default: report-<RUN>.html; of a folder where it lies]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    format: Format,
}

/// Where the report is now.
#[derive(Debug, Serialize)]
struct Fetched {
    file: PathBuf,
}

/// Fetches, and opens.
pub async fn report(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let place = arguments.place.open(None).await?;
    let run_id = place.run(&arguments.run).await?;
    let folder = place.results.child(&RunLayout::run(&run_id));
    let page = folder.read(RunLayout::REPORT).await.map_err(CommandError::stage)?;
    let file = match (arguments.to, folder.uri()) {
        (None, ObjectUri::Local(folder)) => folder.join(RunLayout::REPORT),
        (to, _) => {
            let path = to.unwrap_or_else(|| format!("report-{}.html", run_id.short()).into());
            std::fs::write(&path, page).map_err(|source| CommandError::Write { path: path.clone(), source })?;
            path
        }
    };
    put(&Fetched { file: file.clone() }, arguments.format, || file.display().to_string())?;
    if arguments.open && !OPENERS.iter().any(|opener| is_opened(opener, &file)) {
        let message = format!(
            "no program here opens pages ({} were tried); open {} yourself",
            OPENERS.join(", "),
            file.display()
        );
        return Err(CommandError::Usage(message));
    }
    Ok(ExitCode::SUCCESS)
}

fn is_opened(opener: &str, file: &PathBuf) -> bool {
    let quiet =
        Command::new(opener).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}
