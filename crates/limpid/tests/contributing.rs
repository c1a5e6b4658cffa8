//! CONTRIBUTING.md says that an op is one row. This adds the row that the page shows to a copy of the graph's crate,
//! and runs the crate's own checks of every row on it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_row_in_the_contributors_guide_is_all_it_takes_to_add_an_op() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let row = row_of(&fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap());
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&root.join("crates/graph"), &copy.path().join("crates/graph"));
    copy_workspace(&root, copy.path());

    let table = copy.path().join("crates/graph/src/map/table.rs");
    let before = fs::read_to_string(&table).unwrap();
    let (rows, end) = before.rsplit_once('}').unwrap();
    fs::write(&table, format!("{rows}{row}}}{end}")).unwrap();

    let shared_target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("contributing");
    let run = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--test", "gradients", "--test", "map_table", "--", "--nocapture"])
        .current_dir(copy.path())
        .env("CARGO_TARGET_DIR", shared_target)
        .env_remove("RUSTUP_TOOLCHAIN")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(said.contains("cube"), "the new op is not among those checked:\n{said}");
}

/// The fenced block under the mark `<!-- test: row -->`.
fn row_of(page: &str) -> String {
    let (_, marked) = page.split_once("<!-- test: row -->").expect("the mark above the row");
    let (_, block) = marked.split_once("```text\n").expect("a fenced block under the mark");
    let (row, _) = block.split_once("```").expect("the end of the block");
    row.to_string()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The workspace around the one crate: its versions, its lock file, its toolchain.
fn copy_workspace(root: &Path, to: &Path) {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let manifest = manifest.replace("default-members = [\"crates/cli\"]", "default-members = [\"crates/graph\"]");
    fs::write(to.join("Cargo.toml"), manifest).unwrap();
    for file in ["Cargo.lock", "rust-toolchain.toml"] {
        fs::copy(root.join(file), to.join(file)).unwrap();
    }
}
