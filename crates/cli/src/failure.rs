//! Why a verb could not do what it was asked, and which exit code says so.

use std::io;
use std::process::ExitCode;

use limpid::files::{OutputError, ReadError};
use limpid::training::TrainingError;
use thiserror::Error;

use crate::signal::Signal;

/// What ends a verb early.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// A value that was typed does not fit. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be used, or what is in it. Exit code 1.
    #[error("{0}")]
    Input(String),
    /// The library.
    #[error(transparent)]
    Limpid(limpid::Error),
    /// A file that cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Standard output that takes no more.
    #[error("cannot write to standard output: {0}")]
    Stdout(io::Error),
    /// The reader of standard output closed the pipe (EPIPE). Nobody is told.
    #[error("the reader of standard output is gone")]
    BrokenPipe,
    /// A signal that came while something was finished. It was told when it came. Exit code 128 and its number.
    #[error("ended by {0}")]
    Interrupted(Signal),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<limpid::Error> for Failure {
    fn from(error: limpid::Error) -> Self {
        match error {
            limpid::Error::Learn(error) => error.into(),
            limpid::Error::Training(error) => error.into(),
            error => Self::Limpid(error),
        }
    }
}

impl From<TrainingError> for Failure {
    fn from(error: TrainingError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<limpid::learn::Error> for Failure {
    fn from(error: limpid::learn::Error) -> Self {
        match error {
            // A network's text that is read from a file comes in an error about the file.
            limpid::learn::Error::Setting { .. } | limpid::learn::Error::Text(_) => Self::Usage(error.to_string()),
            error => Self::Limpid(limpid::Error::Learn(error)),
        }
    }
}

impl From<limpid::draw::Error> for Failure {
    fn from(error: limpid::draw::Error) -> Self {
        use limpid::draw::Error::{Bounds, Limits, TooSmall};
        match error {
            Bounds { .. } | Limits { .. } | TooSmall { .. } => Self::Usage(error.to_string()),
            error => Self::Input(error.to_string()),
        }
    }
}

impl From<limpid::graph::Error> for Failure {
    fn from(error: limpid::graph::Error) -> Self {
        Self::Limpid(error.into())
    }
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Interrupted(signal) => ExitCode::from(signal.exit_code()),
            _ => ExitCode::from(1),
        }
    }
}
