//! `tamiz train`: cleaning and retraining in one process, on labelled files.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use tamiz_domain::{Configuration, ExitCode as Code, ModelMetrics, RunLayout, schema};
use tamiz_ports::{ObjectUri, Stores};
use tamiz_retrain::{Deps, Outcome, Reproduction, Training};
use tamiz_telemetry::{Progress, Shutdown};
use tempfile::TempDir;

use crate::error::CommandError;
use crate::stage_line::{self, Unit};
use crate::{folder_run, run};

/// Train a model on labelled review files, and register it if it is better than the one in use
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Labelled review files: CSV, TSV or JSON Lines, plain, gzip or zstd
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take the files without cleaning them: Parquet with a column `text` and those of --label-columns, or folders of runs
    #[arg(long, conflicts_with = "config")]
    as_is: bool,
    /// The folder of all models
    #[arg(long, value_name = "DIR", required_unless_present = "reproduce")]
    models: Option<ObjectUri>,
    /// The name to register the model under
    #[arg(long, required_unless_present = "reproduce")]
    name: Option<String>,
    /// Train this model again from what it says of itself, on the files that it was trained on, and tell whether the same comes out;
    /// nothing is registered
    #[arg(long, value_name = "URI", conflicts_with_all = ["models", "name"])]
    reproduce: Option<ObjectUri>,
    /// Pipeline configuration; see configs/pipeline.toml for every key. Of several, a later one overrides the earlier ones
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// What is trained, and what it is held to
    #[command(flatten)]
    training: Training,
}

impl Arguments {
    /// The files that hold flags of the training.
    pub fn model_configuration(&self) -> Vec<&ObjectUri> {
        self.training.model_config.iter().collect()
    }
}

/// Cleans the files into a folder that is deleted afterwards, unless they are to be taken as they are; trains, and says what came of it.
pub async fn train(arguments: Arguments, shutdown: Shutdown) -> Result<ExitCode, CommandError> {
    let Arguments { files, as_is, models, name, reproduce, config, training } = arguments;
    let uncleaned = if as_is { uris(&files)? } else { Vec::new() };
    let places: Vec<&ObjectUri> = training.places().chain(&models).chain(&reproduce).chain(&uncleaned).collect();
    let stores = tamiz_aws::stores_for(&places).await;
    let Data { places, _folder } = match as_is {
        true => Data { places: uncleaned, _folder: None },
        false => {
            let mut configuration = folder_run::configuration(&config)?;
            carry(&mut configuration.columns.targets, &training.label_columns);
            Data::clean(&stores, &files, configuration, &shutdown).await?
        }
    };
    match (reproduce, models, name) {
        (Some(model), ..) => again(places, stores, &model, training, shutdown).await,
        (None, Some(models), Some(name)) => anew(places, stores, models, name, training, shutdown).await,
        (None, ..) => Err(CommandError::Usage("--models and --name say where the model goes".into())),
    }
}

/// Adds label columns to those that cleaning carries along, but for what shards have anyway.
fn carry(targets: &mut Vec<String>, columns: &[String]) {
    for column in columns {
        if schema::clean_shard(targets).column_with_name(column).is_none() {
            targets.push(column.clone());
        }
    }
}

fn uris(files: &[PathBuf]) -> Result<Vec<ObjectUri>, CommandError> {
    let uri = |file: &PathBuf| {
        file.to_string_lossy().parse::<ObjectUri>().map_err(|error| CommandError::Usage(error.to_string()))
    };
    files.iter().map(uri).collect()
}

/// What is trained on.
struct Data {
    places: Vec<ObjectUri>,
    /// Holds what was cleaned, until it is dropped.
    _folder: Option<TempDir>,
}

impl Data {
    async fn clean(
        stores: &Arc<dyn Stores>,
        files: &[PathBuf],
        configuration: Configuration,
        shutdown: &Shutdown,
    ) -> Result<Self, CommandError> {
        let manifest = folder_run::plan(files, configuration)?;
        let folder = tempfile::tempdir().map_err(CommandError::System)?;
        let run = ObjectUri::Local(folder.path().to_owned()).join(&RunLayout::run(&manifest.run_id));
        let place = stores.open(&run).map_err(CommandError::stage)?;
        place.write_json(RunLayout::MANIFEST, &manifest).await.map_err(CommandError::stage)?;
        run::clean(stores, &run, None, None, shutdown.clone()).await?;
        Ok(Self { places: vec![run], _folder: Some(folder) })
    }
}

fn deps(stores: Arc<dyn Stores>, progress: &Progress) -> Deps {
    Deps { stores, mailer: None, progress: progress.clone(), now: Timestamp::now }
}

async fn anew(
    training_data: Vec<ObjectUri>,
    stores: Arc<dyn Stores>,
    models: ObjectUri,
    name: String,
    training: Training,
    shutdown: Shutdown,
) -> Result<ExitCode, CommandError> {
    let settings = tamiz_retrain::Settings { training_data, models, name, topic_arn: None, notes: None, training };
    let progress = Progress::default();
    let stage = tamiz_retrain::run(settings, deps(stores, &progress), shutdown);
    let outcomes = stage_line::show("train", Unit::Rows, progress, stage, |outcomes| describe(outcomes))
        .await
        .map_err(CommandError::stage)?;
    outcomes.iter().for_each(print);
    Ok(ExitCode::SUCCESS)
}

async fn again(
    training_data: Vec<ObjectUri>,
    stores: Arc<dyn Stores>,
    model: &ObjectUri,
    training: Training,
    shutdown: Shutdown,
) -> Result<ExitCode, CommandError> {
    let progress = Progress::default();
    let deps = deps(stores, &progress);
    let stage = tamiz_retrain::reproduce(model, training_data, &training, &deps, shutdown);
    let describe = |found: &Reproduction| format!("version {}", found.trained.version);
    let found = stage_line::show("train", Unit::Rows, progress, stage, describe).await.map_err(CommandError::stage)?;
    print_reproduction(&found);
    let code = if found.is_same() { Code::Done } else { Code::Input };
    Ok(ExitCode::from(code.code()))
}

fn describe(outcomes: &[Outcome]) -> String {
    match outcomes {
        [outcome] => format!("version {} on {} rows", outcome.model.version, outcome.metrics.train_rows),
        outcomes => format!("{} models", outcomes.len()),
    }
}

#[expect(clippy::print_stdout, reason = "this is the command's data")]
fn print(outcome: &Outcome) {
    println!("\n{}", quality(&outcome.metrics));
    if let Some(crossed) = &outcome.metrics.cross_validation {
        let (mean, deviation) = (100.0 * crossed.accuracy.mean, 100.0 * crossed.accuracy.deviation);
        println!("accuracy {mean:.1} \u{b1} {deviation:.1}% over {} folds", crossed.folds);
    }
    println!("{}", outcome.verdict.promotion.why);
    println!("model  {}", outcome.folder);
}

#[expect(clippy::print_stdout, reason = "this is the command's data")]
fn print_reproduction(found: &Reproduction) {
    let Reproduction { recorded, different, other_data, .. } = found;
    if found.is_same() {
        println!("\nthe same model came out: {} {}, digest {}", recorded.name, recorded.version, recorded.digest);
        return;
    }
    println!("\nanother model came out: {} instead of {}", found.trained.version, recorded.version);
    println!("different files: {}", different.join(", "));
    match other_data.as_slice() {
        [] => println!("it was trained on the same rows, so the program, the processor or the device is another one"),
        files => println!("it was trained on other rows: {}", files.join(", ")),
    }
}

fn quality(metrics: &ModelMetrics) -> String {
    let holdout = &metrics.holdout;
    if let Some(f1) = holdout.entity_f1 {
        let exact = holdout.accuracy * 100.0;
        let rows = holdout.rows;
        return format!("entity F1 {f1:.3}, all entities right in {exact:.1}% of {rows} rows that training never saw");
    }
    format!(
        "accuracy {:.1}%, macro-F1 {:.3} on {} rows that training never saw",
        holdout.accuracy * 100.0,
        holdout.macro_f1,
        holdout.rows
    )
}
