//! Settings in files.
//!
//! The pipeline's, as a base and what differs from it, and the flags of the training.

#![no_main]

use clap::{Args, Command, CommandFactory, FromArgMatches, Parser};
use libfuzzer_sys::fuzz_target;
use tamiz_domain::Configuration;
use tamiz_fuzz::cleaning::Cleaning;
use tamiz_fuzz::{execution, hash};
use tamiz_retrain::Training;
use tamiz_telemetry::{Layer, SettingsError, completed, file_flags, flattened, known_keys, parse_layers};

/// What an execution may take; see `cleaning::MEGABYTES`.
const MEGABYTES: isize = 160;
/// Ends a file of several.
const END: char = '\x0c';
/// What a configuration that makes sense is tried with.
const REVIEWS: &[u8] = b"label,title,text\n2,Great,It works\n1,Bad,It broke\n9,Odd,No such label\n";

fuzz_target!(|text: &[u8]| {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let layer = |(number, text): (usize, &str)| Layer { file: format!("{number}.toml"), text: text.to_owned() };
    let layers: Vec<Layer> = text.split(END).enumerate().map(layer).collect();
    execution::within(MEGABYTES, || {
        pipeline(&layers, hash(text.as_bytes()));
        flags(&layers);
        for Layer { file, text } in &layers {
            refusal(known_keys(file, text, Some(&["stack.name"])), &layers);
        }
        if let Ok(configuration) = serde_json::from_str::<Configuration>(text) {
            comes_back(&configuration);
        }
    });
});

/// A configuration that makes sense survives the manifest, and a file can be cleaned under it.
fn pipeline(layers: &[Layer], hash: u64) {
    let Some(layered) = refusal(parse_layers::<Configuration>(layers), layers) else { return };
    let configuration = layered.settings;
    assert!(layered.origins.values().all(|origin| layers.iter().any(|layer| layer.file == *origin)));
    let violations = configuration.violations();
    assert!(violations.iter().all(|violation| violation.contains(": ")), "{violations:?}");
    if !violations.is_empty() {
        return;
    }
    comes_back(&configuration);
    assert!(!flattened(&configuration).is_empty());
    if hash % 8 == 0 {
        let cleaning = Cleaning { configuration, ..Cleaning::of(b"") };
        cleaning.clean(REVIEWS).check(REVIEWS, &cleaning.configuration);
    }
}

/// What is written as JSON, as in a manifest, is the same when it is read.
fn comes_back(configuration: &Configuration) {
    if !configuration.violations().is_empty() {
        return;
    }
    let json = serde_json::to_string(configuration).expect("a configuration has a JSON form");
    let again: Configuration = serde_json::from_str(&json).expect("the manifest's configuration can be read");
    assert_eq!(again, *configuration);
    assert_eq!(again.digest(), configuration.digest());
}

/// The training's command line, as far as files give it.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    training: Training,
}

fn flags(layers: &[Layer]) {
    let known = Training::augment_args(Command::new("model"));
    let Some(flags) = refusal(file_flags(&known, layers), layers) else { return };
    let typed = ["train"].map(Into::into);
    let matches = Cli::command().try_get_matches_from(&typed).expect("the training has a default for each flag");
    let all = completed(typed, &matches, &flags);
    // What clap refuses is told in its own words.
    let parsed = Cli::command().try_get_matches_from(all).and_then(|matches| Cli::from_arg_matches(&matches));
    let _ = parsed.map(|cli| cli.training.places().count());
}

/// What was read; what was refused names one of the files and says why.
fn refusal<T>(result: Result<T, SettingsError>, layers: &[Layer]) -> Option<T> {
    result
        .map_err(|SettingsError { file, message }| {
            let is_named = |name: &str| layers.iter().any(|layer| layer.file == name);
            assert!(file.split(" and ").all(is_named), "{file}");
            assert!(!message.is_empty(), "no reason for {file}");
        })
        .ok()
}
