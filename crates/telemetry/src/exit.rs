//! From a job's result to its exit code.

use tamiz_domain::{Disposed, ExitCode};

/// The error and its causes, outermost first.
pub fn error_chain(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

/// Logs how a job ended and answers its exit code. The one place that prints an error's whole chain.
pub fn finish<E: Disposed>(result: Result<(), E>) -> std::process::ExitCode {
    let code = match result {
        Ok(()) => ExitCode::Done,
        Err(error) => {
            let code = error.disposition().exit_code();
            let chain = error_chain(&error).join(": ");
            let remedy = error.remedy().unwrap_or_default();
            match code {
                ExitCode::Stopped => tracing::warn!(exit_code = code.code(), "stopped"),
                ExitCode::Transient => tracing::warn!(exit_code = code.code(), error = chain, "failed for now"),
                _ => tracing::error!(exit_code = code.code(), error = chain, remedy, "failed"),
            }
            code
        }
    };
    std::process::ExitCode::from(code.code())
}
