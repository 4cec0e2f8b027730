//! Runs: one training each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::Client;
use super::error::Error;
use super::limits;
use super::pair::Pair;
use super::retry::Again;

/// How a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunStatus {
    /// As it should.
    Finished,
    /// With an error.
    Failed,
    /// It was asked to stop.
    Killed,
}

/// A run as the server knows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Run {
    /// The server's id of it.
    #[serde(rename = "run_id")]
    pub id: String,
    /// Where its files lie.
    pub artifact_uri: String,
}

#[derive(Deserialize)]
struct Created {
    run: WithInfo,
}

#[derive(Deserialize)]
struct WithInfo {
    info: Run,
}

impl Client {
    /// Begins a run of an experiment at `start` (milliseconds since 1970). Sent again only if it was not acted on:
    /// a second run would be in progress for ever.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_run(
        &self,
        experiment_id: &str,
        name: &str,
        start: i64,
        tags: &[(&str, &str)],
    ) -> Result<Run, Error> {
        let tags: Vec<Pair> = tags.iter().map(|(key, value)| Pair::tag(key, value)).collect();
        let name = limits::run_name(name);
        let body = json!({ "experiment_id": experiment_id, "run_name": name, "start_time": start, "tags": tags });
        let created: Created = self.post("create a run", Again::UnlessActedOn, "runs/create", &body).await?;
        Ok(created.run.info)
    }

    /// Ends a run at `end` (milliseconds since 1970).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn end_run(&self, run: &Run, status: RunStatus, end: i64) -> Result<(), Error> {
        let body = json!({ "run_id": run.id, "status": status, "end_time": end });
        self.post::<Value>("end the run", Again::Always, "runs/update", &body).await.map(drop)
    }
}
