//! Every format, read and written; `hostile.rs` stands apart, since it counts memory with an allocator of its own.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod corpus;
mod formats;
mod layers;
mod mnist;
mod model;
mod pictures;
mod table;
mod table_windows;
mod weights;
