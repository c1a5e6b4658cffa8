//! `lr-find`, `search` and the samples with the largest losses.

use std::fs;

use serde_json::Value;

use crate::support::Place;

/// Two overlapping classes by one number, and a number that says nothing.
fn table(place: &Place) {
    let row = |i: usize| {
        format!("{},{},{}\n", (i * 37 % 100) as f64 / 10.0, i % 7, if i * 37 % 100 > 45 { "b" } else { "a" })
    };
    let rows: String = (0..60).map(row).collect();
    fs::write(place.path("t.csv"), format!("size,noise,kind\n{rows}")).unwrap();
}

const DATA: [&str; 6] = ["--data", "t.csv", "--target", "kind", "--hidden", "6"];

#[test]
fn lr_find_names_the_steepest_descent_and_a_tenth_of_the_minimum() {
    let place = Place::new();
    table(&place);
    let find = |more: &[&str]| place.run(&[&["lr-find"][..], &DATA, more].concat());
    let report = find(&["--format", "json", "--output", "rates.svg"]).done().json();
    let numbers = |name: &str| -> Vec<f64> {
        report[name].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let (rates, losses) = (numbers("rates"), numbers("losses"));
    assert!(rates.len() > 100 && rates.len() <= 200 && rates.len() == losses.len());
    assert!((rates[0] - 1e-5).abs() < 1e-18);
    // Each rate is larger than the one before by the same factor, 10⁶ over 199 steps.
    let factor = 1e6f64.powf(1.0 / 199.0);
    assert!(rates.windows(2).all(|pair| (pair[1] / pair[0] / factor - 1.0).abs() < 1e-9));
    let minimum = report["minimum"].as_f64().unwrap();
    assert!((report["suggestion"].as_f64().unwrap() - minimum / 10.0).abs() < 1e-12);
    assert!((0.01..10.0).contains(&minimum), "{minimum}");
    let smoothed = numbers("smoothed");
    let at = rates.iter().position(|&rate| rate == minimum).unwrap();
    assert!(smoothed[10..].iter().all(|&mean| mean >= smoothed[at]));
    let svg = fs::read_to_string(place.path("rates.svg")).unwrap();
    assert!(
        svg.contains("a tenth of the minimum") && svg.contains("steepest descent") && svg.contains("learning rate")
    );
    let text = find(&[]).done().stdout;
    assert!(text.contains("suggestion") && text.contains("--learning-rate "), "{text}");
    find(&["--learning-rate", "0.1"]).failed(2, "--learning-rate does not go with growing learning rates");
    find(&["--from-rate", "1", "--to-rate", "0.5"]).failed(2, "--to-rate 0.5 is not above --from-rate 1.0");
    find(&["--steps", "5"]).failed(2, "the number of steps is 5; use 20 or more");
}

fn lines(place: &Place) -> Vec<Value> {
    let text = fs::read_to_string(place.path("runs.jsonl")).unwrap();
    text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

const SEARCH: [&str; 10] = [
    "search",
    "--vary",
    "lr=0.001..0.5 log",
    "--vary",
    "activation=relu|tanh",
    "--results",
    "runs.jsonl",
    "--format",
    "json",
    "--runs",
];

#[test]
fn a_search_that_was_ended_goes_on_with_the_runs_that_are_missing() {
    let place = Place::new();
    table(&place);
    let search = |runs: &str, more: &[&str]| {
        let behind = [&["--"][..], &DATA, &["--epochs", "4"]].concat();
        place.run(&[&SEARCH[..], &[runs], more, &behind].concat())
    };
    let whole = search("5", &["--output", "runs.svg"]).done().json();
    let runs = whole["runs"].as_array().unwrap().clone();
    assert_eq!(runs.len(), 5);
    let accuracies: Vec<f64> = runs.iter().map(|run| run["accuracy"].as_f64().unwrap()).collect();
    assert!(accuracies.is_sorted_by(|a, b| a >= b), "{accuracies:?}");
    assert!(runs.iter().all(|run| run["epochs"] == 4));
    let best = whole["best"].as_array().unwrap();
    assert!(best[0].as_str().unwrap().starts_with("--learning-rate=0."), "{best:?}");
    assert!(fs::read_to_string(place.path("runs.svg")).unwrap().contains("validation accuracy"));

    // Killed in the middle of a line: two runs and a half are there.
    let text = fs::read_to_string(place.path("runs.jsonl")).unwrap();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    fs::write(place.path("runs.jsonl"), &text[..ends[2] + 20]).unwrap();
    let resumed = search("5", &[]).done();
    assert!(resumed.stderr.contains("2 runs of 4 epochs are in the results already"), "{}", resumed.stderr);
    let without_times = |report: &Value| {
        let mut report = report.clone();
        report["runs"].as_array_mut().unwrap().iter_mut().for_each(|run| run["seconds"] = 0.into());
        report
    };
    assert_eq!(without_times(&resumed.json()), without_times(&whole));
    assert_eq!(lines(&place).len(), 5);

    // More runs of the same search are added to it; another search is refused, and so is a file of something else.
    assert_eq!(search("6", &["--quiet"]).done().json()["runs"].as_array().unwrap().len(), 6);
    search("6", &["--seed", "2"]).failed(2, "has the runs of another search");
    fs::write(place.path("runs.jsonl"), "precious").unwrap();
    search("6", &[]).failed(1, "this is no file of a search's results");
    assert_eq!(fs::read_to_string(place.path("runs.jsonl")).unwrap(), "precious");
}

#[test]
fn halving_trains_the_better_half_with_twice_the_epochs_and_threads_change_nothing() {
    let place = Place::new();
    table(&place);
    let search = |threads: &str| {
        let behind = [&["--"][..], &DATA, &["--epochs", "4"]].concat();
        let more = ["6", "--quiet", "--method", "halving", "--threads", threads];
        let report = place.run(&[&SEARCH[..], &more, &behind].concat()).done().json();
        let mut lines = lines(&place);
        fs::remove_file(place.path("runs.jsonl")).unwrap();
        lines.sort_by_key(|run| (run["epochs"].as_u64(), run["run"].as_u64()));
        lines.iter_mut().for_each(|run| run["seconds"] = 0.into());
        (report["best"].clone(), lines)
    };
    let (best, runs) = search("1");
    let of = |epochs: u64| runs.iter().filter(|run| run["epochs"] == epochs).count();
    assert_eq!((of(1), of(2), of(4), runs.len()), (6, 3, 2, 11));
    assert_eq!(search("3"), (best, runs));
}

#[test]
fn a_run_that_goes_on_gives_the_bits_of_one_that_was_never_interrupted() {
    let place = Place::new();
    table(&place);
    let search = |method: &str| {
        let schedule = ["--epochs", "4", "--optimizer", "adam", "--schedule", "one-cycle", "--average-weights", "0.9"];
        let behind = [&["--"][..], &DATA, &schedule].concat();
        let told = place.run(&[&SEARCH[..], &["6", "--method", method], &behind].concat()).done();
        let mut runs = lines(&place);
        runs.iter_mut().for_each(|run| run["seconds"] = 0.into());
        (told.json()["best"].clone(), runs)
    };
    let (best, halved) = search("halving");
    let text = fs::read_to_string(place.path("runs.jsonl")).unwrap();
    // Ended after the first round, of which nothing but its results is left.
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    fs::write(place.path("runs.jsonl"), &text[..ends[6]]).unwrap();
    let sorted = |mut runs: Vec<Value>| {
        runs.sort_by_key(|run| (run["epochs"].as_u64(), run["run"].as_u64()));
        runs
    };
    let (best_again, resumed) = search("halving");
    assert_eq!((best, sorted(halved.clone())), (best_again, sorted(resumed)));
    fs::remove_file(place.path("runs.jsonl")).unwrap();
    let (_, whole) = search("random");
    let last: Vec<&Value> = halved.iter().filter(|run| run["epochs"] == 4).collect();
    assert_eq!(last.len(), 2);
    for run in last {
        assert!(whole.contains(run), "{run} is none of {whole:?}");
    }
}

#[test]
fn a_search_is_checked_before_its_first_run() {
    let place = Place::new();
    table(&place);
    let search = |vary: &str, more: &[&str]| {
        let behind = [&["--"][..], &DATA, more].concat();
        place.run(&[&["search", "--runs", "2", "--vary", vary][..], &behind].concat())
    };
    search("nonsense=1|2", &[]).failed(2, "unexpected argument '--nonsense' found");
    search("activation=relu|rlu", &[]).failed(2, "did you mean `relu`?");
    search("batch-size=5|x", &[]).failed(2, "expected a whole number, 1 or more");
    search("hidden=5|6", &[]).failed(2, "--hidden is both varied and given behind --");
    search("epochs=1|2", &[]).failed(2, "all runs have the same; give it behind --, as in -- --epochs 5");
    search("lr=0.1..0.01", &[]).failed(2, "the range ends at 0.01, which is not above its beginning, 0.1");
    search("lr=0.1|0.2", &["--epochs", "0"]).failed(2, "a search needs trainings of 1 epoch or more");
    place.run(&["search"]).failed(2, "--vary");
    assert_eq!(place.files(), ["t.csv"]);
}

#[test]
fn the_samples_with_the_largest_losses_are_listed_and_drawn() {
    let place = Place::new();
    place
        .run(&["train", "--network", "784, affine 10", "--epochs", "1", "--quiet", "--output", "m.safetensors"])
        .done();
    let ask = ["evaluate", "m.safetensors", "--top-losses", "6", "--format", "json", "--output", "worst.svg"];
    let report = place.run(&ask).done().json();
    let top = report["top_losses"].as_array().unwrap();
    let losses: Vec<f64> = top.iter().map(|sample| sample["loss"].as_f64().unwrap()).collect();
    assert!(losses.len() == 6 && losses.is_sorted_by(|a, b| a >= b) && losses[5] > 2.0, "{losses:?}");
    assert!(top.iter().all(|sample| sample["class"] != sample["predicted"]), "{top:?}");
    assert_eq!(fs::read_to_string(place.path("worst.svg")).unwrap().matches("<image").count(), 6);
    let text = place.run(&["evaluate", "m.safetensors", "--top-losses", "3"]).done().stdout;
    assert!(text.contains(&format!("#{}", top[0]["sample"])), "{text}");
    place.run(&["evaluate", "m.safetensors", "--output", "a.svg"]).failed(2, "add --top-losses 20");

    table(&place);
    let train = [&["train", "--quiet", "--epochs", "3", "--output", "t.safetensors"][..], &DATA].concat();
    place.run(&train).done();
    let of_table = ["evaluate", "t.safetensors", "--data", "t.csv", "--top-losses", "2", "--format", "json"];
    let top = place.run(&of_table).done().json()["top_losses"].clone();
    assert!(top[0]["place"].as_str().is_some_and(|place| place.contains("line")), "{top}");
    place.run(&[&of_table[..], &["--output", "a.svg"]].concat()).failed(2, "rows of a table cannot be drawn");
}
