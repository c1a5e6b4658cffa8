//! The command from outside: exit codes, stdout, stderr, and the files it leaves.

mod bench;
mod book;
mod data;
mod files;
mod look;
mod plot;
#[path = "../../../fetch/tests/support/mod.rs"]
mod server;
mod support;
mod train;
mod usage;
