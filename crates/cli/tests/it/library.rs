//! The library does what the command does, to the same bits: a program outside the workspace beside `train`, `evaluate` and
//! `predict`, and the graph that a training ran beside those that `graph` and `plan` show.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;

use limpid::engine::kernels::Level;
use limpid::engine::{Plan, with_permutations_sunk};
use limpid::graph::Sizes;
use limpid::learn::optimizer;
use limpid::learn::step::GraphKind;
use limpid::training::{TableData, TrainingOptions};

use crate::support::Place;
use crate::tables::fruit;

/// The program of `examples/table`, as it stands there.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program of its own")]
#[path = "../../../../examples/table/src/main.rs"]
mod program;

/// Fruit without its number and the other target, and rows of which nothing is known but the inputs.
fn place() -> Place {
    let place = Place::new();
    let columns = |of: &[usize]| {
        let line = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            of.iter().map(|&at| cells[at]).collect::<Vec<_>>().join(",") + "\n"
        };
        fruit(120).lines().map(line).collect::<String>()
    };
    fs::write(place.path("kinds.csv"), columns(&[1, 2, 4])).unwrap();
    fs::write(place.path("prices.csv"), columns(&[1, 2, 5])).unwrap();
    let other: String = columns(&[1, 2]).lines().take(30).map(|line| format!("{line}\n")).collect();
    fs::write(place.path("other.csv"), other.replacen("orange", "pink", 2)).unwrap();
    place
}

#[test]
fn a_program_of_forty_lines_trains_evaluates_and_predicts_as_the_command_does_to_the_same_bits() {
    let source = include_str!("../../../../examples/table/src/main.rs");
    assert!(source.lines().count() <= 40, "{} lines", source.lines().count());
    for (table, target) in [("kinds.csv", "kind"), ("prices.csv", "price")] {
        let place = place();
        let paths = [table, "own.safetensors", "other.csv"].map(|name| place.path(name));
        let (seen, predicted) = program::run(&paths[0], target, &paths[1], &paths[2]).unwrap();
        let train = ["train", "--data", table, "--target", target, "--epochs", "20", "--output", "model.safetensors"];
        place.run(&[train.as_slice(), &["--quiet"]].concat()).done();
        let [own, model] = ["own.safetensors", "model.safetensors"].map(|name| fs::read(place.path(name)).unwrap());
        assert!(own == model, "{table}: the models' files differ");
        let evaluate =
            ["evaluate", "model.safetensors", "--data", table, "--part", "test", "--format", "json", "--quiet"];
        let report = place.run(&evaluate).json();
        assert_eq!(report["loss"].as_f64(), Some(seen.evaluation.loss));
        assert_eq!(report["samples"].as_u64(), Some(seen.evaluation.samples as u64));
        assert_eq!(report["accuracy"].as_f64(), seen.evaluation.accuracy);
        assert_eq!(report["rmse"].as_f64(), seen.regression.map(|regression| regression.rmse));
        assert_eq!(report["r2"].as_f64(), seen.regression.and_then(|regression| regression.r2));
        let told = place.run(&["predict", "model.safetensors", "--data", "other.csv"]);
        assert_eq!(told.stdout, predicted, "{table}");
    }
}

#[test]
fn the_graph_and_the_plan_that_are_shown_are_those_that_a_training_runs() {
    for (table, target) in [("kinds.csv", "kind"), ("prices.csv", "price")] {
        let place = place();
        let data = TableData::new(place.path(table), target);
        for name in ["sgd", "adam", "nesterov"] {
            let options = TrainingOptions {
                optimizer: optimizer(name).unwrap(),
                epochs: Some(1),
                batch_size: Some(32),
                ..Default::default()
            };
            let setup = options.for_table(&data).unwrap();
            let described = setup.graph(GraphKind::Step).unwrap().simplified().unwrap();
            let trained = setup.train().unwrap();
            trained.saved.save(place.path("model.safetensors")).unwrap();
            let run = trained.saved.model.training_graph().expect("it was trained");

            let typed = ["model.safetensors", "--stage", "step", "--optimizer", name];
            let shown = place.run(&[&["graph"], typed.as_slice(), &["--simplified"]].concat());
            assert_eq!(shown.stdout, described.show().to_string(), "{table} with {name}");
            let sunk = with_permutations_sunk(described).unwrap();
            assert_eq!(run.show().to_string(), sunk.show().to_string(), "{table} with {name}");

            let shown = place.run(&[&["plan"], typed.as_slice(), &["--batch-size", "32"]].concat());
            let sizes = Sizes::from([("batch", 32), ("samples", 32)]);
            let plan = Plan::new(run, &sizes, Level::of_this_machine()).unwrap();
            assert_eq!(shown.stdout, format!("{plan}\n"), "{table} with {name}");
        }
    }
}
