//! `tamiz profile`: what the data of a file is like, before anything is done with it.
//!
//! It runs the real cleaning into a temporary folder and reads back what that wrote, so it shows what `tamiz run` would
//! work with: in the terminal, and on a page of its own.

mod cleaned;
mod figures;
mod findings;
mod lengths;
mod names;
mod page;
mod parts;
mod print;
mod problems;
mod shards;
mod words;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tamiz_domain::{Configuration, EtlReport, ExitCode as Code, Manifest, PartEntry, RunLayout};
use tamiz_ports::{FolderStores, ObjectUri, Stores};
use tamiz_telemetry::Shutdown;

use crate::error::CommandError;
use crate::profile::figures::Profile;
use crate::{folder_run, run};

/// Explore review files: columns, labels, lengths, languages, repeated texts, words, problems, and what cleaning does
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Review files, in any format that `run` reads
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Pipeline configuration; see configs/pipeline.toml for every key. Of several, a later one overrides the earlier ones
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Where the page goes; <file name>.profile.html in the working directory by default
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Threads of the cleaning; all cores by default
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// Profiles files. Ends with exit code 3 where not one record is usable; the page says why.
pub async fn profile(arguments: Arguments, shutdown: Shutdown) -> Result<ExitCode, CommandError> {
    let configuration = folder_run::configuration(&arguments.config)?;
    let manifest = folder_run::plan(&arguments.files, configuration)?;
    let folder = tempfile::tempdir().map_err(CommandError::System)?;
    let report = clean(&manifest, folder.path(), arguments.threads, shutdown).await?;
    let profile = gather(&report, folder.path(), &manifest.configuration)?;
    let html = arguments.html.unwrap_or_else(|| default_page(&arguments.files));
    std::fs::write(&html, page::render(&profile))
        .map_err(|source| CommandError::Write { path: html.clone(), source })?;
    if arguments.json {
        print::json(&profile)?
    } else {
        print::text(&profile, &html)
    }
    let code = if report.counts.ok > 0 { Code::Done } else { Code::Input };
    Ok(ExitCode::from(code.code()))
}

async fn clean(
    manifest: &Manifest,
    folder: &Path,
    threads: Option<NonZeroUsize>,
    shutdown: Shutdown,
) -> Result<EtlReport, CommandError> {
    let stores: Arc<dyn Stores> = Arc::new(FolderStores::default());
    let uri = ObjectUri::Local(folder.to_owned());
    let output = stores.open(&uri).map_err(CommandError::stage)?;
    output.write_json(RunLayout::MANIFEST, manifest).await.map_err(CommandError::stage)?;
    // Whether users are there is shown, who they are is not: any key will do for what is deleted in a moment.
    let user_key = "a key for rows that nobody keeps".parse().ok();
    run::clean(&stores, &uri, threads, user_key, shutdown).await?;
    output.read_json(RunLayout::ETL).await.map_err(CommandError::stage)
}

/// Reads back what the cleaning wrote.
fn gather(report: &EtlReport, folder: &Path, configuration: &Configuration) -> Result<Profile, CommandError> {
    let parts = |entries: &[PartEntry]| entries.iter().map(|part| folder.join(&part.path)).collect::<Vec<_>>();
    let (shards, rejected) = (parts(&report.shards), parts(&report.rejected));
    let rows = shards::read(&shards, report.counts.ok)?;
    let problems = problems::read(&rejected, &report.rejected_by_reason)?;
    Ok(Profile::new(report, rows, problems, configuration))
}

/// `reviews.csv.gz` is profiled in `reviews.csv.gz.profile.html`, wherever it lies.
fn default_page(files: &[PathBuf]) -> PathBuf {
    let name = files.first().and_then(|file| file.file_name()).unwrap_or_default();
    PathBuf::from(format!("{}.profile.html", name.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_named_after_the_first_file() {
        let files = [PathBuf::from("../in/reviews.csv.gz"), PathBuf::from("b.csv")];
        assert_eq!(default_page(&files), PathBuf::from("reviews.csv.gz.profile.html"));
    }
}
