//! `tamiz results`: the labelled reviews of a run as one file, beside the columns that they came with.

mod cells;
mod join;
mod sink;

use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::HumanBytes;
use serde::Serialize;
use tamiz_monitor::figures::count_of;

use crate::error::CommandError;
use crate::output::{Format, put};
use crate::place::Where;
use crate::run_view::RunView;
use join::Join;
use sink::Sink;

/// Write the labelled reviews of a run into one file, with the columns of the cleaned input
///
/// Cells of a CSV file that a spreadsheet would take for a formula get an apostrophe in front.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The first digits of the run's id
    #[arg(value_name = "RUN")]
    run: String,
    /// The file to write; its ending says how: .csv, .jsonl or .parquet
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Columns in their order, with commas; without it all, but for the lists of words
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    columns: Vec<String>,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    format: Format,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    file: PathBuf,
    rows: u64,
    bytes: u64,
    columns: Vec<String>,
}

/// Writes the file; where something fails, there is none.
pub async fn results(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let Arguments { run, to, columns, place, format } = arguments;
    let place = place.open(None).await?;
    let run_id = place.run(&run).await?;
    let view = RunView::load(&place, &run_id).await?;
    let Some(etl) = view.etl.as_ref().filter(|etl| view.labelled_parts >= etl.num_shards) else {
        let message = format!("run {run_id} is {}; it has no results yet", view.progress().name());
        return Err(CommandError::Usage(message));
    };
    let (staging, results) = &view.folders;
    let join = Join::open(staging, results, etl, &columns).await?;
    let mut sink = Sink::create(&to, &join.schema)?;
    for shard in 0..etl.num_shards {
        let mut batches = join.part(shard).await?;
        while let Some(batch) = batches.next().await? {
            sink.write(&batch)?;
        }
    }
    let (rows, bytes) = sink.finish()?;
    let columns = join.schema.fields().iter().map(|field| field.name().clone()).collect();
    let written = Written { file: to, rows, bytes, columns };
    put(&written, format, || {
        format!("{} in {} ({})", count_of(rows, "review"), written.file.display(), HumanBytes(bytes))
    })?;
    Ok(ExitCode::SUCCESS)
}
