//! A training's report to an MLflow tracking server, over its REST API.
//!
//! What is reported is a copy: models, verdicts and figures are written down elsewhere, and nothing reads them from
//! here. So a server that fails costs the report and never the training: [`Tracker`] says so once and is silent from
//! then on. Everything that can fail is in `client::Client`, of which nobody outside learns.
//!
//! The shapes are those of MLflow 3.17: `mlflow/protos/service.proto`, `model_registry.proto` and
//! `mlflow_artifacts.proto`, which 2.x speaks too.

mod artifacts;
mod batch;
mod client;
mod credentials;
mod error;
mod experiment;
mod limits;
mod link;
mod pair;
mod recorder;
mod registry;
mod retry;
mod run;
mod settings;
mod tracker;
mod tracking_uri;

pub use credentials::{Credentials, Secret};
pub use recorder::Recorder;
pub use registry::{ModelVersion, Registration};
pub use run::RunStatus;
pub use settings::Settings;
pub use tracker::{RunStart, Tracker};
pub use tracking_uri::{InvalidTrackingUri, TrackingUri};
