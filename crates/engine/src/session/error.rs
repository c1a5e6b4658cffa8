//! The errors of a session.

use limpid_graph::Error;
use thiserror::Error;

use crate::environment::EnvironmentError;

/// Errors of a session.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The graph or what it was fed.
    #[error(transparent)]
    Graph(#[from] Error),
    /// A variable of the environment that sessions heed.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// An unknown precision.
    #[error("unknown precision `{found}`; use f32 or f64")]
    UnknownPrecision {
        /// What was asked for.
        found: String,
    },
    /// The parts of a plan do not fit together.
    #[error("the plan is broken: {what} (this is a defect in limpid; please report it)")]
    Broken {
        /// What does not fit.
        what: String,
    },
    /// The session keeps no value of this name.
    #[error("the session keeps no value named `{name}`")]
    NotKept {
        /// The name.
        name: String,
    },
}
