//! What a model was trained on, asked for again: `evaluate`, `predict`, `gradcheck`, `graph` and `plot` with `--part`, and
//! what is said without it.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;

use limpid::files::ModelFile;
use serde_json::{Value, json};

use crate::support::Place;
use crate::tables::{fruit, with_pictures};

/// Fruit with a target that is not known everywhere, and a model of it; with what training said.
fn trained(target: &str) -> (Place, Value) {
    let place = Place::new();
    let unknown = |(row, line): (usize, &str)| match row {
        5 | 77 => line.rsplitn(3, ',').last().unwrap_or_default().to_string() + ",,\n",
        _ => format!("{line}\n"),
    };
    let text: String = fruit(200).lines().enumerate().map(unknown).collect();
    fs::write(place.path("fruit.csv"), text).unwrap();
    let ignored = if target == "kind" { "number,price" } else { "number,kind" };
    let typed = ["train", "--data", "fruit.csv", "--target", target, "--ignore", ignored, "--format", "json"];
    let told = place.run(&[&typed[..], &["--epochs", "3", "--output", "model"]].concat()).done();
    (place, told.json())
}

#[test]
fn the_rows_of_a_part_give_the_figures_that_the_training_printed() {
    for target in ["kind", "price"] {
        let (place, report) = trained(target);
        let all = place.run(&["evaluate", "model", "--data", "fruit.csv", "--format", "json"]).done();
        let note = "the model was trained on 158 of the 198 rows of fruit.csv, and results on those say little about new rows; \
                    --part test takes the 40 held-out rows alone\n";
        assert!(all.stderr.contains(note), "{}", all.stderr);
        let all = all.json();
        assert_eq!((&all["samples"], &all["part"], &all["trained_on"]), (&198.into(), &Value::Null, &158.into()));
        for (part, samples) in [("train", 158), ("test", 40)] {
            let typed = ["evaluate", "model", "--data", "fruit.csv", "--format", "json", "--part", part];
            let told = place.run(&typed).done();
            assert!(!told.stderr.contains("trained on"), "{}", told.stderr);
            let seen = told.json();
            assert_eq!((&seen["samples"], &seen["part"]), (&samples.into(), &part.into()));
            for (figure, printed) in [("loss", format!("{part}_loss")), ("accuracy", format!("{part}_accuracy"))] {
                assert_eq!(seen[figure], report[&printed], "{target} {part} {figure}");
                assert_eq!(all["parts"][part][figure], report[&printed], "{target} {part} {figure}");
            }
            if target == "price" {
                let printed = &report[format!("{part}_regression")];
                assert_eq!((&seen["r2"], &seen["rmse"]), (&printed["r2"], &printed["rmse"]));
                assert_eq!(all["parts"][part]["rmse"], printed["rmse"]);
            }
        }
        let text = place.run(&["evaluate", "model", "--data", "fruit.csv", "--quiet"]).done();
        assert!(text.stdout.contains("held out  trained on") && text.stderr.is_empty(), "{}", text.stdout);
        let known = place.run(&["summary", "model"]).done().stdout;
        assert!(known.contains("trained  on 158 rows; held out: 40 rows (a share of 0.2, drawn by seed 1)"), "{known}");
    }
}

#[test]
fn other_verbs_take_the_same_part() {
    let (place, _) = trained("kind");
    let part = ["--data", "fruit.csv", "--part", "test"];
    let run = |verb: &[&str]| place.run(&[verb, &part].concat()).done();
    let told = run(&["predict", "model", "--format", "json"]).json();
    let predictions = told["predictions"].as_array().unwrap();
    assert_eq!(predictions.len(), 40);
    // Rows are counted from 0 in the whole table, lines of the file from 1, with the header.
    assert!(predictions.iter().all(|own| own["row"].as_u64().unwrap() + 2 == own["line"].as_u64().unwrap()));
    let csv = run(&["predict", "model"]).stdout;
    let right = csv.lines().skip(1).filter(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        cells[4] == cells[6]
    });
    assert_eq!(run(&["evaluate", "model", "--format", "json"]).json()["right"], json!(right.count()));
    let number = predictions[3]["line"].as_u64().unwrap();
    let told = run(&["graph", "model", "--values", "3", "--output", "three.svg"]).stderr;
    assert!(told.contains(&format!("test sample 3 of fruit.csv (line {number}) is of class ")), "{told}");
    let typed = ["graph", "model", "--values", "40", "--data", "fruit.csv", "--part", "test"];
    place.run(&typed).failed(2, "--values 40: fruit.csv has 40 test samples; use 0 to 39");
    let told = run(&["gradcheck", "model", "--elements", "2", "--samples", "4"]).stderr;
    assert!(told.contains(" on 4 test samples of fruit.csv\n"), "{told}");
    place.run(&["gradcheck", "model", "--part", "test"]).failed(2, "--part is about data, and without --data");
    let drawn = run(&["plot", "confusion", "model"]).stdout;
    assert!(drawn.contains("on the test samples of fruit.csv"), "{drawn}");
}

#[test]
fn what_is_not_known_is_said_and_no_part_of_it_is_given() {
    let (place, _) = trained("kind");
    fs::write(place.path("other.csv"), fruit(50)).unwrap();
    let told = place.run(&["evaluate", "model", "--data", "other.csv"]).done();
    let said =
        "whether the model was trained on some of these rows is not known: other.csv differs from the training data\n";
    assert!(told.stderr.contains(said) && told.stdout.contains("50 samples of other.csv"), "{}", told.stderr);
    for verb in ["evaluate", "predict"] {
        let said =
            "--part test: other.csv has no parts of its own, and differs from the data that the model was trained on";
        place.run(&[verb, "model", "--data", "other.csv", "--part", "test"]).failed(2, said);
    }
    // A model of an earlier version.
    let mut file = ModelFile::read(&place.path("model")).unwrap();
    let mut entry: Value = serde_json::from_str(&file.metadata["samples.table"]).unwrap();
    entry.as_object_mut().unwrap().remove("split").unwrap();
    file.metadata.insert("samples.table".to_string(), entry.to_string());
    file.write(&place.path("old")).unwrap();
    let told = place.run(&["evaluate", "old", "--data", "fruit.csv"]).done();
    let said = "whether the model was trained on some of these rows is not known: the model file does not say\n";
    assert!(told.stderr.contains(said), "{}", told.stderr);
    let said = "--part train: the model file does not say which rows of fruit.csv the model was trained on";
    place.run(&["evaluate", "old", "--data", "fruit.csv", "--part", "train"]).failed(2, said);
    // A model that nothing was held out for.
    let typed = ["train", "--data", "fruit.csv", "--target", "kind", "--test-share", "0", "--epochs", "1", "--quiet"];
    place.run(&[&typed[..], &["--output", "whole"]].concat()).done();
    let told = place.run(&["evaluate", "whole", "--data", "fruit.csv", "--format", "json"]).done();
    assert!(told.stderr.contains("the model was trained on all 198 rows of fruit.csv, and results"), "{}", told.stderr);
    assert_eq!((&told.json()["trained_on"], &told.json()["parts"]), (&198.into(), &Value::Null));
    let said = "--part test: no row of fruit.csv was held out when the model was trained";
    place.run(&["evaluate", "whole", "--data", "fruit.csv", "--part", "test"]).failed(2, said);
}

#[test]
fn pictures_that_were_held_out_are_asked_for_again() {
    let place = with_pictures();
    let typed = ["train", "--data", "shots", "--epochs", "2", "--output", "sides", "--format", "json"];
    let report = place.run(&typed).done().json();
    for part in ["train", "test"] {
        let typed = ["evaluate", "sides", "--data", "shots", "--part", part, "--format", "json"];
        let seen = place.run(&typed).done().json();
        assert_eq!((&seen["loss"], &seen["part"]), (&report[format!("{part}_loss")], &part.into()));
    }
    let told = place.run(&["evaluate", "sides", "--data", "shots"]).done();
    assert!(told.stderr.contains("trained on 32 of the 40 pictures of shots"), "{}", told.stderr);
    let told = place.run(&["predict", "sides", "--data", "shots", "--part", "test"]).done();
    assert_eq!(told.stdout.lines().count(), 9);
    assert!(told.stdout.starts_with("file,class,probability,true_class\nshots/left/"), "{}", told.stdout);
    assert!(told.stderr.contains(" of 8 are right: accuracy "), "{}", told.stderr);
    // A folder with parts of its own.
    for part in ["train", "test"] {
        for class in ["left", "right"] {
            fs::create_dir_all(place.path(&format!("own/{part}/{class}"))).unwrap();
            let name = if part == "train" { "00" } else { "07" };
            let to = place.path(&format!("own/{part}/{class}/{name}.png"));
            fs::copy(place.path(&format!("shots/{class}/{name}.png")), to).unwrap();
        }
    }
    place.run(&["train", "--data", "own", "--epochs", "1", "--batch-size", "2", "--output", "two", "--quiet"]).done();
    let told = place.run(&["evaluate", "two", "--data", "own"]).done();
    assert!(told.stdout.contains("2 test samples of own") && !told.stderr.contains("trained on"), "{}", told.stderr);
    let told = place.run(&["evaluate", "two", "--data", "own/train"]).done();
    assert!(told.stderr.contains("the model was trained on all 2 pictures of own/train"), "{}", told.stderr);
}

#[test]
fn predictions_are_counted_as_samples_are_and_come_with_the_true_class() {
    let place = Place::new();
    place.run(&["train", "--network", "784, affine 10", "--epochs", "1", "--quiet", "--output", "digits"]).done();
    let seen = place.run(&["evaluate", "digits", "--format", "json"]).done().json();
    let told = place.run(&["predict", "digits", "--format", "json"]).done();
    let predictions = told.json()["predictions"].as_array().unwrap().clone();
    assert_eq!(
        (predictions.len(), &predictions[0]["sample"], &predictions[0]["true_class"]),
        (10_000, &json!(0), &json!("7"))
    );
    let right = predictions.iter().filter(|own| own["prediction"] == own["true_class"]).count();
    assert_eq!(seen["right"], json!(right));
    let (hundreds, thousands) = (right % 1000, right / 1000);
    assert!(
        told.stderr.contains(&format!("{thousands},{hundreds:03} of 10,000 are right: accuracy ")),
        "{}",
        told.stderr
    );
    let told = place.run(&["predict", "digits", "--count", "3"]).done();
    assert!(told.stdout.starts_with("sample,class,probability,true_class\n0,7,0.") && told.stdout.lines().count() == 4);
    assert!(told.stderr.ends_with("written: the first 3 of 10,000 samples; --count all writes all of them\n"));
    place.run(&["predict", "digits", "--count", "0"]).failed(2, "expected `all`, or a whole number, 1 or more");
}
