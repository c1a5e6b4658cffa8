//! Pictures: what holds for each of them, and what they look like.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod bars;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/graphs.rs"]
mod example_graphs;
mod graphs;
mod layout;
mod pictures;
mod rows;
#[path = "../../../graph/tests/support/mod.rs"]
mod support;
