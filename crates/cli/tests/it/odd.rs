//! Odd places where a file is wanted: each verb answers with the place's name, neither panics nor waits for what never
//! comes, and writes nothing.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop at what it does not expect, and say so")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use limpid::learn::{Column, Model, Network, Preparation, Task};
use limpid::models::{self, PictureForm, Samples};

use crate::support::Place;

/// In each, `@` is the place; `m` is a model of nothing in particular, `t` one of a table, `p` one of pictures.
const VERBS: [&str; 30] = [
    "train --data @ --epochs 1",
    "train --data @ --target a --epochs 1",
    "train --data @ --dataset mnist --epochs 1",
    "predict @",
    "predict @ --data t.csv",
    "predict p @",
    "predict p --data @",
    "predict t --data @",
    "predict m @",
    "evaluate @",
    "evaluate m --data @",
    "evaluate t --data @",
    "evaluate p --data @",
    "convert @ out.npz",
    "summary @",
    "graph @",
    "graph t --values 0 --data @",
    "plan @",
    "gradcheck @",
    "gradcheck t --data @",
    "gradcheck p --data @",
    "gradcheck m --gradient @",
    "plot history @",
    "plot weights @",
    "plot confusion @",
    "plot confusion p --data @",
    "plot misclassified @",
    "plot misclassified p --data @",
    "data show mnist --data @",
    "bench --data @",
];

/// Where nothing can be written, and what is written there.
const OUTPUTS: [&str; 5] = [
    "predict t --data t.csv --output @",
    "convert m @ --to npz",
    "plot function x --output @/x.svg",
    "train --data t.csv --target a --epochs 1 --output @/m.safetensors",
    "train --data t.csv --target a --epochs 1 --history @/h.json",
];

/// The places, by name. A name may be no text; a file that may not be read is only among them where that holds.
fn places(place: &Place) -> Vec<OsString> {
    let path = |name: &str| place.path(name);
    fs::create_dir(path("a-folder")).unwrap();
    fs::write(path("an-empty-file"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", path("a-dangling-link")).unwrap();
    std::os::unix::fs::symlink("a-circle", path("a-circle")).unwrap();
    assert!(Command::new("mkfifo").arg(path("a-pipe")).status().unwrap().success());
    std::os::unix::net::UnixListener::bind(path("a-socket")).unwrap();
    fs::write(path("one\x1b[31mred\nline"), b"\x00\x01\x02 nothing").unwrap();
    let no_text = OsStr::from_bytes(b"caf\xe9");
    fs::write(place.path(".").join(no_text), b"\x00\x01\x02 nothing").unwrap();
    let mut names: Vec<OsString> = [
        "missing",
        "a-folder",
        "an-empty-file",
        "an-empty-file/within",
        "a-dangling-link",
        "a-circle",
        "a-pipe",
        "a-socket",
        "one\x1b[31mred\nline",
        "/dev/zero",
        "/dev/null",
    ]
    .map(OsString::from)
    .to_vec();
    names.extend([no_text.to_os_string(), OsString::from("long".repeat(100))]);
    let locked = path("a-locked-file");
    fs::write(&locked, "a,b\n1,2\n").unwrap();
    fs::set_permissions(&locked, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    match fs::File::open(&locked) {
        Ok(_) => println!("whoever runs this may read everything: no file is locked"),
        Err(_) => names.push("a-locked-file".into()),
    }
    names
}

/// Models of three kinds, and a table.
fn models_in(place: &Place) {
    let model = |network: &str| Model::new(&network.parse::<Network>().unwrap(), 1).unwrap();
    models::save(&model("784, affine 10"), place.path("m")).unwrap();
    let x = Column::numbers("b", [Some(0.1), Some(0.4), Some(0.7)]);
    let kind = Column::words("a", [Some("x"), Some("y"), Some("x")]);
    let table = Samples::Table(Preparation::fit(&[x], &kind, Task::Classification).unwrap());
    models::save_with(&model("1, affine 2"), Some(&table), place.path("t")).unwrap();
    let classes = vec!["x".to_string(), "y".to_string()];
    let form = PictureForm { channels: 1, height: 2, width: 1, classes, set: None, ground: None, split: None };
    models::save_with(&model("2, affine 2"), Some(&Samples::Pictures(form)), place.path("p")).unwrap();
    fs::write(place.path("t.csv"), "a,b\nx,0.1\ny,0.4\nx,0.7\ny,0.2\n").unwrap();
}

/// Code and stderr of a run; none where it takes longer than a minute.
fn answered(place: &Place, verb: &str, name: &OsStr) -> Option<(Option<i32>, String)> {
    let mut command = place.command(&[]);
    for word in verb.split(' ') {
        let around = word.split_once('@');
        let word = around.map_or(word.into(), |(_, after)| {
            let mut word = name.to_os_string();
            word.push(after);
            word
        });
        command.arg(word);
    }
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut stderr = Vec::new();
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    let code = child.wait().unwrap().code();
    Some((code, String::from_utf8(stderr).expect("the command speaks UTF-8")))
}

/// What is wrong with an answer, if anything.
fn fault(answer: Option<(Option<i32>, String)>, name: &OsStr) -> Option<String> {
    let Some((code, stderr)) = answer else { return Some("no answer within a minute".to_string()) };
    let shown = name.to_string_lossy().replace('\x1b', "\\u{1b}");
    let is_named = stderr.split("error: ").nth(1).is_some_and(|message| message.contains(&shown));
    let is_plain = !stderr.contains('\x1b') && !stderr.contains("panicked") && !stderr.contains("a bug in limpid");
    (!matches!(code, Some(1 | 2)) || !is_named || !is_plain).then(|| format!("{code:?}: {stderr}"))
}

/// Each of these command lines is tried at each odd place where it `is_refused`: each answers with the place's name, and
/// nothing is written.
fn tried(verbs: &[&str], is_refused: impl Fn(&Place, &str, &OsStr) -> bool) {
    let place = Place::new();
    models_in(&place);
    let names = places(&place);
    let before = fs::read_dir(place.path(".")).unwrap().count();
    let mut faults = Vec::new();
    for verb in verbs {
        for name in names.iter().filter(|name| is_refused(&place, verb, name)) {
            let fault = fault(answered(&place, verb, name), name);
            faults.extend(fault.map(|fault| format!("{verb}, {name:?}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{} answers:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(fs::read_dir(place.path(".")).unwrap().count(), before);
}

#[test]
fn every_verb_answers_an_odd_place_with_its_name_and_never_waits_or_panics() {
    // For `graph` a name with a stroke is a quotient.
    tried(&VERBS, |_, verb, name| verb != "graph @" || name != "an-empty-file/within");
}

#[test]
fn no_output_is_written_to_an_odd_place() {
    tried(&OUTPUTS, |place, verb, name| {
        let is_within = verb.contains("@/");
        let (text, metadata) = (name.to_string_lossy(), fs::metadata(place.path(".").join(name)));
        let takes_it = match metadata {
            Ok(found) if is_within => found.is_dir(),
            // What is written into a pipe waits for its reader, as with any program.
            Ok(found) => found.is_file() || text.starts_with("/dev/") || text == "a-pipe",
            Err(_) if is_within => false,
            Err(_) => text == "missing" || text == "a-dangling-link",
        };
        !takes_it
    });
}
