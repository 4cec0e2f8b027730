//! The dispatcher in simulated worlds: several of them at once, lost answers, sudden ends, a queue that keeps none of its
//! manners. A world follows from its seed alone, so whatever goes wrong can be looked at again.
//!
//! `scripts/simulate.sh` lives through as many worlds as are asked for, and shows one of them step by step.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod engine;
mod executor;
mod life;
mod mailbox;
mod oracle;
mod seams;
mod story;
mod world;

use std::env;

use life::live;

/// Worlds of the test suite; TAMIZ_SEEDS asks for others, as `0..100000`, and TAMIZ_SEED for one with its trace.
const SEEDS: std::ops::Range<u64> = 0..3_000;

/// Lines of the trace of a world that goes wrong: its end, where the fault shows.
const LAST_LINES: usize = 80;

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = env::var("TAMIZ_SEEDS") else { return SEEDS };
    let (from, to) = text.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

#[test]
fn every_upload_ends_in_exactly_one_started_run_whatever_happens() {
    if let Ok(seed) = env::var("TAMIZ_SEED") {
        let ending = live(seed.parse().unwrap(), true);
        ending.trace.iter().for_each(|line| println!("{line}"));
        println!("{:?}", ending.result);
        assert!(ending.result.is_ok());
        return;
    }
    let num_threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let seeds = seeds();
    let live_through = |thread: u64| {
        let (mut runs, mut failed) = (0, None);
        for seed in seeds.clone().skip(thread as usize).step_by(num_threads as usize) {
            let ending = live(seed, false);
            runs += ending.runs;
            if ending.result.is_err() {
                failed = Some(seed);
                break;
            }
        }
        (runs, failed)
    };
    let endings: Vec<(usize, Option<u64>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..num_threads).map(|thread| scope.spawn(move || live_through(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    if let Some(seed) = endings.iter().filter_map(|(_, failed)| *failed).min() {
        let ending = live(seed, true);
        let from = ending.trace.len().saturating_sub(LAST_LINES);
        let trace = ending.trace[from..].join("\n");
        panic!("seed {seed}: {}\n{trace}\nagain: TAMIZ_SEED={seed} scripts/simulate.sh", ending.result.unwrap_err());
    }
    let runs: usize = endings.iter().map(|(runs, _)| runs).sum();
    println!("{} worlds, {runs} runs, nothing lost, nothing twice", seeds.end - seeds.start);
}

/// A mutant whose place in the sources has moved would be tried in vain.
#[test]
fn every_mutant_can_be_made() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mutants: toml::Table = include_str!("mutants.toml").parse().unwrap();
    let mutants = mutants["mutant"].as_array().unwrap();
    assert!(mutants.len() > 20);
    for mutant in mutants {
        let of = |field: &str| mutant[field].as_str().unwrap();
        let source = std::fs::read_to_string(root.join(of("file"))).unwrap();
        assert_eq!(source.matches(of("find")).count(), 1, "{} in {}", of("what"), of("file"));
        assert_ne!(of("find"), of("replace"));
    }
}

#[test]
fn a_world_follows_from_its_seed() {
    for seed in 0..20 {
        assert_eq!(live(seed, true).trace, live(seed, true).trace, "seed {seed}");
    }
}
