//! The library that users depend on; `table_cost.rs` stands apart, since it counts with an allocator of its own.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod brought;
mod contributing;
mod convolution_weights;
mod killed;
mod layers;
mod seen;
#[path = "../support/shots.rs"]
mod shots;
mod spec_f_mnist;
mod spec_f_weights;
mod streamed_memory;
mod streams;
mod training;
mod versions;
