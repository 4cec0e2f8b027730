//! What an AWS service answered, in one line.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;

/// A failed request: `Code: message (status 503, request id 4442587FB7D0A2F9)`, or what kept it from being answered.
///
/// The SDK's own chain is folded into the line, since its parts (`service error`, `unhandled error`) say nothing
/// alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceError {
    /// What kept the request from being answered.
    pub cause: Cause,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    code: Option<String>,
    line: String,
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The service answered; its status and code say more.
    Answered,
    /// Nothing provides credentials here.
    NoCredentials,
    /// The request could not even be built: no region, no such endpoint.
    Unsendable,
    /// The network, a timeout, an answer that nobody understands.
    Unanswered,
}

impl ServiceError {
    /// Whether the service gave one of these codes.
    pub(crate) fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

impl Error for ServiceError {}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl<E> From<SdkError<E, HttpResponse>> for ServiceError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let response = error.raw_response();
        let status = response.map(|response| response.status().as_u16());
        let mut line = match (error.code(), error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_owned(),
            (None, _) => chain(&error),
        };
        if let Some(response) = response {
            let id = response.request_id().unwrap_or("unknown");
            line.push_str(&format!(" (status {}, request id {id})", response.status().as_u16()));
        }
        Self { cause: cause(&error), status, code: error.code().map(str::to_owned), line }
    }
}

fn cause<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> Cause {
    if sources(error).any(lacks_credentials) {
        return Cause::NoCredentials;
    }
    match error {
        SdkError::ServiceError(_) => Cause::Answered,
        SdkError::ConstructionFailure(_) => Cause::Unsendable,
        _ => Cause::Unanswered,
    }
}

/// Only their absence: a provider that did not answer may do so the next time.
fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    matches!(
        error.downcast_ref(),
        Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_))
    )
}

/// The error and its causes in one line, outermost first.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    sources(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}
