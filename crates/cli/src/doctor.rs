//! `tamiz doctor`: which settings are in force, and where each was written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, Args, Command};
use tamiz_retrain::Training;
use tamiz_telemetry::{Layer, SettingsError, file_flags, flattened, key_of, known_keys};

use crate::error::CommandError;
use crate::folder_run::{layer, layered_configuration};
use crate::table::table;

/// Where a value comes from that nobody wrote.
const DEFAULT: &str = "default";
/// Stands for what is not shown.
const HIDDEN: &str = "***";

/// See which settings are in force, and where each was written
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder of the configuration: pipeline.toml, model.toml, aws.toml, and a folder for what differs in each environment
    #[arg(long, value_name = "DIR", default_value = "configs")]
    configs: PathBuf,
    /// The environment, such as prod; without one what the base says
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Only what differs from the base, or is no default
    #[arg(long)]
    changed: bool,
}

/// A setting with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    key: String,
    value: String,
    origin: String,
}

/// Prints every setting of the pipeline, of the training and of the deployment.
#[expect(clippy::print_stdout, reason = "this is the command's data")]
pub fn doctor(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let places = Places::new(arguments.configs, arguments.env)?;
    let parts = [
        ("pipeline", "tamiz run --config, TAMIZ_CONFIG of the dispatcher", pipeline(&places.files("pipeline"))?),
        ("model", "tamiz-retrain --model-config", model(&places.files("model"))?),
        ("aws", "scripts/deploy.sh", aws(&places.files("aws"))?),
    ];
    for (name, reader, settings) in parts {
        let shown = settings.iter().filter(|setting| !arguments.changed || !places.is_base(&setting.origin));
        let mut printed = table(["key", "value", "from"]);
        for Setting { key, value, origin } in shown {
            printed.add_row([key, value, origin]);
        }
        println!("{name} ({reader})\n{}\n", printed.trim_fmt());
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the files lie.
struct Places {
    configs: PathBuf,
    env: Option<PathBuf>,
}

impl Places {
    fn new(configs: PathBuf, env: Option<String>) -> Result<Self, CommandError> {
        let env = env.map(|name| configs.join(name));
        match std::iter::once(&configs).chain(&env).find(|folder| !folder.is_dir()) {
            None => Ok(Self { configs, env }),
            Some(folder) => Err(CommandError::Usage(format!("there is no folder {} with settings", folder.display()))),
        }
    }

    /// The files of a part that are there, the base first.
    fn files(&self, part: &str) -> Vec<PathBuf> {
        let folders = std::iter::once(&self.configs).chain(&self.env);
        folders.map(|folder| folder.join(part).with_extension("toml")).filter(|file| file.is_file()).collect()
    }

    fn is_base(&self, origin: &str) -> bool {
        origin == DEFAULT || Path::new(origin).parent() == Some(&self.configs)
    }
}

fn pipeline(files: &[PathBuf]) -> Result<Vec<Setting>, CommandError> {
    let layered = layered_configuration(files)?;
    let origin = |key: &str| layered.origins.get(key).cloned().unwrap_or_else(|| DEFAULT.to_owned());
    let settings = flattened(&layered.settings).into_iter();
    Ok(settings.map(|(key, value)| Setting { origin: origin(&key), key, value }).collect())
}

/// The flags of the training: from the environment, the files, or their defaults.
fn model(files: &[PathBuf]) -> Result<Vec<Setting>, CommandError> {
    let known = Training::augment_args(Command::new("model"));
    let flags = file_flags(&known, &layers(files)?).map_err(usage)?;
    let of = |flag: &Arg| {
        let key = key_of(flag);
        let variable = flag.get_env().and_then(|name| Some((name, std::env::var_os(name)?)));
        let (value, origin) = match (variable, flags.get(&key)) {
            (Some((name, _)), _) if flag.is_hide_env_values_set() => (HIDDEN.to_owned(), name.display().to_string()),
            (Some((name, value)), _) => (value.display().to_string(), name.display().to_string()),
            (None, Some(written)) => {
                let value = written.argument.split_once('=').map_or("true", |(_, value)| value);
                (value.to_owned(), written.file.clone())
            }
            (None, None) => (default_of(flag), DEFAULT.to_owned()),
        };
        Setting { key, value, origin }
    };
    // Where the settings lie is no setting.
    let mut settings: Vec<Setting> =
        known.get_arguments().filter(|flag| flag.get_id() != "model_config").map(of).collect();
    settings.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(settings)
}

fn default_of(flag: &Arg) -> String {
    let values: Vec<String> = flag.get_default_values().iter().map(|value| value.display().to_string()).collect();
    match (values.is_empty(), flag.get_action()) {
        (true, ArgAction::SetTrue) => "false".to_owned(),
        _ => values.join(","),
    }
}

/// The parameters of the deployment: the base names them all.
fn aws(files: &[PathBuf]) -> Result<Vec<Setting>, CommandError> {
    let mut settings: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (index, Layer { file, text }) in layers(files)?.iter().enumerate() {
        let base: Vec<&str> = settings.keys().map(String::as_str).collect();
        for (key, value) in known_keys(file, text, (index > 0).then_some(&base)).map_err(usage)? {
            settings.insert(key, (value, file.clone()));
        }
    }
    Ok(settings.into_iter().map(|(key, (value, origin))| Setting { key, value, origin }).collect())
}

fn layers(files: &[PathBuf]) -> Result<Vec<Layer>, CommandError> {
    files.iter().map(|file| layer(file)).collect()
}

fn usage(error: SettingsError) -> CommandError {
    CommandError::Usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A base and an environment `prod` of one part.
    fn configs(part: &str, base: &str, prod: &str) -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("prod")).unwrap();
        std::fs::write(folder.path().join(part).with_extension("toml"), base).unwrap();
        std::fs::write(folder.path().join("prod").join(part).with_extension("toml"), prod).unwrap();
        let places = Places::new(folder.path().to_owned(), Some("prod".into())).unwrap();
        (folder, places)
    }

    /// Value and origin of a key, the origin below the folder.
    fn of(settings: &[Setting], places: &Places, key: &str) -> (String, String) {
        let found = settings.iter().find(|setting| setting.key == key).unwrap();
        let origin = Path::new(&found.origin);
        let origin = origin.strip_prefix(&places.configs).unwrap_or(origin);
        (found.value.clone(), origin.display().to_string())
    }

    fn told(value: &str, origin: &str) -> (String, String) {
        (value.to_owned(), origin.to_owned())
    }

    #[test]
    fn each_setting_is_told_with_its_last_origin() {
        let (_folder, places) = configs(
            "pipeline",
            "[budget]\nmax_failed_share = 0.5\nmax_rejected_share = 0.5\n",
            "[budget]\nmax_failed_share = 0.25\n",
        );
        let settings = pipeline(&places.files("pipeline")).unwrap();
        assert_eq!(of(&settings, &places, "budget.max_failed_share"), told("0.25", "prod/pipeline.toml"));
        assert_eq!(of(&settings, &places, "budget.max_rejected_share"), told("0.5", "pipeline.toml"));
        assert_eq!(of(&settings, &places, "drift.band").1, DEFAULT);
        let changed: Vec<&str> =
            settings.iter().filter(|it| !places.is_base(&it.origin)).map(|it| it.key.as_str()).collect();
        assert_eq!(changed, ["budget.max_failed_share"]);
    }

    #[test]
    fn flags_of_the_training_have_their_defaults_and_what_files_say() {
        let (_folder, places) = configs("model", "seed = 3\n", "learning_rate = 0.5\n");
        let settings = model(&places.files("model")).unwrap();
        assert_eq!(of(&settings, &places, "seed"), told("3", "model.toml"));
        assert_eq!(of(&settings, &places, "learning_rate"), told("0.5", "prod/model.toml"));
        assert_eq!(of(&settings, &places, "holdout"), told("0.2", DEFAULT));
    }

    #[test]
    fn a_key_that_the_base_of_the_deployment_lacks_is_refused() {
        let (_folder, places) = configs("aws", "log_retention_days = 30\n", "log_retention_day = 7\n");
        let error = aws(&places.files("aws")).unwrap_err().to_string();
        assert!(error.ends_with("unknown key `log_retention_day`; did you mean `log_retention_days`?"), "{error}");
        assert!(Places::new(places.configs.clone(), Some("pord".into())).is_err());
    }
}
