//! `tamiz train`: cleaning and retraining in one process, on labelled files.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;
use tamiz_domain::{ModelMetrics, RunLayout};
use tamiz_ports::ObjectUri;
use tamiz_retrain::{Hyperparameters, Outcome};
use tamiz_telemetry::{Progress, Shutdown};

use crate::error::CommandError;
use crate::stage_line::{self, Unit};
use crate::{folder_run, run};

/// Train a model on labelled review files, and register it if it is better than the one in use
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Labelled review files: CSV, TSV or JSON Lines, plain, gzip or zstd
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder of all models
    #[arg(long, value_name = "DIR")]
    models: ObjectUri,
    /// The name to register the model under
    #[arg(long)]
    name: String,
    /// Pipeline configuration; see configs/pipeline.toml for every key
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to train
    #[command(flatten)]
    hyperparameters: Hyperparameters,
}

/// Cleans the files into a folder that is deleted afterwards, trains, and says what came of it.
pub async fn train(arguments: Arguments, shutdown: Shutdown) -> Result<ExitCode, CommandError> {
    let Hyperparameters { init, test_data, .. } = &arguments.hyperparameters;
    let places: Vec<&ObjectUri> = test_data.iter().chain(init).chain([&arguments.models]).collect();
    let stores = tamiz_aws::stores_for(&places).await;
    let manifest = folder_run::plan(&arguments.files, folder_run::configuration(arguments.config.as_deref())?)?;
    let work = tempfile::tempdir().map_err(CommandError::System)?;
    let cleaned = ObjectUri::Local(work.path().to_owned()).join(&RunLayout::run(&manifest.run_id));
    let folder = stores.open(&cleaned).map_err(CommandError::stage)?;
    folder.write_json(RunLayout::MANIFEST, &manifest).await.map_err(CommandError::stage)?;
    run::clean(&stores, &cleaned, None, None, shutdown.clone()).await?;

    let settings = tamiz_retrain::Settings {
        training_data: vec![cleaned],
        models: arguments.models,
        name: arguments.name,
        topic_arn: None,
        hyperparameters: arguments.hyperparameters,
    };
    let progress = Progress::default();
    let deps = tamiz_retrain::Deps { stores, mailer: None, progress: progress.clone(), now: Timestamp::now };
    let describe =
        |outcome: &Outcome| format!("version {} on {} rows", outcome.model.version, outcome.metrics.train_rows);
    let stage = tamiz_retrain::run(settings, deps, shutdown);
    let outcome =
        stage_line::show("train", Unit::Rows, progress, stage, describe).await.map_err(CommandError::stage)?;
    print(&outcome);
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "this is the command's data")]
fn print(outcome: &Outcome) {
    println!("\n{}", quality(&outcome.metrics));
    println!("{}", outcome.verdict.promotion.why);
    println!("model  {}", outcome.folder);
}

fn quality(metrics: &ModelMetrics) -> String {
    let holdout = &metrics.holdout;
    format!(
        "accuracy {:.1}%, macro-F1 {:.3} on {} rows that training never saw",
        holdout.accuracy * 100.0,
        holdout.macro_f1,
        holdout.rows
    )
}
