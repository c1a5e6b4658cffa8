//! `limpid book`: the list, a stop, the site; and every command that the site prints does what it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::Place;

/// Runs every command of the site, also those that the quick test only looks up:
/// `LIMPID_EVERY_COMMAND=1 cargo test --release -p limpid-cli --test it book`.
const EVERY: &str = "LIMPID_EVERY_COMMAND";

#[test]
fn the_book_lists_its_chapters() {
    let run = Place::new().run(&["book"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("2  The perceptron") && run.stdout.contains("2.2   XOR"), "{}", run.stdout);
}

#[test]
fn a_stop_explains_shows_numbers_and_pictures_and_leads_on() {
    let place = Place::new();
    let run = place.run(&["book", "5.2", "--output", "pictures"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for wanted in ["5.2  Two apples", "total: 220.00000000000003", "limpid book 5.2 --code"] {
        assert!(run.stdout.contains(wanted), "{wanted}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("fn stop("), "{}", run.stdout);
    assert!(run.stdout.ends_with("next:     limpid book 5.3   Apples and oranges\n"), "{}", run.stdout);
    assert!(fs::read_to_string(place.path("pictures/apples.svg")).unwrap().starts_with("<svg"));
    assert!(fs::read(place.path("pictures/apples.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_stops_rust_is_shown_where_it_is_asked_for() {
    let run = Place::new().run(&["book", "5.2", "--code", "--no-pager"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("crates/limpid/examples/apples.rs") && run.stdout.contains("fn stop("), "{run:?}");
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.stdout);
    assert_eq!(Place::new().run(&["book", "--code"]).code, Some(2));
}

/// In a terminal of its own, which `script` gives it, the pager shows the stop, and nothing is asked of it in a pipe.
#[cfg(target_os = "linux")]
#[test]
fn in_a_terminal_a_stop_goes_through_the_readers_pager() {
    let place = Place::new();
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("there is no `script` here, so that no terminal can be had: not tried");
        return;
    }
    let limpid = env!("CARGO_BIN_EXE_limpid");
    let typed = |flags: &str, pager: &str| {
        let line = format!("stty columns 80 rows 24; {limpid} book 5.2 {flags}");
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(place.path("")).stdin(Stdio::null());
        let output = command.env("LIMPID_PAGER", pager).env("TERM", "xterm").output().expect("script");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    fs::write(place.path("numbered"), "#!/bin/sh\nsed 's/^/paged: /'\n").expect("a pager");
    fs::write(place.path("left"), "#!/bin/sh\nexit 0\n").expect("a pager");
    for name in ["numbered", "left"] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o755)).expect("a program");
    }
    let (code, shown) = typed("", "./numbered");
    assert!(code == Some(0) && shown.contains("paged: next:") | shown.contains("paged: \u{1b}[1mnext:"), "{shown}");
    let (code, shown) = typed("--no-pager", "./numbered");
    assert!(code == Some(0) && shown.contains("Two apples") && !shown.contains("paged: "), "{shown}");
    // A reader who leaves early has seen enough: no error.
    let (code, shown) = typed("", "./left");
    assert!(code == Some(0) && !shown.contains("error"), "{shown}");
    let (code, shown) = typed("", "./absent");
    assert!(code == Some(0) && shown.contains("cannot be started") && shown.contains("220.00000000000003"), "{shown}");
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

/// Where the digits cannot be read, the stops that do not need them are whole, and the others have words and program. Such a
/// site has every command of the whole one, which `.ci/book.sh` makes, and is made in a moment.
#[cfg(target_os = "linux")]
#[test]
fn the_site_is_shown_where_data_cannot_be_read_too_and_every_command_that_it_prints_runs_as_printed() {
    let place = Place::new();
    fs::create_dir(place.path("damaged")).expect("a folder");
    for entry in fs::read_dir(crate::support::published()).expect("the digits") {
        fs::write(place.path("damaged").join(entry.expect("a file").file_name()), "damaged").expect("a damaged file");
    }
    let mut command = place.command_with_viewer(&["book", "--all", "--open", "--output", "site"], true);
    let output = command.env("LIMPID_DATA", place.path("damaged")).output().expect("limpid");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("some stops have no numbers and no pictures:\nstops 1.3, 3.6, 3.7, 3.8, 3.10, "), "{told}");
    let page = |name: &str| fs::read_to_string(place.path("site").join(name)).expect("a page");
    let missing = "They are missing, because the program failed: ";
    assert!(page("5.2.html").contains("220.00000000000003") && !page("5.2.html").contains(missing));
    assert!(page("1.3.html").contains(missing) && page("1.3.html").contains(" stop(page"));
    assert!(page("index.html").contains("1.3.html"));

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
    if command == "cargo install --path crates/cli --profile dist" || command == "limpid book --all --output site" {
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
