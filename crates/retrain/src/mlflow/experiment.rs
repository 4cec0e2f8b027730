//! Experiments: what runs are filed under.

use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::error::Error;
use super::retry::Again;

const FIND: &str = "find the experiment";

#[derive(Deserialize)]
struct Found {
    experiment: Experiment,
}

#[derive(Deserialize)]
struct Experiment {
    experiment_id: String,
    #[serde(default)]
    lifecycle_stage: String,
}

#[derive(Deserialize)]
struct Created {
    experiment_id: String,
}

impl Client {
    /// The id of the experiment called `name`, which is made if there is none. Of two that make it at once, both get
    /// the same.
    ///
    /// # Errors
    /// [`Error::DeletedExperiment`], and whatever the server says.
    pub async fn experiment(&self, name: &str) -> Result<String, Error> {
        match self.find_experiment(name).await {
            Err(error) if error.is_missing() => {}
            found => return found,
        }
        match self.create_experiment(name).await {
            Err(error) if error.is_exists() => self.find_experiment(name).await,
            created => created,
        }
    }

    async fn find_experiment(&self, name: &str) -> Result<String, Error> {
        let Found { experiment } = self.get(FIND, "experiments/get-by-name", &[("experiment_name", name)]).await?;
        match experiment.lifecycle_stage.as_str() {
            "deleted" => Err(Error::DeletedExperiment { name: name.to_owned() }),
            _ => Ok(experiment.experiment_id),
        }
    }

    async fn create_experiment(&self, name: &str) -> Result<String, Error> {
        let body = json!({ "name": name });
        let created: Created = self.post("create the experiment", Again::Always, "experiments/create", &body).await?;
        Ok(created.experiment_id)
    }
}
