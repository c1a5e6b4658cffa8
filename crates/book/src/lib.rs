//! limpid's book: from an AND gate to a trained network, stop by stop.
//!
//! ```text
//! words/4.4.md ─┐                       ┌─► terminal   `limpid book 4.4`
//! an example ───┼─► a Stop ─► a Page ───┤
//!               │   (run, not stored)   └─► a page of the site, `limpid book --all --output DIR`
//! rows ─────────┘
//! ```
//!
//! A stop's program is a file of `crates/limpid/examples`. This crate compiles the file as it is, runs it to obtain
//! numbers and pictures, and shows it as text: what the reader sees is what was run.

mod assets;
pub mod coverage;
mod examples;
mod formula;
mod markdown;
mod rows;
mod rust;
mod site;
mod stops;
mod terminal;

pub use rows::{ROWS, Row};
pub use site::{Site, SiteError};
pub use stops::{Chapter, Run, STOPS, Stop, UnknownStop, ask, chapters, find};
pub use terminal::{contents, head, tail, tail_with_code};
