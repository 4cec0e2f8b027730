//! `tamiz run`: all stages in one process on a folder, no AWS.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tamiz_domain::{ExitCode as Code, Manifest, RunLayout, Summary, Verdict};
use tamiz_etl::UserKey;
use tamiz_models::{DeviceChoice, Precision, resolve};
use tamiz_monitor::language::Language;
use tamiz_ports::{FolderMailer, ObjectUri, Stores};
use tamiz_telemetry::{Progress, Shutdown};

use crate::error::CommandError;
use crate::stage_line::{self, Unit};
use crate::{folder_run, show};

/// Label review files: clean, label and report in this process, into a folder
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Review files: CSV, TSV or JSON Lines, plain, gzip or zstd
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A model version's folder, or a name's folder (then latest.json decides)
    #[arg(long, value_name = "URI")]
    model: ObjectUri,
    /// Folder for the results; each run has its own folder below runs/
    #[arg(long, value_name = "DIR")]
    out: ObjectUri,
    /// Pipeline configuration; see configs/pipeline.toml for every key. Of several, a later one overrides the earlier ones
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Threads of the cleaning; all cores by default
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Secret key of the hash that is written instead of a user id; without it that column stays empty
    #[arg(long, env = "TAMIZ_USER_KEY", value_name = "KEY", hide_env_values = true)]
    user_key: Option<UserKey>,
    /// auto, cpu or cuda; `cuda` refuses to run without a GPU
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// auto, f32 or bf16
    #[arg(long, default_value = "auto")]
    precision: Precision,
    /// Labelled reviews shown at the end
    #[arg(long, default_value_t = 5, value_name = "N")]
    rows: usize,
    /// Language of report.html
    #[arg(long = "lang", env = "TAMIZ_LANG", value_name = "LANGUAGE", default_value = "en")]
    language: Language,
}

/// Runs all stages and shows the result. A run that is no success ends with exit code 3.
pub async fn run(arguments: Arguments, shutdown: Shutdown) -> Result<ExitCode, CommandError> {
    let stores = tamiz_aws::stores_for(&[&arguments.model, &arguments.out]).await;
    let manifest = folder_run::plan(&arguments.files, folder_run::configuration(&arguments.config)?)?;
    let folder =
        Pipeline { stores: stores.clone(), run: arguments.out.join(&RunLayout::run(&manifest.run_id)), shutdown };
    let summary = folder.run(&manifest, &arguments).await?;
    show::print(&*stores, &folder.run, &summary, arguments.rows).await?;
    let code = if summary.verdict == Verdict::Ok { Code::Done } else { Code::Input };
    Ok(ExitCode::from(code.code()))
}

/// The stages of one run, over one folder that is staging and results at once.
struct Pipeline {
    stores: Arc<dyn Stores>,
    run: ObjectUri,
    shutdown: Shutdown,
}

impl Pipeline {
    async fn run(&self, manifest: &Manifest, arguments: &Arguments) -> Result<Summary, CommandError> {
        // The model is found before any work is done: a misspelt folder should cost nobody a cleaning.
        let model = resolve(&*self.stores, &arguments.model).await.map_err(CommandError::stage)?.folder;
        let folder = self.stores.open(&self.run).map_err(CommandError::stage)?;
        folder.write_json(RunLayout::MANIFEST, manifest).await.map_err(CommandError::stage)?;
        let (threads, user_key) = (arguments.threads, arguments.user_key.clone());
        let num_shards = clean(&self.stores, &self.run, threads, user_key, self.shutdown.clone()).await?;
        if num_shards > 0 {
            self.label(model.uri(), arguments).await?;
        }
        self.report(model.uri(), &arguments.out, arguments.language).await
    }

    async fn label(&self, model: &ObjectUri, arguments: &Arguments) -> Result<(), CommandError> {
        let settings = tamiz_inference::Settings {
            shards: self.run.clone(),
            model: model.clone(),
            output: self.run.clone(),
            device: arguments.device,
            precision: arguments.precision,
            array_index: None,
            array_size: None,
        };
        let progress = Progress::default();
        let deps = tamiz_inference::Deps { stores: self.stores.clone(), progress: progress.clone() };
        let stage = tamiz_inference::run(settings, deps, self.shutdown.clone());
        let describe = |outcome: &tamiz_inference::Outcome| {
            let resumed = if outcome.resumed > 0 { " (the rest was there)" } else { "" };
            format!("{} rows labelled by {}{resumed}", outcome.counts.ok, outcome.model.version)
        };
        stage_line::show("label", Unit::Rows, progress, stage, describe).await.map_err(CommandError::stage)?;
        Ok(())
    }

    async fn report(&self, model: &ObjectUri, out: &ObjectUri, language: Language) -> Result<Summary, CommandError> {
        let models = model.split_last().map_or_else(|| model.clone(), |(name, _)| name);
        let settings = tamiz_monitor::Settings {
            run: self.run.clone(),
            results: self.run.clone(),
            models,
            topic_arn: None,
            job_queues: Vec::new(),
            failed_cause: None,
            project: "tamiz".to_owned(),
            language,
        };
        let mail = self.stores.open(&out.join("mail")).map_err(CommandError::stage)?;
        let progress = Progress::default();
        let deps = tamiz_monitor::Deps {
            stores: self.stores.clone(),
            mailer: Some(Arc::new(FolderMailer::new(mail))),
            jobs: None,
            progress: progress.clone(),
            now: jiff::Timestamp::now,
        };
        let stage = tamiz_monitor::run(settings, deps, self.shutdown.clone());
        let describe = |_: &Summary| "report.html, summary.json and mail written".to_owned();
        stage_line::show("report", Unit::Rows, progress, stage, describe).await.map_err(CommandError::stage)
    }
}

/// Cleans the objects of a run's manifest into the run's folder and answers the number of shards.
pub async fn clean(
    stores: &Arc<dyn Stores>,
    run: &ObjectUri,
    threads: Option<NonZeroUsize>,
    user_key: Option<UserKey>,
    shutdown: Shutdown,
) -> Result<usize, CommandError> {
    let settings = tamiz_etl::Settings {
        threads,
        user_key,
        ..tamiz_etl::Settings::new(run.join(RunLayout::MANIFEST), run.clone())
    };
    let progress = Progress::default();
    let deps = tamiz_etl::Deps { stores: stores.clone(), progress: progress.clone() };
    let stage = tamiz_etl::run(settings, deps, shutdown);
    let describe = |report: &tamiz_domain::EtlReport| {
        let counts = report.counts;
        format!("{} records read, {} clean, {} rejected", counts.input, counts.ok, counts.rejected)
    };
    let report =
        stage_line::show("clean", Unit::Bytes, progress, stage, describe).await.map_err(CommandError::stage)?;
    Ok(report.num_shards)
}
