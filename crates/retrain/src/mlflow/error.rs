//! What can go wrong with a report.

use reqwest::StatusCode;

use super::retry::{Again, Effort};

/// What MLflow says when something of this name is there.
const EXISTS: &str = "RESOURCE_ALREADY_EXISTS";
/// What it says when there is nothing of this name.
const MISSING: &str = "RESOURCE_DOES_NOT_EXIST";

/// Why the server did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection can be tried at all, for want of certificates for instance.
    #[error("failed to set up a connection")]
    Setup(#[source] reqwest::Error),
    /// No answer.
    #[error("failed to {operation}: no answer (tries: {}, seconds: {:.1})", effort.tries, effort.elapsed.as_secs_f64())]
    Unreachable {
        /// What was asked for.
        operation: &'static str,
        /// What was done to get an answer.
        effort: Effort,
        /// What the connection says.
        #[source]
        source: reqwest::Error,
    },
    /// The server is there, but cannot do it now.
    #[error(
        "failed to {operation}: the server answers {status} (tries: {}, seconds: {:.1}): {message}",
        effort.tries, effort.elapsed.as_secs_f64()
    )]
    Unavailable {
        /// What was asked for.
        operation: &'static str,
        /// What was done to get another answer.
        effort: Effort,
        /// The last answer.
        status: StatusCode,
        /// Its text.
        message: String,
    },
    /// The server does not know who asks.
    #[error("failed to {operation}: the credentials are missing or wrong")]
    Unauthenticated {
        /// What was asked for.
        operation: &'static str,
    },
    /// The server knows, and does not allow it.
    #[error("failed to {operation}: not allowed: {message}")]
    Forbidden {
        /// What was asked for.
        operation: &'static str,
        /// The server's words.
        message: String,
    },
    /// MLflow found fault with what it was asked for.
    #[error("failed to {operation}: {code}: {message}")]
    Refused {
        /// What was asked for.
        operation: &'static str,
        /// MLflow's name of the fault.
        code: String,
        /// MLflow's words.
        message: String,
    },
    /// An answer that is not of MLflow's making.
    #[error("failed to {operation}: the answer ({status}) is not MLflow's")]
    Foreign {
        /// What was asked for.
        operation: &'static str,
        /// The answer.
        status: StatusCode,
    },
    /// The experiment was deleted; its name stays taken until it is gone for good.
    #[error("experiment `{name}` is deleted")]
    DeletedExperiment {
        /// Its name.
        name: String,
    },
}

impl Error {
    /// Whether asking for anything else would fail too. If not, it is this one thing that cannot be done.
    pub fn means_away(&self) -> bool {
        match self {
            Self::Setup(_) | Self::Unreachable { .. } | Self::Unavailable { .. } | Self::Unauthenticated { .. } => true,
            Self::Forbidden { .. } | Self::Refused { .. } | Self::Foreign { .. } | Self::DeletedExperiment { .. } => {
                false
            }
        }
    }

    /// Whether what failed is the way to the server rather than what was sent on it.
    pub fn is_about_the_server(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => source.is_connect(),
            Self::Setup(_) | Self::Unauthenticated { .. } => true,
            _ => false,
        }
    }

    /// Whether the same request may go better in a moment.
    pub fn is_transient(&self, again: Again) -> bool {
        match self {
            Self::Unreachable { source, .. } => source.is_connect() || again == Again::Always,
            Self::Unavailable { status, .. } => was_not_acted_on(*status) || again == Again::Always,
            _ => false,
        }
    }

    /// Whether something of this name is there already.
    pub fn is_exists(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == EXISTS)
    }

    /// Whether there is nothing of this name.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == MISSING)
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Setup(_) => "See that the system's root certificates are installed, or name them by SSL_CERT_FILE.",
            Self::Unreachable { .. } => {
                "See that the server runs, that MLFLOW_TRACKING_URI names it, and that the network lets this job reach it; \
                 where it is the certificate that is not known, name its authority by SSL_CERT_FILE."
            }
            Self::Unavailable { .. } => "Look into the server's own log.",
            Self::Unauthenticated { .. } => {
                "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to what the server knows."
            }
            Self::Forbidden { .. } => {
                "Give the user the permission to edit the experiment and its models; \
                 where the answer speaks of the Host header, start the server with --allowed-hosts."
            }
            Self::Refused { .. } => "Compare the version of the server with the one this program is tested against.",
            Self::Foreign { .. } => {
                "See that MLFLOW_TRACKING_URI names the server itself, by the scheme that it listens to and without /api."
            }
            Self::DeletedExperiment { .. } => {
                "Restore it with `mlflow experiments restore`, or name another by --mlflow-experiment."
            }
        }
    }
}

/// A server that is overloaded or just starts turns requests away at the door. Behind any other failure the work may
/// be done.
fn was_not_acted_on(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}
