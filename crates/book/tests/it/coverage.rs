//! `docs/spec-coverage.md` is as the rows and stops make it, and what it names exists.
//! `UPDATE=1 cargo test -p limpid-book --test it coverage` writes it anew.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::{Path, PathBuf};

use limpid_book::{ROWS, coverage};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_page_is_up_to_date() {
    let path = root().join("docs/spec-coverage.md");
    let wanted = coverage::page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/spec-coverage.md is stale: UPDATE=1 cargo test -p limpid-book --test it coverage");
}

#[test]
fn no_cell_is_blank_and_nothing_is_pending() {
    for row in ROWS {
        assert!(row.item != "pending", "{}", row.id);
        assert!(coverage::stops_of(row).next().is_some(), "{} has no stop", row.id);
        assert!(!row.title.is_empty() && !row.item.is_empty(), "{}", row.id);
    }
    for line in coverage::page().lines().filter(|line| line.starts_with('|')) {
        assert!(!line.contains("|  |") && !line.contains("| |"), "a blank cell: {line}");
    }
}

#[test]
fn every_test_that_the_page_names_exists() {
    for row in ROWS {
        let (file, name) = row.test;
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {file}: {error}", row.id));
        let (before, _) = text.split_once(&format!("fn {name}()")).unwrap_or_else(|| panic!("{}: {name}", row.id));
        assert!(before.trim_end().ends_with("#[test]"), "{}: {name} is no test", row.id);
    }
}

/// Commands on the site's pages are run, all of them, by the command's own tests.
#[test]
fn every_command_that_the_page_names_is_printed_by_a_stop_of_its_row() {
    for row in ROWS.iter().filter(|row| !row.command.is_empty()) {
        let typed = format!("$ {}\n", row.command);
        assert!(coverage::stops_of(row).any(|stop| stop.words.contains(&typed)), "{}: {}", row.id, row.command);
    }
}

#[test]
fn every_library_item_that_the_page_names_exists() {
    let mut sources = String::new();
    for room in ["graph", "learn", "limpid", "draw"] {
        gather(&root().join("crates").join(room).join("src"), &mut sources);
    }
    for row in ROWS {
        let name = row.item.rsplit("::").next().unwrap();
        let forms = ["fn", "struct", "enum", "mod"].map(|kind| format!("pub {kind} {name}"));
        // A function of single numbers is a row of a table: `Exp => exp(x)`; a layer without settings too.
        let in_table = [format!("=> {name}("), format!("{name} => "), format!("    {name}, ")];
        let found = forms.iter().chain(&in_table).any(|form| sources.contains(form));
        assert!(found, "{}: there is no {}", row.id, row.item);
    }
}

fn gather(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, text);
        } else {
            *text += &fs::read_to_string(&path).unwrap();
        }
    }
}
