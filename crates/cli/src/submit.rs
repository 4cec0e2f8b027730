//! `tamiz submit`: files into the input bucket, and the runs that they become.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use object_store::ObjectStoreExt;
use object_store::buffered::BufWriter;
use serde::Serialize;
use tamiz_domain::{Claim, ObjectIdentity, RunId, STAGING_CLAIMS};
use tamiz_ports::{Folder, StoreError};
use tamiz_telemetry::{Progress, Shutdown};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::deployed::Deployed;
use crate::error::CommandError;
use crate::output::{Format, put};
use crate::place::{Cloud, Place};
use crate::stage_line::{self, Unit};
use crate::watch;

/// Bytes of a part of an upload.
const PART_BYTES: usize = 8 << 20;
/// How long the dispatcher is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks for a claim.
const PAUSE: Duration = Duration::from_secs(1);

/// Upload review files, and tell which run each became
///
/// Large files go up in parts, each with its SHA-256.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Review files: CSV, TSV, JSON Lines or Parquet; plain, gzip or zstd
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder below incoming/ to put them into
    #[arg(long, value_name = "FOLDER", default_value = "")]
    folder: String,
    /// Watch the runs until their end; ends with 3 where one is no success
    #[arg(long)]
    wait: bool,
    /// Upload, and do not wait for the runs to begin
    #[arg(long, conflicts_with = "wait")]
    detach: bool,
    /// Only tell where the files would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    deployed: Deployed,
    #[command(flatten)]
    format: Format,
}

/// An upload.
#[derive(Debug, Clone, Serialize)]
struct Submitted {
    file: PathBuf,
    uri: String,
    bytes: u64,
    /// The run that has it; none that began in time, or that was waited for.
    run_id: Option<RunId>,
}

/// Uploads one file after the other, then waits for all of their runs.
pub async fn submit(arguments: Arguments, shutdown: Shutdown) -> Result<ExitCode, CommandError> {
    let sizes = arguments.files.iter().map(|file| size(file)).collect::<Result<Vec<_>, _>>()?;
    let (aws, deployment) = arguments.deployed.find(None).await?;
    let stores = aws.stores();
    let open = |uri: String| stores.open_str(&uri).map_err(CommandError::stage);
    let input = open(deployment.input())?.child(&arguments.folder);
    let place = Place {
        staging: open(deployment.staging())?,
        results: open(deployment.results())?,
        cloud: Some(Cloud { aws, deployment }),
    };
    let mut submitted = Vec::new();
    for (file, bytes) in arguments.files.iter().zip(sizes) {
        let name = name(file)?;
        submitted.push(Submitted { file: file.clone(), uri: input.uri_of(&name), bytes, run_id: None });
        if !arguments.dry_run {
            upload(&input, &name, file, bytes).await?;
        }
    }
    if !arguments.dry_run && !arguments.detach {
        find_runs(&input, &place, &mut submitted, &shutdown).await?;
    }
    put(&submitted, arguments.format, || in_words(&submitted, &arguments))?;
    let mut code = ExitCode::SUCCESS;
    if arguments.wait {
        let mut runs: Vec<RunId> = submitted.iter().filter_map(|upload| upload.run_id.clone()).collect();
        runs.sort();
        runs.dedup();
        for run_id in runs {
            let ended = watch::until_the_end(&place, &run_id, arguments.format, shutdown.clone()).await?;
            code = if ended == ExitCode::SUCCESS { code } else { ended };
        }
    }
    Ok(code)
}

fn size(file: &Path) -> Result<u64, CommandError> {
    let fail = |source| CommandError::File { path: file.to_owned(), source };
    let meta = std::fs::metadata(file).map_err(fail)?;
    if meta.is_file() { Ok(meta.len()) } else { Err(fail(std::io::Error::other("it is no file"))) }
}

fn name(file: &Path) -> Result<String, CommandError> {
    let refused = || CommandError::Usage(format!("{} has no name that an upload could have", file.display()));
    file.file_name().and_then(|name| name.to_str()).map(str::to_owned).ok_or_else(refused)
}

async fn upload(input: &Folder, name: &str, file: &Path, bytes: u64) -> Result<(), CommandError> {
    let progress = Progress::default();
    progress.set_total(bytes);
    let copied = copy(input, name, file, progress.clone());
    let describe = |_: &()| format!("{} ({})", input.uri_of(name), ByteSize(bytes));
    stage_line::show("upload", Unit::Bytes, progress, copied, describe).await
}

async fn copy(input: &Folder, name: &str, file: &Path, progress: Progress) -> Result<(), CommandError> {
    let read_error = |source| CommandError::File { path: file.to_owned(), source };
    let mut source = tokio::fs::File::open(file).await.map_err(read_error)?;
    let mut target = BufWriter::with_capacity(input.store(), input.path(name), PART_BYTES);
    let write_error = |source: std::io::Error| CommandError::stage(upload_error(input.uri_of(name), source));
    let mut buffer = vec![0; PART_BYTES];
    loop {
        let read = source.read(&mut buffer).await.map_err(read_error)?;
        if read == 0 {
            return target.shutdown().await.map_err(write_error);
        }
        target.write_all(&buffer[..read]).await.map_err(write_error)?;
        progress.advance(read as u64);
    }
}

/// The store's own error where the writer carries one.
fn upload_error(uri: String, error: std::io::Error) -> StoreError {
    match error.downcast::<object_store::Error>() {
        Ok(error) => StoreError::of("upload", uri, error),
        Err(error) => StoreError::Unavailable { operation: "upload", uri, source: Box::new(error) },
    }
}

/// Waits until each upload is claimed by a run.
async fn find_runs(
    input: &Folder,
    place: &Place,
    submitted: &mut [Submitted],
    shutdown: &Shutdown,
) -> Result<(), CommandError> {
    let (begin, store) = (Instant::now(), input.store());
    while begin.elapsed() < PATIENCE && !shutdown.is_cancelled() {
        for upload in submitted.iter_mut().filter(|upload| upload.run_id.is_none()) {
            let path = input.path(&name(&upload.file)?);
            let told = store
                .head(&path)
                .await
                .map_err(|error| CommandError::stage(StoreError::of("look at", &upload.uri, error)))?;
            let etag = told.e_tag.unwrap_or_default().trim_matches('"').to_owned();
            let bucket = upload.uri.trim_start_matches("s3://").split('/').next().unwrap_or_default().to_owned();
            let identity = ObjectIdentity { bucket, key: path.to_string(), etag };
            let claim = format!("{STAGING_CLAIMS}/{}", Claim::file_name(&identity));
            let claim: Option<Claim> = place.staging.read_json_if_exists(&claim).await.map_err(CommandError::stage)?;
            upload.run_id = claim.map(|claim| claim.run_id);
        }
        if submitted.iter().all(|upload| upload.run_id.is_some()) {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = shutdown.cancelled() => {}
        }
    }
    Ok(())
}

fn in_words(submitted: &[Submitted], arguments: &Arguments) -> String {
    let line = |upload: &Submitted| match (&upload.run_id, arguments.dry_run) {
        (_, true) => format!("{} would go to {}", upload.file.display(), upload.uri),
        (Some(run_id), _) => format!("{}  run {}", upload.uri, run_id.short()),
        (None, _) if arguments.detach => upload.uri.clone(),
        (None, _) => format!("{}  no run yet; ask again with: tamiz explain {}", upload.uri, upload.uri),
    };
    submitted.iter().map(line).collect::<Vec<_>>().join("\n")
}
