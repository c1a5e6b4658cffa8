//! `plot`, and pictures of graphs: what is written where.

use std::fs;

use crate::support::{Outcome, Place};

const NETWORK: &str = "784, affine 6 init=xavier, tanh, affine 10";

fn saved(place: &Place) {
    let model = limpid::learn::Model::new(&NETWORK.parse().expect("a network"), 1).expect("a model");
    limpid::models::save(&model.with_divisor(Some(255.0)), place.path("m.safetensors")).expect("a file");
}

fn history(place: &Place) {
    let epoch = |epoch: u64, loss: f64, accuracy: f64| {
        let (step, test_loss, test_accuracy) = (4 * epoch, loss + 0.1, accuracy - 0.1);
        serde_json::json!({"epoch": epoch, "step": step, "train_loss": loss, "train_accuracy": accuracy,
            "test_loss": test_loss, "test_accuracy": test_accuracy})
    };
    let losses = serde_json::json!([2.3, 1.9, null, 1.2]);
    let history = serde_json::json!({"losses": losses, "epochs": [epoch(0, 2.4, 0.2), epoch(1, 1.1, 0.6)]});
    let text = serde_json::json!({"dataset": "mnist", "history": history}).to_string();
    fs::write(place.path("h.json"), text).expect("a file");
}

fn words(line: &str) -> Vec<&str> {
    line.split('|').collect()
}

/// A command for each kind of picture.
const EACH: &[&str] = &[
    "plot|function|sin(x)|cos(x)",
    "plot|function|x*y|--as|surface",
    "plot|descent|x0^2/20 + x1^2|--start|-7,2|--lr|0.9",
    "plot|descent|x0^2/20 + x1^2|--start|-7,2|--optimizer|sgd,momentum,adam|--lr|0.9,0.1,0.3",
    "plot|activation|sigmoid,relu,step",
    "plot|loss|cross-entropy",
    "plot|history|h.json",
    "plot|weights|m.safetensors",
    "plot|confusion|m.safetensors",
    "plot|misclassified|m.safetensors|--most|6",
    "graph|(x+y)^2|--at|x=3,y=4",
    "graph|m.safetensors|--values|3",
];

#[test]
fn every_picture_is_drawn_on_stdout_and_written_whole_as_svg_and_png() {
    let place = Place::new();
    saved(&place);
    history(&place);
    for line in EACH {
        let drawn = place.run(&words(line)).done();
        assert!(drawn.stdout.lines().count() > 3 && !drawn.stdout.contains('\u{1b}'), "{line}: {}", drawn.stdout);
        let widest = drawn.stdout.lines().map(|text| text.chars().count()).max().unwrap_or(0);
        assert!(widest <= 80, "{line}: {widest} columns");
        let told = |more: &[&str]| place.run(&[words(line), more.to_vec()].concat()).done();
        assert_eq!(told(&["--output", "p.svg", "--theme", "dark"]).stdout, "", "{line}");
        let svg = fs::read_to_string(place.path("p.svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{line}");
        assert_eq!(told(&["-o", "p.png"]).stdout, "", "{line}");
        assert!(fs::read(place.path("p.png")).unwrap().starts_with(b"\x89PNG"), "{line}");
    }
    assert_eq!(place.files(), ["h.json", "m.safetensors", "p.png", "p.svg"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_picture_is_shown_with_the_systems_program_kept_or_not() {
    let place = Place::new();
    let shown = || fs::read_to_string(place.path("shown")).unwrap();
    for line in ["plot|function|x^2|--open", "graph|(x+y)^2|--at|x=3,y=4|--open", "graph|2, affine 3|--open"] {
        let run = place.run_with_viewer(&words(line), true).done();
        assert_eq!(run.stdout, "", "{line}");
        assert!(shown().starts_with(place.path("temporary").to_str().unwrap()) && shown().ends_with(".svg"), "{line}");
        assert!(fs::read_to_string(shown()).unwrap().starts_with("<svg"), "{line}");
    }
    place.run_with_viewer(&words("plot|function|x^2|--open|-o|kept.png"), true).done();
    assert_eq!(std::path::Path::new(&shown()), place.path("kept.png").canonicalize().unwrap());
    let none = place.run_with_viewer(&words("plot|function|x^2|--open|-o|kept.svg"), false);
    none.failed(1, "kept.svg: ");
    place
        .run(&words("graph|2, affine 3|--open|--format|text"))
        .failed(2, "--open is for pictures; use --format picture");
}

#[test]
fn a_mistake_that_is_not_about_the_usage_is_answered_without_it() {
    for typed in ["plot|function|x*y|--tangent|5", "train|--network|784, affine 3", "convert|a.pkl|b.pt"] {
        let run = Place::new().run(&words(typed));
        assert_eq!(run.code, Some(2));
        assert!(run.stderr.starts_with("error: ") && !run.stderr.contains("Usage:"), "{}", run.stderr);
    }
    // A flag that there is not is about the usage; nobody who mistypes one means a value.
    let run = Place::new().run(&words("graph|2, affine 3|--layer|1"));
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("Usage: limpid graph ") && !run.stderr.contains("as a value"), "{}", run.stderr);
}

#[test]
fn a_png_has_the_size_that_was_asked_for() {
    let place = Place::new();
    place.run(&words("plot|function|x^2|--size|300x200|-o|p.png")).done();
    let bytes = fs::read(place.path("p.png")).unwrap();
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (300, 200));
}

#[test]
fn the_width_of_a_picture_follows_columns() {
    let place = Place::new();
    let run = |columns: &str| {
        let output = place.command(&words("plot|function|x^2")).env("COLUMNS", columns).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    };
    assert!(run("50") <= 50 && run("90") > 80 && run("nonsense") <= 80);
}

#[test]
fn a_confusion_matrix_fits_a_narrow_terminal_or_is_refused_in_columns() {
    let place = Place::new();
    saved(&place);
    let run =
        |columns: &str| place.command(&words("plot|confusion|m.safetensors")).env("COLUMNS", columns).output().unwrap();
    let text = String::from_utf8(run("60").stdout).unwrap();
    assert!(text.contains("predicted") && text.lines().all(|line| line.chars().count() <= 60), "{text}");
    let refused = place.run(&words("plot|confusion|m.safetensors|--size|9x20"));
    assert_eq!(refused.code, Some(2));
    let wanted = "columns of a terminal; there are 9; --output picture.svg";
    assert!(refused.stderr.contains(wanted) && !refused.stderr.contains("Usage"), "{}", refused.stderr);
}

#[test]
fn what_a_training_notes_can_be_kept_and_drawn() {
    let place = Place::new();
    let trained = "train|--epochs|1|--hidden|4|--batch-size|1000|--quiet|--history|h.json|--format|json";
    let report = place.run(&words(trained)).done().json();
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(place.path("h.json")).unwrap()).unwrap();
    assert_eq!(kept, report["history"]);
    fs::write(place.path("report.json"), report.to_string()).unwrap();
    let [of_history, of_report] =
        ["h.json", "report.json"].map(|file| place.run(&["plot", "history", file]).done().stdout);
    assert_eq!(of_history.replacen("h.json", "report.json", 1).trim_end(), of_report.trim_end());
    assert!(of_history.contains("accuracy"));
}

#[test]
fn a_file_that_does_not_fit_is_named_with_what_does() {
    let place = Place::new();
    fs::write(place.path("no.json"), "{").unwrap();
    fs::write(place.path("other.json"), "{\"losses\": 3}").unwrap();
    fs::write(place.path("empty.json"), "{\"losses\": []}").unwrap();
    let failed = |line: &str, said: &str| -> Outcome { place.run(&words(line)).failed(1, said) };
    failed("plot|history|no.json", "no.json: this is not JSON: ");
    failed("plot|history|other.json", "a file of `limpid train --history`");
    failed("plot|history|empty.json", "this history is empty");
    failed("plot|history|missing.json", "missing.json: ");
    failed("plot|confusion|missing.safetensors", "missing.safetensors: ");
    failed("plot|function|x|--output|none/x.svg", "create it first");
    assert_eq!(place.files(), ["empty.json", "no.json", "other.json"]);
}

#[test]
fn derivatives_from_elsewhere_are_checked_and_a_mistake_in_them_is_named() {
    let place = Place::new();
    saved(&place);
    let model = limpid::models::load(place.path("m.safetensors")).unwrap();
    let files = limpid::files::Mnist::load(&crate::support::published()).unwrap();
    let data = limpid::learn::Dataset::new(files.test_images.rows(0, 3), files.test_labels.rows(0, 3)).unwrap();
    let data = data.reshaped(&[784]).unwrap().divided_by(model.divisor().unwrap());
    let gradients = model.numerical_gradients(&data, 1e-4).unwrap();
    let write = |name: &str, factor: f64| {
        let nested = |value: &limpid::graph::Tensor| match value.shape() {
            [_, columns] => serde_json::json!(
                value
                    .to_f64()
                    .chunks(*columns)
                    .map(|row| row.iter().map(|x| x * factor).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            ),
            _ => serde_json::json!(value.to_f64().iter().map(|x| x * factor).collect::<Vec<_>>()),
        };
        let object: serde_json::Map<_, _> =
            gradients.iter().map(|(name, value)| (name.clone(), nested(value))).collect();
        fs::write(place.path(name), serde_json::Value::Object(object).to_string()).unwrap();
    };
    write("right.json", 1.0);
    write("wrong.json", 3.0);
    fs::write(place.path("other.json"), "{\"0/w\": [[1, 2], [3]]}").unwrap();
    let run = |file: &str| {
        place.run(&["gradcheck", "m.safetensors", "--samples", "3", "--elements", "60", "--gradient", file])
    };
    run("right.json").done();
    let wrong = run("wrong.json");
    assert_eq!(wrong.code, Some(1));
    let cause =
        "likely cause: every derivative is 3.000000 times what it should be, the number of samples: divide by it";
    assert!(wrong.stdout.contains(cause), "{}", wrong.stdout);
    run("other.json")
        .failed(1, "other.json: `0/w`: its rows differ in length; expected an object with an array for each parameter");
}
