//! The command from outside: exit codes, stdout, stderr, and the files it leaves.

mod bench;
mod book;
mod files;
mod look;
mod plot;
mod support;
mod tables;
mod train;
mod usage;
