//! A server that may go away, and the one warning when it does.

use std::sync::atomic::{AtomicBool, Ordering};

use tamiz_telemetry::error_chain;

use super::TrackingUri;
use super::client::Client;
use super::error::Error;
use super::run::Run;

/// Remedy where a file cannot be written.
const CANNOT_STORE: &str = "See that the server can write to its --artifacts-destination, and that a proxy before it takes files of this size.";

/// A run on a server, for as long as the server is there.
#[derive(Debug)]
pub struct Link {
    /// The server.
    pub client: Client,
    /// The run.
    pub run: Run,
    is_away: AtomicBool,
    takes_files: AtomicBool,
}

impl Link {
    /// The run just begun on the server of `client`.
    pub fn new(client: Client, run: Run) -> Self {
        Self { client, run, is_away: AtomicBool::new(false), takes_files: AtomicBool::new(true) }
    }

    /// Does `work` unless the server is away. Failure is logged and ends here.
    pub async fn attempt<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Option<T> {
        if self.is_away.load(Ordering::Relaxed) {
            return None;
        }
        work.await.inspect_err(|error| self.fail(error)).ok()
    }

    /// As [`Link::attempt`], for files. Most of what fails with a file says nothing about the rest of the report: a
    /// store that the server cannot write to is a 500, and a proxy that finds the file too large hangs up.
    pub async fn attempt_files(&self, work: impl Future<Output = Result<(), Error>>) {
        if self.is_away.load(Ordering::Relaxed) || !self.takes_files.load(Ordering::Relaxed) {
            return;
        }
        match work.await {
            Err(error) if error.is_about_the_server() => self.fail(&error),
            Err(error) => self.give_files_up(&error_chain(&error).join(": "), CANNOT_STORE),
            Ok(()) => {}
        }
    }

    /// No more files, said once.
    pub fn give_files_up(&self, why: &str, remedy: &str) {
        if self.takes_files.swap(false, Ordering::Relaxed) {
            tracing::warn!(server = %self.client.uri(), why, remedy, "MLflow takes no files: the report goes on without them");
        }
    }

    fn fail(&self, error: &Error) {
        if !error.means_away() {
            let chain = error_chain(error).join(": ");
            tracing::warn!(server = %self.client.uri(), error = chain, remedy = error.remedy(), "MLflow refused a part of the report");
        } else if !self.is_away.swap(true, Ordering::Relaxed) {
            warn_away(self.client.uri(), error);
        }
    }
}

/// The one warning about a server that is not there, or that does not let us in.
pub fn warn_away(server: &TrackingUri, error: &Error) {
    let chain = error_chain(error).join(": ");
    let remedy = error.remedy();
    match error {
        Error::Unauthenticated { .. } | Error::Forbidden { .. } => {
            tracing::warn!(%server, error = chain, remedy, "MLflow does not let us in: this training is not recorded there");
        }
        _ => tracing::warn!(%server, error = chain, remedy, "MLflow is away: this training is not recorded there"),
    }
}
