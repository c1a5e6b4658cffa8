//! The graph's claims; `guard.rs` stands apart, since it changes what the whole process prints of a panic.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod axes;
mod convolution;
mod cost;
mod draws;
mod gradients;
mod interpreter;
mod map_table;
mod mistakes;
mod numpy_sums;
mod philox;
mod rewrites;
mod simplified;
#[path = "../support/mod.rs"]
mod support;
