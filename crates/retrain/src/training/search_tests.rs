//! Spaces, draws, and a search that finds what is best.

use clap::Parser;
use tamiz_models::Device;
use tamiz_telemetry::Shutdown;

use super::*;
use crate::data::{self, SplitSettings, split};
use crate::settings::Plan;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    flags: Hyperparameters,
}

fn flags(given: &[&str]) -> Hyperparameters {
    Flags::parse_from([&["retrain", "--buckets", "4096"][..], given].concat()).flags
}

const SPACE: &str = "trials = 9\nkeep_one_of = 3\n[flags.learning-rate]\nfrom = 1e-5\nto = 0.2\nlog = true\n[flags.dim]\nvalues = [2, 4]\n";

fn message(text: &str) -> String {
    Space::parse(text, "search.toml", &flags(&[])).unwrap_err().to_string()
}

#[test]
fn the_space_of_the_repository_is_one() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/search.toml")).unwrap();
    let space = Space::parse(&text, "configs/search.toml", &flags(&[])).unwrap();
    assert_eq!((space.trials, space.rounds()), (9, 2));
}

#[test]
fn spaces_that_mean_nothing_are_refused_with_the_reason() {
    let with = |flag: &str| message(&format!("trials = 4\nkeep_one_of = 2\n[flags.{flag}\n"));
    assert!(
        with("seed]\nvalues = [1]")
            .starts_with("search.toml: `seed` cannot be searched; of this architecture balance, buckets,")
    );
    assert!(
        with("dropout]\nvalues = [0.1]").contains("`dropout` cannot be searched"),
        "the flag of another architecture"
    );
    assert!(with("dim]\nvalues = []").contains("`dim` has no value to draw"));
    assert!(with("learning-rate]\nfrom = 0.0\nto = 1.0\nlog = true").contains("no value to draw"));
    assert!(message("trials = 1\nkeep_one_of = 2\n[flags.dim]\nvalues = [1]").contains("`trials` of at least 2"));
    assert!(
        message("trials = 2\nkeep_one_of = 3\n[flags.dim]\nvalues = [1]")
            .ends_with("`trials` must be at least `keep_one_of`")
    );
    assert!(message("trails = 4").contains("trails"));
}

#[test]
fn draws_lie_in_their_range_on_the_scale_that_is_asked_for() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let range = Range::Between { from: 1e-4, to: 1.0, log: true };
    let drawn: Vec<f64> = (0..1_000).map(|_| range.draw(&mut rng).parse().unwrap()).collect();
    assert!(drawn.iter().all(|value| (1e-4..=1.0).contains(value)));
    let below = drawn.iter().filter(|value| **value < 1e-2).count();
    assert!((400..600).contains(&below), "half of the powers lie below: {below}");
}

/// Reviews whose label follows from a word.
fn pairs() -> Vec<(String, i8)> {
    (0..900).map(|n| (format!("order {n} was {} they said", ["awful", "lovely"][n % 2]), (n % 2) as i8 + 1)).collect()
}

#[test]
fn the_best_draw_wins_and_the_same_seed_searches_alike() {
    let rows = data::rows(&pairs());
    let split = split(&rows, &data::rows::<&str>(&[]), SplitSettings { holdout: 0.2, seed: 1, min_rows_per_class: 10 })
        .unwrap();
    let given = flags(&["--epochs", "2"]);
    let once = || {
        let space = Space::parse(SPACE, "search.toml", &given).unwrap();
        let recipe = |flags: &Hyperparameters| {
            let Plan::Ngram(settings) = flags.resolve()? else { panic!("n-grams") };
            Ok(Recipe::Ngram(settings))
        };
        search(space, &given, recipe, (&rows, &split), Device::CPU, &Shutdown::new()).unwrap()
    };
    let (best, searched) = once();
    let rounds: Vec<usize> =
        [1, 2].map(|round| searched.trials.iter().filter(|trial| trial.round == round).count()).into();
    assert_eq!(rounds, [9, 3], "one of three goes on, until one is left");
    let last = searched
        .trials
        .iter()
        .filter(|trial| trial.round == 2)
        .min_by(|a, b| a.log_loss.unwrap().total_cmp(&b.log_loss.unwrap()));
    assert_eq!(best.record()["learning-rate"], last.unwrap().flags["learning-rate"]);
    assert!(best.record()["learning-rate"].parse::<f64>().unwrap() > 0.005, "{best:?}");
    let sizes: Vec<usize> = searched.trials.iter().map(|trial| trial.rows).collect();
    assert_eq!((sizes[0], sizes[9]), (split.training.len().div_ceil(3), split.training.len()));
    assert_eq!(once().1, searched);
}
