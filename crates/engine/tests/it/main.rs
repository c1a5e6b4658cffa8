//! The engine against the interpreter, and against what its documents claim.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod agrees;
mod assignments;
mod axes;
mod every_kind;
mod lasting;
mod limits;
mod padding;
mod positions;
mod subnormal;
mod sunk;
#[path = "../../../graph/tests/support/mod.rs"]
mod support;
mod tasks;
mod tiny_limits;
#[path = "../support/training_graph.rs"]
mod training_graph;
mod unsafe_functions;
