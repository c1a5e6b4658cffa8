//! `train` and `evaluate`: what they report, and that it is the same.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::Place;

/// The smallest training: one layer, one epoch.
const SMALL: [&str; 5] = ["train", "--network", "784, affine 10", "--epochs", "1"];

fn small<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.iter().chain(more).copied().collect()
}

#[test]
fn a_training_reports_one_json_object_and_evaluate_gives_its_numbers_to_the_last_digit() {
    let place = Place::new();
    let report = place.run(&small(&["--format", "json", "--output", "a.safetensors"])).done().json();
    assert_eq!(report["dataset"], "mnist");
    assert_eq!(report["network"], "784, affine 10");
    assert_eq!((&report["parameters"], &report["seed"]), (&7850.into(), &1.into()));
    assert_eq!((&report["epochs"], &report["steps"], &report["batch_size"]), (&1.into(), &600.into(), &100.into()));
    assert_eq!(report["learning_rate"], 0.1);
    assert_eq!(report["output"], "a.safetensors");
    assert!(report["training_seconds"].as_f64().unwrap() > 0.0);
    assert!(report["test_accuracy"].as_f64().unwrap() > 0.88, "{}", report["test_accuracy"]);
    let history = &report["history"];
    assert_eq!(history["losses"].as_array().unwrap().len(), 600);
    assert_eq!(history["epochs"].as_array().unwrap().len(), 2);
    assert_eq!(history["epochs"][1]["test_accuracy"], report["test_accuracy"]);
    assert!(history.get("times").is_none());

    for (part, samples) in [("test", 10_000), ("train", 60_000)] {
        let seen = place.run(&["evaluate", "a.safetensors", "--part", part, "--format", "json"]).done().json();
        assert_eq!(seen["accuracy"], report[format!("{part}_accuracy")], "{part}");
        assert_eq!(seen["loss"], report[format!("{part}_loss")], "{part}");
        assert_eq!((&seen["samples"], &seen["part"]), (&samples.into(), &part.into()));
        assert_eq!((&seen["model"], &seen["dataset"]), (&"a.safetensors".into(), &"mnist".into()));
    }
    assert_eq!(place.files(), ["a.safetensors"]);
}

#[test]
fn each_optimiser_learns_at_a_rate_of_its_own() {
    let place = Place::new();
    for (optimizer, rate, momentum) in
        [("momentum", 0.01, Some(0.9)), ("nesterov", 0.01, Some(0.9)), ("adam", 0.001, None)]
    {
        let report = place.run(&small(&["--format", "json", "--quiet", "--optimizer", optimizer])).done().json();
        assert_eq!((&report["optimizer"], &report["learning_rate"]), (&optimizer.into(), &rate.into()));
        assert_eq!(report["momentum"].as_f64(), momentum);
        assert!(report["test_accuracy"].as_f64().unwrap() > 0.88, "{optimizer}: {}", report["test_accuracy"]);
    }
    let plan = place.run(&["plan", "--optimizer", "adam", "--format", "json"]).done().json();
    assert!(plan["nodes"].as_u64() > place.run(&["plan", "--format", "json"]).done().json()["nodes"].as_u64());
    let graph = place.run(&["graph", "2, affine 3", "--stage", "step", "--optimizer", "momentum"]).done().stdout;
    assert!(graph.contains("0/w velocity"), "{graph}");
}

#[test]
fn a_model_in_f64_is_evaluated_in_f64() {
    let place = Place::new();
    let more = ["--precision", "f64", "--format", "json", "--quiet", "--output", "a.safetensors"];
    let report = place.run(&small(&more)).done().json();
    let seen = place.run(&["evaluate", "a.safetensors", "--format", "json"]).done().json();
    assert_eq!((&seen["loss"], &seen["accuracy"]), (&report["test_loss"], &report["test_accuracy"]));
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_seed_others() {
    let place = Place::new();
    for (seed, file) in [("7", "a"), ("7", "b"), ("8", "c")] {
        place.run(&small(&["--quiet", "--seed", seed, "--output", file])).done();
    }
    let bytes = |name| fs::read(place.path(name)).unwrap();
    assert_eq!(bytes("a"), bytes("b"));
    assert_ne!(bytes("a"), bytes("c"));
}

#[test]
fn text_has_the_result_on_stdout_and_plain_lines_of_progress_on_stderr() {
    let place = Place::new();
    let told = place.run(&small(&["--output", "my digits"])).done();
    let labels: Vec<&str> = told.stdout.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(labels, ["test accuracy", "test loss", "train accuracy", "train loss", "seconds"]);
    for said in [
        "network     784, affine 10\n",
        "parameters  7,850 (31.4 kB in f32)\n",
        "60,000 to learn from, 10,000 to test on\n",
        "1 epoch of 600 steps\n",
        "seed        1\n",
        "\nepoch 0/1  loss ",
        "\nepoch 1/1  loss ",
        "\nsaved 'my digits'; ask it again with: limpid evaluate 'my digits'\n",
    ] {
        assert!(told.stderr.contains(said), "{said:?} is not in:\n{}", told.stderr);
    }
    assert!(!told.stderr.contains(['\r', '\x1b']) && told.stderr.is_ascii(), "{:?}", told.stderr);
}

#[test]
fn without_output_a_note_says_how_the_model_is_kept_and_quiet_says_nothing() {
    let place = Place::new();
    assert!(place.run(&SMALL).done().stderr.contains("not kept; to keep it add: --output "));
    assert_eq!(place.run(&small(&["--quiet"])).done().stderr, "");
    assert!(place.files().is_empty());
}

#[test]
fn timed_notes_when_each_step_ended() {
    let place = Place::new();
    let told = place.run(&small(&["--timed"])).done().stderr;
    let steps: Vec<&str> = told.lines().filter(|line| line.starts_with("step ")).collect();
    assert_eq!(steps.len(), 600);
    assert!(steps[599].starts_with("step 600  20") && steps[599].contains("Z  "), "{}", steps[599]);

    let told = place.run(&small(&["--timed", "--format", "json"])).done();
    assert!(!told.stderr.contains("step 600"), "{}", told.stderr);
    let times = told.json()["history"]["times"].clone();
    let elapsed = |i: usize| times[i]["elapsed_seconds"].as_f64().unwrap();
    assert!(elapsed(0) > 0.0 && elapsed(599) > elapsed(0));
}

#[test]
fn hidden_layers_begin_as_their_activation_likes() {
    let place = Place::new();
    let table = [
        (vec!["--hidden", "9,8"], "784, affine 9, relu, affine 8, relu, affine 10"),
        (vec!["--hidden", "9", "--activation", "sigmoid"], "784, affine 9 init=xavier, sigmoid, affine 10 init=xavier"),
        (
            vec!["--hidden", "9", "--activation", "leaky-relu slope=0.2", "--init", "normal(0.01)"],
            "784, affine 9 init=normal(0.01), leaky-relu slope=0.2, affine 10 init=normal(0.01)",
        ),
    ];
    for (flags, network) in table {
        let arguments = [vec!["train", "--epochs", "1", "--quiet", "--format", "json"], flags].concat();
        assert_eq!(place.run(&arguments).done().json()["network"], network);
    }
}

#[test]
fn a_training_that_diverges_says_at_which_step_and_leaves_the_old_file() {
    let place = Place::new();
    fs::write(place.path("best"), "the best so far").unwrap();
    let train = |more: &[&str]| {
        place.run(&[&["train", "--hidden", "5", "--epochs", "1", "--learning-rate", "1e30"], more].concat())
    };
    let said = "training diverged: the loss is NaN at step 2 (epoch 1); use a learning rate smaller than 1e30";
    train(&["--output", "best"]).failed(1, said);
    train(&["--output", "new", "--format", "json"]).failed(1, said);
    assert_eq!(place.files(), ["best"]);
    assert_eq!(fs::read_to_string(place.path("best")).unwrap(), "the best so far");
}

#[test]
fn a_training_whose_loss_grew_ends_with_a_warning_and_what_to_try() {
    let place = Place::new();
    let rows: String = (0..40).map(|row| format!("{},{}\n", row % 10, ["a", "b"][row % 2])).collect();
    fs::write(place.path("t.csv"), format!("x,kind\n{rows}")).unwrap();
    let train = |rate: &str| {
        let usual = ["train", "--data", "t.csv", "--target", "kind", "--epochs", "3", "--activation", "sigmoid"];
        place.run(&[&usual[..], &["--lr", rate]].concat()).done().stderr
    };
    let said = train("1000");
    assert!(said.contains("warning: the loss grew from ") && said.contains("try --learning-rate 0.1\n"), "{said}");
    assert!(said.ends_with("to keep it add: --output t.safetensors\n"), "{said}");
    assert!(!train("0.1").contains("warning"));
}

#[test]
fn no_epochs_make_a_model_that_is_as_it_began() {
    let place = Place::new();
    let train = |epochs: &str| {
        let usual = ["train", "--hidden", "4", "--output", "m.safetensors", "--format", "json", "--epochs", epochs];
        place.run(&usual).done().json()
    };
    let report = train("0");
    let fields = ["epochs", "steps"].map(|key| report[key].as_u64());
    assert_eq!((fields, report["history"]["epochs"].as_array().map(Vec::len)), ([Some(0), Some(0)], Some(1)));
    assert!(report["test_accuracy"].as_f64().unwrap() < 0.4);
    let evaluated = place.run(&["evaluate", "m.safetensors", "--format", "json", "--quiet"]).done().json();
    assert_eq!(evaluated["accuracy"], report["test_accuracy"]);
    // That is where a training begins.
    assert_eq!(train("1")["history"]["epochs"][0], report["history"]["epochs"][0]);
}

#[test]
fn a_last_layer_that_the_loss_applies_itself_is_warned_of() {
    let place = Place::new();
    let said = |network: &str, loss: &str| {
        let usual = ["train", "--epochs", "0", "--network", network, "--loss", loss];
        place.run(&usual).done().stderr
    };
    let warned = [
        (
            "784, affine 10, softmax",
            "ce",
            "ends in softmax, and the loss is softmax-cross-entropy, which applies softmax",
        ),
        (
            "784, affine 10, sigmoid",
            "bce",
            "ends in sigmoid, and the loss is binary-cross-entropy, which applies sigmoid",
        ),
        ("784, affine 10, relu", "ce", "ends in relu, and the loss is softmax-cross-entropy, which needs scores"),
    ];
    for (network, loss, warning) in warned {
        let said = said(network, loss);
        assert!(said.contains("warning: the network ") && said.contains(warning), "{said}");
    }
    for (network, loss) in
        [("784, affine 10", "ce"), ("784, affine 10, softmax", "mse"), ("784, affine 10, sigmoid", "mse")]
    {
        assert!(!said(network, loss).contains("warning"), "{network}, {loss}");
    }
}

#[test]
fn a_training_never_replaces_its_own_data_or_another_of_its_results() {
    let place = Place::new();
    let table = "x,kind\n1,a\n2,b\n1,a\n2,b\n1,a\n2,b\n";
    fs::write(place.path("t.csv"), table).unwrap();
    let train = |more: &[&str]| place.run(&[&["train", "--target", "kind", "--epochs", "1"], more].concat());
    train(&["--data", "t.csv", "--output", "./t.csv"]).failed(2, "--output ./t.csv is the file that --data reads");
    train(&["--data", "t.csv", "--history", "t.csv"]).failed(2, "--history t.csv is the file that --data reads");
    train(&["--data", "t.csv", "--output", "a", "--history", "a"])
        .failed(2, "--output and --history name the same file, a");
    // Standard input is a file, too.
    let mut piped = place.command(&["train", "--target", "kind", "--data", "-", "--output", "t.csv"]);
    let stdin = fs::File::open(place.path("t.csv")).unwrap();
    let outcome = place.outcome(piped.stdin(stdin));
    if cfg!(unix) {
        outcome.failed(2, "--output t.csv is the file that --data reads");
    }
    assert_eq!(fs::read_to_string(place.path("t.csv")).unwrap(), table);
    assert_eq!(place.files(), ["t.csv"]);
    train(&["--data", "t.csv", "--output", "m", "--quiet"]).done();
    let model = fs::read(place.path("m")).unwrap();
    place
        .run(&["predict", "m", "--data", "t.csv", "--output", "m"])
        .failed(2, "--output m is the file that MODEL reads");
    place.run(&["graph", "m", "--format", "dot", "--output", "m"]).failed(2, "NETWORK|MODEL reads");
    assert_eq!(fs::read(place.path("m")).unwrap(), model);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let place = Place::new();
    let mut child = place
        .command(&["graph", "784, affine 500, relu, affine 10", "--stage", "step", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((first.as_str(), output.status.code()), ("{\n", Some(0)));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_stdout_is_a_failure() {
    let place = Place::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = place.command(&["summary"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: cannot write to standard output: "));
}
