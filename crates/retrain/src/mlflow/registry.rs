//! The model registry: names, their versions, and the alias of the one that counts.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::error::Error;
use super::pair::Pair;
use super::retry::Again;
use super::run::Run;

const CHAMPION: &str = "champion";

/// A version to register.
#[derive(Debug, Clone, Copy)]
pub struct Registration<'a> {
    /// Name of the model; made if there is none.
    pub model: &'a str,
    /// Folder of the version among the run's files; empty for all of them.
    pub path: &'a str,
    /// The tag by which the same content is known again, such as its digest.
    pub identity: (&'a str, &'a str),
    /// Further tags.
    pub tags: &'a [(&'a str, &'a str)],
}

/// A version that is registered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ModelVersion {
    /// Name of the model.
    #[serde(rename = "name")]
    pub model: String,
    /// MLflow's number of the version.
    pub version: String,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    model_versions: Vec<ModelVersion>,
}

#[derive(Deserialize)]
struct Created {
    model_version: ModelVersion,
}

impl Client {
    /// The version of the registration's identity; made from the run's files if there is none. The server has no
    /// unique tags, so two that register the same at the same time make two versions; a model has one training at a time.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn register(&self, run: &Run, registration: &Registration<'_>) -> Result<ModelVersion, Error> {
        if let Some(known) = self.find_version(registration).await? {
            return Ok(known);
        }
        self.create_model(registration.model).await?;
        self.create_version(run, registration).await
    }

    /// Points the alias `champion` of a model at one of its versions, wherever it pointed before.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn set_champion(&self, version: &ModelVersion) -> Result<(), Error> {
        let body = json!({ "name": version.model, "alias": CHAMPION, "version": version.version });
        self.post::<Value>("name the champion", Again::Always, "registered-models/alias", &body).await.map(drop)
    }

    async fn find_version(&self, registration: &Registration<'_>) -> Result<Option<ModelVersion>, Error> {
        let filter = filter(registration);
        let query = [("filter", filter.as_str()), ("max_results", "1"), ("order_by", "version_number ASC")];
        let found: Found = self.get("look for a model version", "model-versions/search", &query).await?;
        Ok(found.model_versions.into_iter().next())
    }

    async fn create_model(&self, name: &str) -> Result<(), Error> {
        let body = json!({ "name": name });
        match self.post::<Value>("create a model", Again::Always, "registered-models/create", &body).await {
            Err(error) if !error.is_exists() => Err(error),
            _ => Ok(()),
        }
    }

    /// Sent again only if it was not acted on, as there would be two versions; the next training finds one that was
    /// made without our hearing of it.
    async fn create_version(&self, run: &Run, registration: &Registration<'_>) -> Result<ModelVersion, Error> {
        let tags = [registration.identity].into_iter().chain(registration.tags.iter().copied());
        let tags: Vec<Pair> = tags.map(|(key, value)| Pair::tag(key, value)).collect();
        let source = run.artifact(registration.path);
        let body = json!({ "name": registration.model, "source": source, "run_id": run.id, "tags": tags });
        let created: Created =
            self.post("register a model version", Again::UnlessActedOn, "model-versions/create", &body).await?;
        Ok(created.model_version)
    }
}

fn filter(registration: &Registration<'_>) -> String {
    let identity = Pair::tag(registration.identity.0, registration.identity.1);
    format!("name = {} AND tags.`{}` = {}", quoted(registration.model), identity.key(), quoted(identity.value()))
}

/// The filter's language has two quotes and no escape; what holds both, the server refuses.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_looked_for_by_name_and_identity() {
        let registration = Registration { model: "o'hara", path: "", identity: ("tamiz.digest", "abc"), tags: &[] };
        assert_eq!(filter(&registration), "name = \"o'hara\" AND tags.`tamiz.digest` = 'abc'");
    }
}
