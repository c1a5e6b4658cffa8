//! The command from outside: exit codes, stdout, stderr, and the files it leaves.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod bench;
mod book;
mod completions;
mod convert;
mod data;
mod files;
mod folders;
mod help;
#[cfg(unix)]
mod killed;
mod library;
mod look;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(unix)]
mod odd;
mod parts;
mod plot;
mod presets;
mod readme;
mod recipes;
mod search;
#[path = "../../../fetch/tests/support/mod.rs"]
mod server;
#[path = "../../../limpid/tests/support/shots.rs"]
mod shots;
#[cfg(unix)]
mod signals;
mod support;
mod tables;
mod train;
mod usage;
mod weights;
mod written;
