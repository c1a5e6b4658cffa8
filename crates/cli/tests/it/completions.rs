//! `limpid completions`: scripts for shells, and man pages.

use crate::support::Place;

const VERBS: [&str; 13] = [
    "train",
    "evaluate",
    "convert",
    "predict",
    "summary",
    "plot",
    "graph",
    "plan",
    "gradcheck",
    "data",
    "book",
    "bench",
    "completions",
];

#[test]
fn each_shells_script_knows_every_verb_and_flags() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = place.run(&["completions", shell]).done().stdout;
        for word in VERBS.into_iter().chain(["history", "batch-size", "threads"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    place.run(&["completions", "bash", "--output", "x"]).failed(2, "--output is for man pages");
    assert!(place.files().is_empty());
}

#[test]
fn there_is_a_man_page_for_each_command_under_its_whole_name() {
    let place = Place::new();
    place.run(&["completions", "man", "--output", "."]).done();
    let pages = place.files();
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    for verb in VERBS {
        let name = format!("limpid-{verb}.1");
        assert!(pages.contains(&name), "{pages:?}");
        assert!(read(&name).contains(&format!("\\fBlimpid {verb}\\fR")), "{name}");
    }
    assert!(read("limpid-plot-history.1").contains("\\fBlimpid plot history\\fR"));
    assert!(!pages.iter().any(|name| name.contains("help")), "{pages:?}");
    assert!(read("limpid-train.1").contains("Examples:"));
}
