//! `limpid book`: the list, a stop, the site; and every command that the site prints does what it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::Place;

/// Runs every command of the site, also those that the quick test only looks up:
/// `LIMPID_EVERY_COMMAND=1 cargo test --release -p limpid-cli --test commands book`.
const EVERY: &str = "LIMPID_EVERY_COMMAND";

#[test]
fn the_book_lists_its_chapters() {
    let run = Place::new().run(&["book"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("2  The perceptron") && run.stdout.contains("2.2   XOR"), "{}", run.stdout);
}

#[test]
fn a_stop_explains_shows_numbers_pictures_and_its_rust() {
    let place = Place::new();
    let run = place.run(&["book", "5.2", "--output", "pictures"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for wanted in ["5.2  Two apples", "total: 220.00000000000003", "crates/limpid/examples/apples.rs", "fn stop("] {
        assert!(run.stdout.contains(wanted), "{wanted}: {}", run.stdout);
    }
    assert!(fs::read_to_string(place.path("pictures/apples.svg")).unwrap().starts_with("<svg"));
    assert!(fs::read(place.path("pictures/apples.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_wrong_stop_is_wrong_usage_and_those_near_it_are_named() {
    for (asked, near) in [("4.99", "4.4"), ("softmx", "3.2"), ("9", "near it")] {
        let run = Place::new().run(&["book", asked]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains(near) && run.stdout.is_empty(), "{run:?}");
    }
    assert_eq!(Place::new().run(&["book", "--all"]).code, Some(2));
    assert_eq!(Place::new().run(&["book", "--output", "somewhere"]).code, Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn a_stop_is_shown_as_a_page() {
    let place = Place::new();
    let shown = || fs::read_to_string(place.path("shown")).expect("what was shown");
    let run = place.run_with_viewer(&["book", "5.2", "--open"], true).done();
    assert!(run.stdout.contains("220.00000000000003") && run.stderr.contains("opening "), "{run:?}");
    assert!(shown().starts_with(place.path("temporary").to_str().expect("a path")), "{}", shown());
    assert!(fs::read_to_string(shown()).expect("a page").contains("Two apples"));
    place.run_with_viewer(&["book", "5.2", "--open", "--output", "kept"], true).done();
    assert_eq!(Path::new(&shown()), place.path("kept/5.2.html").canonicalize().expect("the page"));
    assert!(place.path("kept/apples.png").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_show_a_page_its_path_is_told() {
    let place = Place::new();
    let run = place.run_with_viewer(&["book", "5.2", "--open", "--output", "kept"], false);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("no program could be started that shows ") && run.stderr.contains("kept/5.2.html"));
    assert!(place.path("kept/5.2.html").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn the_site_is_shown_and_every_command_that_it_prints_runs_as_printed() {
    let place = Place::new();
    place.run_with_viewer(&["book", "--all", "--open", "--output", "site"], true).done();
    let shown = fs::read_to_string(place.path("shown")).expect("what was shown");
    assert_eq!(Path::new(&shown), place.path("site/index.html").canonicalize().expect("the page"));
    let commands = commands_of(&place.path("site"));
    assert!(commands.len() > 70, "{commands:?}");
    let every = std::env::var_os(EVERY).is_some();
    for command in &commands {
        check(&place, command, every);
    }
}

/// The commands to type, in the order in which a reader meets them, each once.
fn commands_of(site: &Path) -> Vec<String> {
    let (mut commands, mut known) = (Vec::new(), BTreeSet::new());
    let mut pages: Vec<_> = fs::read_dir(site).expect("the site").map(|entry| entry.expect("a page").path()).collect();
    pages.sort();
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "html")) {
        let text = fs::read_to_string(page).expect("a page");
        for rest in text.split("<code class=\"command\">").skip(1) {
            let command = rest.split("</code>").next().unwrap_or_default().replace("&quot;", "\"").replace("&gt;", ">");
            let command = command.replace("&lt;", "<").replace("&amp;", "&");
            if known.insert(command.clone()) {
                commands.push(command);
            }
        }
    }
    commands
}

fn check(place: &Place, command: &str, every: bool) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // A stop's own program was run, from the same text, when its page was made.
    if let Some(example) = command.strip_prefix("cargo run --release -p limpid --example ") {
        assert!(root.join(format!("crates/limpid/examples/{example}.rs")).is_file(), "{command}");
        if every {
            shell(command, &root, place);
        }
        return;
    }
    // This is how the command came to be that is tested here.
    if command == "cargo install --path crates/cli" || command == "limpid book --all --output site" {
        return;
    }
    assert!(command.starts_with("limpid "), "`{command}` is neither run nor known");
    let quick = ["2.1", "4.4", "5.4"].iter().any(|stop| command == format!("limpid book {stop}"));
    let is_stop = command.starts_with("limpid book ") && !command.contains("--");
    if every || quick || !is_stop {
        shell(command, &place.path(""), place);
    } else {
        let number = command.trim_start_matches("limpid book ");
        assert!(limpid_book::find(number).is_ok(), "{command}");
    }
}

/// Runs a command as a shell does, with the tested `limpid` on its path.
fn shell(command: &str, folder: &Path, place: &Place) {
    let tested = Path::new(env!("CARGO_BIN_EXE_limpid")).parent().expect("its folder").to_path_buf();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tested].into_iter().chain(std::env::split_paths(&paths))).expect("paths");
    let template = place.command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).env("PATH", path).stdin(Stdio::null());
    shell.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let began = std::time::Instant::now();
    let run = shell.output().expect("a shell");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "`{command}` failed: {said}");
    assert!(began.elapsed() < Duration::from_secs(300), "`{command}` took {:?}", began.elapsed());
}
