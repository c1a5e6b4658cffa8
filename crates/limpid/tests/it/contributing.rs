//! CONTRIBUTING.md says that an op is one row. This adds the row that the page shows to a copy of the graph's crate,
//! and runs the crate's own checks of every row on it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The checks of every row.
const CHECKS: [&str; 2] = ["gradients", "map_table"];

#[test]
fn the_row_in_the_contributors_guide_is_all_it_takes_to_add_an_op() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let row = row_of(&fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap());
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&root.join("crates/graph/src"), &copy.path().join("crates/graph/src"));
    copy_folder(&root.join("crates/graph/tests/support"), &copy.path().join("crates/graph/tests/support"));
    copy_checks(&root.join("crates/graph/tests/it"), &copy.path().join("crates/graph/tests/it"));
    copy_folder(&root.join("crates/tensor"), &copy.path().join("crates/tensor"));
    copy_manifests(&root, copy.path());

    let table = copy.path().join("crates/graph/src/map/table.rs");
    let before = fs::read_to_string(&table).unwrap();
    let (rows, end) = before.rsplit_once('}').unwrap();
    fs::write(&table, format!("{rows}{row}}}{end}")).unwrap();

    let shared_target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("contributing");
    let run = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--test", "it", "--", "--nocapture"])
        .current_dir(copy.path())
        .env("CARGO_TARGET_DIR", shared_target)
        // The checks take no time; compiling does.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
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

/// The checks alone, as a test of their own: the crate's other tests say nothing about rows.
fn copy_checks(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let mut main = "#[path = \"../support/mod.rs\"]\nmod support;\n".to_string();
    for check in CHECKS {
        fs::copy(from.join(format!("{check}.rs")), to.join(format!("{check}.rs"))).unwrap();
        main += &format!("mod {check};\n");
    }
    fs::write(to.join("main.rs"), main).unwrap();
}

/// The crate's manifest without what only its other tests need, and the workspace around it: its versions, its lock file,
/// its toolchain. Profiles stay behind, with what they say about packages that are not here.
fn copy_manifests(root: &Path, to: &Path) {
    let before = |text: String, heading: &str| text.split(heading).next().unwrap_or_default().to_string();
    let manifest = fs::read_to_string(root.join("crates/graph/Cargo.toml")).unwrap();
    fs::write(to.join("crates/graph/Cargo.toml"), before(manifest, "[dev-dependencies]")).unwrap();
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap().replace("crates/cli", "crates/graph");
    fs::write(to.join("Cargo.toml"), before(workspace, "[profile.")).unwrap();
    for file in ["Cargo.lock", "rust-toolchain.toml"] {
        fs::copy(root.join(file), to.join(file)).unwrap();
    }
}
