//! The graph's claims; `guard.rs` stands apart, since it changes what the whole process prints of a panic.

mod axes;
mod cost;
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
