//! Runs the built command in a folder of its own.

use std::borrow::BorrowMut;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder that the command runs in.
pub(crate) struct Place {
    folder: TempDir,
}

/// What a run of the command left: code, stdout, stderr.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command, ready to run here on the published data. Whatever surrounds the test does not reach it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_limpid"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("LIMPID_DATA", published()).env("RUST_BACKTRACE", "1").env_remove("NO_COLOR");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        outcome(self.command(arguments).output().expect("the command runs"))
    }

    /// What a command leaves that was made ready by hand.
    pub(crate) fn outcome(&self, mut command: impl BorrowMut<Command>) -> Outcome {
        outcome(command.borrow_mut().output().expect("the command runs"))
    }

    /// A run on a system whose only program to show files notes what it is given, in the file `shown`; or that has none.
    #[cfg(target_os = "linux")]
    pub(crate) fn run_with_viewer(&self, arguments: &[&str], has_viewer: bool) -> Outcome {
        outcome(self.command_with_viewer(arguments, has_viewer).output().expect("the command runs"))
    }

    /// The command for such a run.
    #[cfg(target_os = "linux")]
    pub(crate) fn command_with_viewer(&self, arguments: &[&str], has_viewer: bool) -> Command {
        use std::os::unix::fs::PermissionsExt;
        let programs = self.path("programs");
        fs::create_dir_all(&programs).expect("a folder");
        let viewer = programs.join("xdg-open");
        let _ = fs::remove_file(&viewer);
        if has_viewer {
            let text = format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", self.path("shown").display());
            fs::write(&viewer, text).expect("a program");
            fs::set_permissions(&viewer, fs::Permissions::from_mode(0o755)).expect("it can be run");
        }
        let temporary = self.path("temporary");
        fs::create_dir_all(&temporary).expect("a folder");
        let mut command = self.command(arguments);
        command.env("PATH", &programs).env("TMPDIR", &temporary);
        command
    }

    /// The names of the files here, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder is there");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string();
        let mut names: Vec<String> = entries.map(name).map(|name| name.expect("a name in UTF-8")).collect();
        names.sort();
        names
    }
}

fn outcome(output: Output) -> Outcome {
    let text = |bytes| String::from_utf8(bytes).expect("the command speaks UTF-8");
    let outcome = Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    for sign in ["panicked", "a bug in limpid", "RUST_BACKTRACE", "stack backtrace"] {
        assert!(!outcome.stderr.contains(sign), "{}", outcome.stderr);
    }
    outcome
}

impl Outcome {
    /// Nothing failed.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// It ended with this code, said this on stderr behind `error: `, and nothing on stdout.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, said: &str) -> Self {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        let message = self.stderr.split("error: ").nth(1).unwrap_or_else(|| panic!("no error in {}", self.stderr));
        assert!(message.contains(said), "{said:?} is not in:\n{}", self.stderr);
        self
    }

    /// Stdout, which is one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }
}

/// The folder with the published data.
pub(crate) fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist")
}
