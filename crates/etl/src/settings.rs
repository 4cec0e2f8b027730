//! The flags of `tamiz-etl`.

use std::num::NonZeroUsize;

use bytesize::ByteSize;
use tamiz_ports::ObjectUri;

use crate::UserKey;

/// What to clean, and where to put it.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Manifest of the run: s3://… or a local path
    #[arg(long, env = "TAMIZ_MANIFEST", value_name = "URI")]
    pub manifest: ObjectUri,
    /// The run's folder, which gets shards/, rejected/ and, last, etl.json
    #[arg(long, env = "TAMIZ_OUTPUT", value_name = "URI")]
    pub output: ObjectUri,
    /// Records that go into a shard, instead of the configuration's etl.rows_per_shard
    #[arg(long, env = "TAMIZ_ROWS_PER_SHARD", value_name = "N")]
    pub rows_per_shard: Option<NonZeroUsize>,
    /// Threads that analyse text; all cores by default. Changes no result
    #[arg(long, env = "TAMIZ_THREADS", value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Memory to keep within, about: fewer threads work where it does not suffice. Changes no result
    #[arg(long, env = "TAMIZ_MEMORY", value_name = "SIZE", default_value_t = MEMORY)]
    pub memory: ByteSize,
    /// What to do of a run that is large enough for several jobs
    #[arg(long, env = "TAMIZ_STEP", value_enum, default_value_t = Step::All)]
    pub step: Step,
    /// Secret key of the hash that is written instead of a user id; without it the column stays empty
    #[arg(long, env = "TAMIZ_USER_KEY", value_name = "KEY", hide_env_values = true)]
    pub user_key: Option<UserKey>,
    /// Which child of an array job this is; Batch says so
    #[arg(long, env = "AWS_BATCH_JOB_ARRAY_INDEX", value_name = "N", default_value_t = 0, hide = true)]
    pub array_index: usize,
}

/// Memory that suffices for sixteen threads.
const MEMORY: ByteSize = ByteSize::mb(600);

/// A step of the cleaning. A large run takes `plan`, then `split` once a job, then `join`; the shards are the same bytes
/// as after `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Step {
    /// Cleans the run in one process
    All,
    /// Cleans a small run in one process; finds the places where a large one is divided
    Plan,
    /// Cleans this job's splits of a planned run
    Split,
    /// Adds up what the jobs did
    Join,
}

/// What the process takes whatever the number of threads: lexicons, the vocabulary, texts to know again, downloads ahead,
/// uploads behind.
const BASE_MEMORY: u64 = 80 << 20;
/// What a thread takes, measured on files of 5 GB: a batch, a slice's columns, a row group's pages, the tokens it met last.
const THREAD_MEMORY: u64 = 30 << 20;

impl Settings {
    /// The whole cleaning, with everything else as it is without a flag.
    pub fn new(manifest: ObjectUri, output: ObjectUri) -> Self {
        Self {
            manifest,
            output,
            rows_per_shard: None,
            threads: None,
            memory: MEMORY,
            step: Step::All,
            user_key: None,
            array_index: 0,
        }
    }

    /// Threads that analyse text.
    pub(crate) fn num_threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let affordable = self.memory.as_u64().saturating_sub(BASE_MEMORY) / THREAD_MEMORY;
        self.threads.unwrap_or_else(cores).get().min(usize::try_from(affordable).unwrap_or(usize::MAX)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn num_threads(arguments: &[&str]) -> usize {
        let command = Settings::augment_args(Command::new("etl"));
        let line = ["etl", "--manifest", "m", "--output", "o"].iter().chain(arguments);
        Settings::from_arg_matches(&command.get_matches_from(line)).unwrap().num_threads()
    }

    #[test]
    fn memory_limits_the_threads_and_one_always_works() {
        assert_eq!(num_threads(&["--threads", "16"]), 16);
        assert_eq!(num_threads(&["--threads", "32"]), 16);
        assert_eq!(num_threads(&["--threads", "32", "--memory", "2GB"]), 32);
        assert_eq!(num_threads(&["--threads", "16", "--memory", "200MB"]), 3);
        assert_eq!(num_threads(&["--threads", "4", "--memory", "1MB"]), 1);
    }
}
