//! What the manifests say to those who build and publish agrees with what is tested.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between quotes behind the first `key = `.
fn value<'t>(text: &'t str, key: &str) -> &'t str {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
    line.and_then(|line| line.split('"').nth(1)).unwrap_or_else(|| panic!("no {key}"))
}

/// No other version is tested, so no other is promised.
#[test]
fn the_oldest_rust_that_is_promised_is_the_one_that_is_tested() {
    let toolchain = read("rust-toolchain.toml");
    let (tested, _) = value(&toolchain, "channel").rsplit_once('.').unwrap();
    assert_eq!(value(&read("Cargo.toml"), "rust-version"), tested);
    assert_eq!(value(&read("examples/own_parts/Cargo.toml"), "rust-version"), tested);
    let promise = format!("limpid needs Rust {tested} or newer");
    assert!(read("README.md").contains(&promise), "README.md does not say {promise:?}");
}

/// The folders and manifests of the crates.
fn crates() -> Vec<(PathBuf, String)> {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    folders.map(|folder| (folder.clone(), fs::read_to_string(folder.join("Cargo.toml")).unwrap())).collect()
}

#[test]
fn each_crate_says_what_it_is_and_has_a_page_of_its_own() {
    for (folder, manifest) in crates() {
        let name = value(&manifest, "name");
        assert!(value(&manifest, "description").len() > 20, "{name}");
        for key in ["version", "edition", "rust-version", "license", "keywords", "categories"] {
            assert!(manifest.contains(&format!("\n{key}.workspace = true\n")), "{name} has no {key}");
        }
        let page = fs::read_to_string(folder.join("README.md")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page.starts_with(&format!("# {name}\n")), "the page of {name} does not begin with its name");
        let documented = manifest.contains("[package.metadata.docs.rs]\nall-features = true");
        assert_eq!(documented, manifest.contains("\n[features]\n"), "{name}: documentation shows all features");
    }
}

#[test]
fn the_dependencies_of_limpids_own_crates_have_the_versions_by_which_they_are_published() {
    let workspace = read("Cargo.toml");
    let version = value(&workspace, "version").to_string();
    let own: Vec<&str> = workspace.lines().filter(|line| line.contains("path = \"crates/")).collect();
    assert!(own.len() + 1 >= crates().len(), "{own:?}");
    for line in own {
        assert!(line.contains(&format!("version = \"{version}\"")), "{line}");
    }
}
