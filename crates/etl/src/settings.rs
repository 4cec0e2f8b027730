//! The flags of `tamiz-etl`.

use std::num::NonZeroUsize;

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
    /// Rows in a shard, instead of the configuration's etl.rows_per_shard
    #[arg(long, env = "TAMIZ_ROWS_PER_SHARD", value_name = "N")]
    pub rows_per_shard: Option<NonZeroUsize>,
    /// Threads that analyse text; all cores by default. Changes no result
    #[arg(long, env = "TAMIZ_THREADS", value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Secret key of the hash that is written instead of a user id; without it the column stays empty
    #[arg(long, env = "TAMIZ_USER_KEY", value_name = "KEY", hide_env_values = true)]
    pub user_key: Option<UserKey>,
}

impl Settings {
    /// Threads that analyse text.
    pub(crate) fn num_threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.threads.unwrap_or_else(cores).get()
    }
}
