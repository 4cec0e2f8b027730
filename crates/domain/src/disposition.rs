//! What is to be done about an error, the same answer in every room.

use std::fmt;

/// What a caller should do with work that ended in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Transient: a message goes back to the queue, a job exits so that Batch tries again.
    Retry,
    /// The input's fault: recorded with its reason, never retried.
    Refuse,
    /// Usage or configuration: a person must act, so the run halts and is never retried.
    Halt,
    /// Asked to stop: progress is saved and the job goes on elsewhere.
    Stop,
    /// A broken invariant of our own: reported as it is.
    Bug,
}

/// Exit codes of every binary; the Batch retry strategy and the state machine's retriers follow them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Done.
    Done = 0,
    /// A bug; anything not named here is one too.
    Bug = 1,
    /// Bad usage or configuration; never retried.
    Usage = 2,
    /// Bad input; never retried.
    Input = 3,
    /// Transient (`EX_TEMPFAIL` of `sysexits.h`); retried.
    Transient = 75,
    /// Stopped by SIGTERM (128 + 15) after saving progress; retried.
    Stopped = 143,
}

impl Disposition {
    /// The exit code of a job whose error has this disposition.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Retry => ExitCode::Transient,
            Self::Refuse => ExitCode::Input,
            Self::Halt => ExitCode::Usage,
            Self::Stop => ExitCode::Stopped,
            Self::Bug => ExitCode::Bug,
        }
    }
}

impl ExitCode {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retry => "retry",
            Self::Refuse => "refuse",
            Self::Halt => "halt",
            Self::Stop => "stop",
            Self::Bug => "bug",
        })
    }
}

/// An error of a crate's boundary that knows what is to be done about it.
pub trait Disposed: std::error::Error {
    /// What the caller should do.
    fn disposition(&self) -> Disposition;

    /// What a person can do about it, as one sentence, where there is something to say.
    fn remedy(&self) -> Option<String> {
        None
    }
}
