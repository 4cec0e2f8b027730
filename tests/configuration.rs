//! Holds `configs/` to the code that reads it.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use tamiz_domain::Configuration;
use tamiz_retrain::Training;
use tamiz_telemetry::{Layer, file_flags, key_of, known_keys, parse_layers, parse_toml};

const SHIPPED: &str = include_str!("../configs/pipeline.toml");

#[test]
fn the_shipped_configuration_states_the_defaults() {
    let shipped: Configuration = parse_toml("configs/pipeline.toml", SHIPPED).unwrap();
    assert_eq!(shipped, Configuration::default());
}

#[test]
fn the_shipped_configuration_leaves_no_key_out() {
    let written: serde_json::Value = parse_toml("configs/pipeline.toml", SHIPPED).unwrap();
    let mut known = Configuration::default();
    // Not written while there are none, so that runs without any keep their ids.
    known.columns.targets = vec!["topic".into()];
    let known = serde_json::to_value(known).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        let sections = value.as_object().unwrap().iter();
        sections
            .flat_map(|(section, keys)| keys.as_object().unwrap().keys().map(move |key| format!("{section}.{key}")))
            .collect()
    };
    assert_eq!(keys(&written), keys(&known));
}

#[test]
fn a_misspelt_section_is_refused_with_the_nearest_name() {
    let error = parse_toml::<Configuration>("pipeline.toml", "[budgte]\n").unwrap_err();
    assert!(error.to_string().contains("did you mean `budget`?"), "{error}");
}

const CONFIGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs");
const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

fn layer(file: PathBuf) -> Layer {
    Layer { text: std::fs::read_to_string(&file).unwrap(), file: file.display().to_string() }
}

/// The files of a part: the base, and what differs from it in an environment.
fn layers(part: &str, environment: &str) -> Vec<Layer> {
    let files = [Path::new(CONFIGS).to_owned(), Path::new(CONFIGS).join(environment)];
    files.map(|folder| folder.join(part)).into_iter().filter(|file| file.is_file()).map(layer).collect()
}

#[test]
fn what_differs_in_an_environment_makes_sense() {
    for environment in ENVIRONMENTS {
        let pipeline = parse_layers::<Configuration>(&layers("pipeline.toml", environment)).unwrap();
        assert_eq!(pipeline.settings.violations(), Vec::<String>::new(), "{environment}");
        file_flags(&Training::augment_args(Command::new("model")), &layers("model.toml", environment)).unwrap();
        let aws = layers("aws.toml", environment);
        let base = known_keys(&aws[0].file, &aws[0].text, None).unwrap();
        let base: Vec<&str> = base.keys().map(String::as_str).collect();
        for Layer { file, text } in &aws[1..] {
            known_keys(file, text, Some(&base)).unwrap();
        }
    }
}

#[test]
fn the_shipped_model_configuration_states_the_defaults_and_names_every_flag() {
    let file = layer(Path::new(CONFIGS).join("model.toml"));
    let known = Training::augment_args(Command::new("model"));
    let written = file_flags(&known, std::slice::from_ref(&file)).unwrap();
    let mut named: BTreeSet<String> = written.keys().cloned().collect();
    for flag in known.get_arguments() {
        let (key, defaults) = (key_of(flag), flag.get_default_values());
        if let Some(default) = defaults.first() {
            let value = written[&key].argument.split_once('=').unwrap().1;
            let numbers = value.parse::<f64>().ok().zip(default.to_str().unwrap().parse::<f64>().ok());
            assert!(numbers.map_or(value == default, |(one, other)| one == other), "{key} = {value}, not {default:?}");
        } else if file.text.contains(&format!("# {key} = ")) {
            named.insert(key);
        }
    }
    // Where these settings lie is no setting.
    let flags: BTreeSet<String> = known.get_arguments().map(key_of).filter(|key| key != "model_config").collect();
    assert_eq!(named, flags);
}
