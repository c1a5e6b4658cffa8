//! Ctrl-C, SIGTERM and SIGHUP during a training: what is written, and the exit code.
//!
//! No test waits for a time: each waits for a line that the command prints.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use limpid::graph::Tensor;

use crate::support::Place;

/// The signals, and the exit codes that shells know them by.
const SIGNALS: [(&str, u32, i32); 3] = [("INT", 2, 130), ("TERM", 15, 143), ("HUP", 1, 129)];

/// A training on a small table that is there, with more epochs than anybody waits for.
fn training(place: &Place, more: &[&str]) -> Command {
    let rows: String =
        (0..40).map(|row| format!("{},{}\n", f64::from(row) / 10.0, ["a", "b"][row as usize / 20])).collect();
    fs::write(place.path("t.csv"), format!("x,kind\n{rows}")).unwrap();
    let usual = ["train", "--data", "t.csv", "--target", "kind", "--hidden", "4", "--threads", "1"];
    let mut command = place.command(&[&usual, more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

const FOR_EVER: [&str; 2] = ["--epochs", "100000000"];

/// Whether this process, and with it what it starts, ignores a signal: as in the background of some shells.
fn is_ignored(number: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap() >> (number - 1) & 1 == 1
}

fn send(signal: &str, child: &Child) {
    let kill = format!("kill -{signal} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// What is on stderr, and the stream to read on from, once a line has this in it.
fn read_until(child: &mut Child, sign: &str) -> (String, BufReader<std::process::ChildStderr>) {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before {sign:?}: {seen}");
        seen += &line;
        if line.contains(sign) {
            return (seen, stderr);
        }
    }
}

/// Sends a signal once an epoch has ended: exit code, stdout, and what was said from then on.
fn interrupted(mut command: Command, signal: &str) -> (Option<i32>, String, String) {
    let mut child = command.spawn().unwrap();
    // The report may be longer than what a pipe holds: both streams are read at once.
    let mut stdout = child.stdout.take().unwrap();
    let report = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let (_, mut stderr) = read_until(&mut child, "epoch         1/");
    send(signal, &child);
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), report.join().unwrap().unwrap(), said)
}

#[test]
fn an_interrupted_training_writes_what_was_asked_for_and_says_so() {
    // A signal that is ignored here never ends the command; that it goes on is the claim of another test.
    for (signal, _, code) in SIGNALS.into_iter().filter(|(_, number, _)| !is_ignored(*number)) {
        let place = Place::new();
        let more = [&FOR_EVER[..], &["--output", "m.safetensors", "--history", "h.json", "--format", "json"]].concat();
        let (ended, stdout, said) = interrupted(training(&place, &more), signal);
        assert_eq!(ended, Some(code), "{said}");
        let name = if signal == "INT" { "Ctrl-C".to_string() } else { format!("SIG{signal}") };
        assert!(said.contains(&format!("{name}: the step under way is finished")), "{said}");
        let last = said.lines().last().unwrap();
        assert!(
            last.starts_with(&format!("ended by {name} after ")) && last.contains(" of 100,000,000 epochs ("),
            "{last}"
        );
        assert!(last.ends_with(": model written to m.safetensors, history written to h.json"), "{last}");
        // Both are whole, and of the same length.
        assert_eq!(place.files(), ["h.json", "m.safetensors", "t.csv"]);
        let history: serde_json::Value = serde_json::from_slice(&fs::read(place.path("h.json")).unwrap()).unwrap();
        let steps = history["losses"].as_array().unwrap().len();
        assert!(last.contains(&format!("({steps} step")) || steps > 999, "{last}");
        let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((&report["interrupted"], &report["steps"]), (&format!("SIG{signal}").into(), &steps.into()));
        let mut saved = limpid::models::load(place.path("m.safetensors")).unwrap();
        saved.predict(&Tensor::zeros([1, 1])).unwrap();
        place.run(&["evaluate", "m.safetensors", "--data", "t.csv", "--quiet"]).done();
    }
}

#[test]
fn an_interrupted_training_without_an_output_says_that_nothing_was_written() {
    let place = Place::new();
    let (code, _, said) = interrupted(training(&place, &FOR_EVER), "TERM");
    assert_eq!(code, Some(143));
    let why = "nothing was written, since neither --output nor --history was given";
    assert!(said.lines().last().unwrap().ends_with(why), "{said}");
    assert_eq!(place.files(), ["t.csv"]);
}

#[test]
fn a_signal_that_was_ignored_from_the_start_changes_nothing() {
    let place = Place::new();
    let plain = training(&place, &["--epochs", "300", "--output", "m.safetensors"]);
    for (signal, ..) in SIGNALS {
        // As `nohup` starts a command.
        let mut command = Command::new("sh");
        let ignoring = format!("trap '' {signal}; exec \"$0\" \"$@\"");
        command.args(["-c", &ignoring]).arg(plain.get_program()).args(plain.get_args());
        command.current_dir(plain.get_current_dir().unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (_, mut stderr) = read_until(&mut child, "epoch   1/300");
        send(signal, &child);
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}: {said}");
        assert!(said.contains("epoch 300/300") && said.contains("saved m.safetensors"), "{signal}: {said}");
    }
}

#[test]
fn a_second_signal_ends_at_once_and_leaves_the_old_file() {
    let place = Place::new();
    fs::write(place.path("m.safetensors"), b"old").unwrap();
    // One step an epoch, which takes long enough for the second signal to come before its end.
    let slow = ["train", "--hidden", "256", "--batch-size", "60000", "--epochs", "1000", "--threads", "1"];
    let mut command = place.command(&[&slow[..], &["--output", "m.safetensors"]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (_, mut stderr) = read_until(&mut child, "epoch    0/");
    send("TERM", &child);
    let mut answer = String::new();
    stderr.read_line(&mut answer).unwrap();
    assert!(answer.starts_with("SIGTERM: ") && answer.ends_with("; once more ends at once\n"), "{answer}");
    send("TERM", &child);
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{said}");
    assert_eq!(said, "SIGTERM: ended at once; nothing was written\n");
    assert_eq!(fs::read(place.path("m.safetensors")).unwrap(), b"old");
    assert_eq!(place.files(), ["m.safetensors"]);
}

#[test]
fn a_verb_with_nothing_to_lose_ends_at_once_with_the_signals_code() {
    let place = Place::new();
    let mut command = place.command(&["bench", "--only", "W3", "--seconds", "600", "--repeats", "600"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (_, mut stderr) = read_until(&mut child, "W3: ");
    send("TERM", &child);
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{said}");
    assert!(said.contains("SIGTERM: the measurements are not printed"), "{said}");
}
