//! Asking a server what it holds, by ways that the product does not use.

use std::collections::BTreeMap;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::server::{ADMIN, Server};

async fn get(server: &Server, path: &str, query: &[(&str, &str)]) -> Response {
    let mut url = reqwest::Url::parse(&format!("{}/{path}", server.uri())).unwrap();
    url.query_pairs_mut().extend_pairs(query);
    // A server without authentication does not look at it.
    let response = Client::new().get(url).basic_auth(ADMIN.0, Some(ADMIN.1)).send().await.unwrap();
    response.error_for_status().unwrap()
}

async fn api(server: &Server, path: &str, query: &[(&str, &str)]) -> Value {
    get(server, &format!("api/2.0/mlflow/{path}"), query).await.json().await.unwrap()
}

/// Changes what the server holds.
pub async fn post(server: &Server, path: &str, body: Value) -> Value {
    let url = format!("{}/api/2.0/mlflow/{path}", server.uri());
    let response = Client::new().post(url).json(&body).send().await.unwrap();
    response.error_for_status().unwrap().json().await.unwrap()
}

/// A run: its `info`, and its `data` of the last values.
pub async fn run(server: &Server, run_id: &str) -> Value {
    api(server, "runs/get", &[("run_id", run_id)]).await["run"].clone()
}

/// The runs of an experiment, newest first.
pub async fn runs(server: &Server, experiment: &str) -> Vec<Value> {
    let found = api(server, "experiments/get-by-name", &[("experiment_name", experiment)]).await;
    let body = json!({ "experiment_ids": [found["experiment"]["experiment_id"]] });
    post(server, "runs/search", body).await["runs"].as_array().cloned().unwrap_or_default()
}

/// Every value of a metric with its step, in the order of steps.
pub async fn history(server: &Server, run_id: &str, metric: &str) -> Vec<(i64, f64)> {
    let query = [("run_id", run_id), ("metric_key", metric), ("max_results", "25000")];
    let found = api(server, "metrics/get-history", &query).await;
    let metrics = found["metrics"].as_array().cloned().unwrap_or_default();
    let mut history: Vec<_> = metrics
        .iter()
        .map(|metric| (metric["step"].as_i64().unwrap_or(0), metric["value"].as_f64().unwrap()))
        .collect();
    history.sort_by_key(|(step, _)| *step);
    history
}

/// The bytes of a file of a run.
pub async fn artifact(server: &Server, run_id: &str, path: &str) -> Vec<u8> {
    get(server, "get-artifact", &[("run_id", run_id), ("path", path)]).await.bytes().await.unwrap().to_vec()
}

/// The versions of a model, oldest first.
pub async fn versions(server: &Server, model: &str) -> Vec<Value> {
    let filter = format!("name = '{model}'");
    let query = [("filter", filter.as_str()), ("order_by", "version_number ASC")];
    api(server, "model-versions/search", &query).await["model_versions"].as_array().cloned().unwrap_or_default()
}

/// The number of the version that an alias of a model points to.
pub async fn alias(server: &Server, model: &str, alias: &str) -> Value {
    let query = [("name", model), ("alias", alias)];
    api(server, "registered-models/alias", &query).await["model_version"]["version"].clone()
}

/// A list of `{"key": …, "value": …}`, as a map.
pub fn pairs(list: &Value) -> BTreeMap<&str, &str> {
    let pairs = list.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    pairs.map(|pair| (pair["key"].as_str().unwrap(), pair["value"].as_str().unwrap())).collect()
}
