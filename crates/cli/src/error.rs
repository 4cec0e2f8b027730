//! Errors as people read them: what, where, and what to do next.

use std::path::PathBuf;
use std::process::ExitCode;

use tamiz_domain::{Disposed, Disposition};
use tamiz_telemetry::error_chain;

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A job or a seam that knows what is to be done about its error.
    #[error("{0}")]
    Stage(Box<dyn Disposed + Send + Sync>),
    /// An input file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file as given.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A result cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file as given.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Flags that do not fit together, or a configuration that cannot be used.
    #[error("{0}")]
    Usage(String),
    /// The terminal or a temporary folder failed.
    #[error("the system refused an operation")]
    System(#[source] std::io::Error),
    /// The signal handlers could not be installed.
    #[error("failed to install the signal handlers")]
    Signals(#[source] std::io::Error),
    /// Results that cannot be shown.
    #[error("cannot show {place}")]
    Show {
        /// What was to be shown.
        place: String,
        /// What the reader says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl CommandError {
    /// Wraps a job's error.
    pub fn stage(error: impl Disposed + Send + Sync + 'static) -> Self {
        Self::Stage(Box::new(error))
    }

    fn disposition(&self) -> Disposition {
        match self {
            Self::Stage(error) => error.disposition(),
            Self::File { .. } | Self::Write { .. } | Self::Usage(_) => Disposition::Halt,
            Self::Show { .. } => Disposition::Refuse,
            Self::System(_) | Self::Signals(_) => Disposition::Bug,
        }
    }

    /// Prints the error with its causes and remedy on stderr and answers the exit code.
    #[expect(clippy::print_stderr, reason = "the one place where a command tells a person that it failed")]
    pub fn report(&self) -> ExitCode {
        let chain = match self {
            Self::Stage(error) => error_chain(&**error),
            other => error_chain(other),
        };
        eprintln!("error: {}", chain.join("\n  because: "));
        let remedy = match self {
            Self::Stage(error) => error.remedy(),
            _ => None,
        };
        if let Some(remedy) = remedy {
            eprintln!("  remedy: {remedy}");
        }
        ExitCode::from(self.disposition().exit_code().code())
    }
}
