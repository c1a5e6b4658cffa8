//! The two parts of data.

use serde::Serialize;

/// One of the two parts of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What a model learns from.
    Train,
    /// What is held out.
    Test,
}
