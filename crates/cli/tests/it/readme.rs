//! The README's commands do what the README says: each is run as it is written, in order, in one folder.
//!
//! A command is a line that begins with `$ ` in a block fenced as `console` or `sh`. `cargo run --release -- …` and
//! `limpid …` are run with the command built for the tests; lines that build, fetch or test limpid itself are known and
//! skipped; any other line fails the test, so that no command stands in the README unnoticed. Lines below a command are
//! its output: each must be among what was printed, but for numbers and the width of gaps.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

const RUN: &str = "cargo run --release -- ";

/// Lines that are not run here: what they need is not there, or they would run this test.
const SKIPPED: &[&str] = &[
    "git clone ",
    "cd limpid",
    "cargo build",
    "cargo test --workspace",
    "cargo install --path crates/cli",
    "cargo doc",
    "cargo run --release --example ",
];

#[derive(Debug, PartialEq)]
struct Example {
    line: usize,
    command: String,
    output: Vec<String>,
}

/// The commands in the `console` and `sh` blocks of a Markdown text.
fn examples(markdown: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut fence: Option<bool> = None;
    for (i, line) in markdown.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), fence) {
            (Some(_), Some(_)) => fence = None,
            (Some(language), None) => fence = Some(["console", "sh"].contains(&language.trim())),
            (None, Some(true)) => match line.trim_start().strip_prefix("$ ") {
                Some(command) => {
                    let command = command.split("  #").next().unwrap_or(command).trim().to_string();
                    examples.push(Example { line: i + 1, command, output: Vec::new() });
                }
                None if line.trim().is_empty() || line.trim_start().starts_with('#') => {}
                None => examples
                    .last_mut()
                    .unwrap_or_else(|| panic!("line {}: output without a command: {line}", i + 1))
                    .output
                    .push(line.to_string()),
            },
            _ => {}
        }
    }
    examples
}

/// The command as this test runs it; nothing where it is not run.
fn runnable(example: &Example) -> Option<String> {
    let Example { line, command, .. } = example;
    match command.strip_prefix(RUN) {
        Some(arguments) => Some(format!("limpid {arguments}")),
        None if command.starts_with("limpid ") => Some(command.clone()),
        None if SKIPPED.iter().any(|known| command.starts_with(known)) => None,
        None => panic!("README.md, line {line}: `{command}` is neither run nor known; add it to this test"),
    }
}

/// A line without its numbers and the width of its gaps.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    let mut is_number = false;
    for c in line.trim().chars() {
        let goes_on = c.is_ascii_digit() || (is_number && ".,".contains(c));
        match (goes_on, is_number) {
            (true, true) => {}
            (true, false) => shape.push('#'),
            (false, _) if c.is_whitespace() && shape.ends_with(' ') => {}
            (false, _) => shape.push(if c.is_whitespace() { ' ' } else { c }),
        }
        is_number = goes_on;
    }
    shape
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_readme_lists_the_features_that_the_library_has() {
    let text = |path: &str| fs::read_to_string(repository().join(path)).expect(path);
    let (manifest, readme) = (text("crates/limpid/Cargo.toml"), text("README.md"));
    let section = |text: &str, from: &str, to: &str| {
        let (_, rest) = text.split_once(from).expect("the section is there");
        rest.split_once(to).expect("the section has an end").0.to_string()
    };
    let own = section(&manifest, "[features]\n", "\n[");
    let mut own: Vec<&str> = own.lines().filter_map(|line| line.split_once(" = [")).map(|(name, _)| name).collect();
    let listed = section(&readme, "### Features of the library\n", "\n## ");
    let rows = listed.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let mut listed: Vec<&str> = rows.map(|(name, _)| name).collect();
    own.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, own);
    assert!(!own.is_empty());
}

#[test]
fn every_command_of_the_readme_runs_and_prints_what_stands_there() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("the README is there");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let binary = Path::new(env!("CARGO_BIN_EXE_limpid"));
    let others = env::var_os("PATH").unwrap_or_default();
    let folders = binary.parent().map(Path::to_path_buf).into_iter().chain(env::split_paths(&others));
    let path = env::join_paths(folders).expect("a search path");
    let mut ran = 0;
    for example in examples(&readme) {
        let Some(command) = runnable(&example) else { continue };
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("LIMPID_DATA", repository().join("data/mnist"))
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        let place = format!("README.md, line {}: `{}`", example.line, example.command);
        assert!(output.status.success(), "{place} ended with {}:\n{printed}", output.status);
        let shapes: Vec<String> = printed.lines().map(shape).collect();
        for line in example.output.iter().filter(|line| !["...", "…"].contains(&line.trim())) {
            assert!(shapes.contains(&shape(line)), "{place} did not print:\n{line}\nbut:\n{printed}");
        }
        ran += 1;
    }
    assert!(ran > 0, "the README shows no command");
}

#[test]
fn commands_and_their_output_are_found_in_fenced_blocks_only() {
    let markdown = "\
$ not in a block
```console
$ cargo run --release -- train --epochs 2   # a minute
epoch 1/2  loss 0.2862

$ limpid summary
```
```rust
$ neither
```
";
    let found = examples(markdown);
    let commands: Vec<_> = found.iter().map(|example| (example.line, runnable(example).unwrap())).collect();
    assert_eq!(commands, [(3, "limpid train --epochs 2".to_string()), (6, "limpid summary".to_string())]);
    assert_eq!(found[0].output, ["epoch 1/2  loss 0.2862"]);
}

#[test]
#[should_panic(expected = "README.md, line 2: `rm -r data` is neither run nor known")]
fn a_command_that_is_not_known_is_noticed() {
    examples("```sh\n$ rm -r data\n```").iter().for_each(|example| drop(runnable(example)));
}

#[test]
fn lines_are_compared_but_for_numbers_and_gaps() {
    assert_eq!(shape("epoch  1/20  loss 0.2862  39,760 at 1.5e-10"), shape("epoch 19/20  loss 1.5   7 at 2e-9"));
    assert_ne!(shape("test accuracy 97.1 %"), shape("train accuracy 97.1 %"));
}
