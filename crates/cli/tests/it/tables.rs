//! `train`, `evaluate` and `predict` on tables and on pictures: what they report, and what they say of mistakes.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fmt::Write;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::shots;
use crate::support::{Outcome, Place};

/// Fruit: heavy and green ones are melons, other heavy ones pumpkins, light ones plums. The price grows with the weight.
pub(crate) fn fruit(rows: usize) -> String {
    let mut text = "number,weight,colour,from,kind,price\n".to_string();
    for row in 0..rows {
        let weight = (row * 37 % 100) as f64 / 10.0;
        let colour = ["green", "blue", "orange"][row % 3];
        let kind = match (weight > 5.0, colour) {
            (true, "green") => "melon",
            (true, _) => "pumpkin",
            (false, _) => "plum",
        };
        let weight_text = if row % 20 == 7 { "NA".to_string() } else { weight.to_string() };
        let price = 1.25 + 0.5 * weight;
        writeln!(text, "{row},{weight_text},{colour},here,{kind},{price}").unwrap();
    }
    text
}

fn with_fruit() -> Place {
    let place = Place::new();
    fs::write(place.path("fruit.csv"), fruit(200)).unwrap();
    place
}

fn train(place: &Place, more: &[&str]) -> Outcome {
    place.run(&[&["train", "--data", "fruit.csv", "--ignore", "number,price", "--format", "json"], more].concat())
}

fn kinds(place: &Place) {
    train(place, &["--target", "kind", "--output", "kinds", "--quiet"]).done();
}

fn prices(place: &Place) {
    let more = ["--data", "fruit.csv", "--ignore", "number,kind", "--target", "price", "--output", "prices", "--quiet"];
    place.run(&[&["train"], more.as_slice()].concat()).done();
}

fn lines(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split(',').collect()).collect()
}

#[test]
fn classes_are_learned_from_numbers_and_words_and_said_of_other_rows() {
    let place = with_fruit();
    let told = train(&place, &["--target", "kind", "--output", "kinds"]).done();
    for said in [
        "fruit.csv: 160 to learn from, 40 to test on\n",
        "kind from 2 columns: 3 classes, melon, plum, pumpkin\n",
        "numbers: weight; words: colour (3 categories); left out: from (the same in every row)\n",
        "saved kinds; ask it with: limpid predict kinds --data fruit.csv\n",
    ] {
        assert!(told.stderr.contains(said), "{said:?} is not in:\n{}", told.stderr);
    }
    let report = told.json();
    assert_eq!((&report["dataset"], &report["target"]), (&"fruit.csv".into(), &"kind".into()));
    assert_eq!(report["classes"], serde_json::json!(["melon", "plum", "pumpkin"]));
    // The weight, whether it is missing, and three colours.
    assert!(report["network"].as_str().unwrap().starts_with("5, affine 50 init=xavier, relu, affine 3"));
    assert!(report["test_accuracy"].as_f64().unwrap() > 0.85, "{}", report["test_accuracy"]);

    let seen = place.run(&["evaluate", "kinds", "--data", "fruit.csv", "--format", "json"]).done().json();
    assert_eq!((&seen["samples"], &seen["part"]), (&200.into(), &serde_json::Value::Null));
    assert!(seen["accuracy"].as_f64().unwrap() > 0.9, "{seen}");

    // Other rows: without target, in another order of columns, separated by semicolons.
    let other = "colour;weight;note\ngreen;9;\"one; two\"\nblue;0.5;\nviolet;?;x\n";
    fs::write(place.path("other.csv"), other).unwrap();
    let told = place.run(&["predict", "kinds", "--data", "other.csv"]).done();
    let rows: Vec<&str> = told.stdout.lines().collect();
    let header = "colour;weight;note;predicted_kind;probability_melon;probability_plum;probability_pumpkin";
    assert_eq!(rows[0], header);
    assert!(rows[1].starts_with("green;9;\"one; two\";melon;0."), "{}", rows[1]);
    assert!(rows[2].starts_with("blue;0.5;;plum;0."), "{}", rows[2]);
    assert!(told.stderr.contains("`colour` is \"violet\" in 1 row, which no row that was learned from has"));

    let json = place.run(&["predict", "kinds", "--data", "other.csv", "--format", "json"]).done().json();
    assert_eq!(json["predictions"][0]["prediction"], "melon");
    assert_eq!((&json["predictions"][1]["row"], &json["predictions"][1]["line"]), (&1.into(), &3.into()));
    let shares: f64 =
        json["predictions"][1]["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9);
}

#[test]
fn what_predict_says_is_what_evaluate_counts() {
    let place = with_fruit();
    kinds(&place);
    let seen = place.run(&["evaluate", "kinds", "--data", "fruit.csv", "--format", "json"]).done().json();
    let told = place.run(&["predict", "kinds", "--data", "fruit.csv"]).done().stdout;
    let right = lines(&told).iter().skip(1).filter(|row| row[4] == row[6]).count();
    assert_eq!(seen["accuracy"].as_f64().unwrap(), right as f64 / 200.0);
    // A second time, the first prediction is a column like any other.
    fs::write(place.path("again.csv"), &told).unwrap();
    let again = place.run(&["predict", "kinds", "--data", "again.csv"]).done().stdout;
    assert!(again.starts_with(&told.lines().next().unwrap().to_string()));
    assert!(lines(&again)[0].contains(&"predicted_kind_again"));
}

#[test]
fn a_number_is_learned_and_said_in_its_own_units() {
    let place = with_fruit();
    prices(&place);
    let seen = place.run(&["evaluate", "prices", "--data", "fruit.csv", "--format", "json"]).done().json();
    assert!(seen["r2"].as_f64().unwrap() > 0.9 && seen["rmse"].as_f64().unwrap() < 0.5, "{seen}");
    assert_eq!(seen["accuracy"], serde_json::Value::Null);
    let text = place.run(&["evaluate", "prices", "--data", "fruit.csv"]).done().stdout;
    assert!(text.contains("\nR²  ") && text.contains("200 samples of fruit.csv"), "{text}");
    let told = place.run(&["predict", "prices", "--data", "fruit.csv"]).done().stdout;
    let rows = lines(&told);
    assert_eq!(rows[0].last(), Some(&"predicted_price"));
    let squares: f64 =
        rows[1..].iter().map(|row| (row[5].parse::<f64>().unwrap() - row[6].parse::<f64>().unwrap()).powi(2)).sum();
    assert!(((squares / 200.0).sqrt() - seen["rmse"].as_f64().unwrap()).abs() < 1e-5);
}

#[test]
fn the_same_seed_holds_out_the_same_rows_and_writes_the_same_model() {
    let place = with_fruit();
    let run =
        |seed, output| train(&place, &["--target", "kind", "--seed", seed, "--output", output, "--epochs", "2"]).done();
    let [a, b, c] = [("3", "a"), ("3", "b"), ("4", "c")].map(|(seed, output)| run(seed, output).json());
    assert_eq!(a["history"], b["history"]);
    assert_eq!(fs::read(place.path("a")).unwrap(), fs::read(place.path("b")).unwrap());
    assert_ne!(a["history"], c["history"]);
    let whole = train(&place, &["--target", "kind", "--test-share", "0", "--epochs", "1"]).done();
    assert!(whole.stderr.contains("200 to learn from, none to test on"), "{}", whole.stderr);
    assert_eq!(whole.json()["test_accuracy"], serde_json::Value::Null);
}

#[test]
fn a_table_comes_from_standard_input() {
    let place = with_fruit();
    kinds(&place);
    let mut command = place.command(&["predict", "kinds", "--data", "-", "--output", "said.csv"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"weight,colour\n9,green\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(fs::read_to_string(place.path("said.csv")).unwrap().contains("\n9,green,melon,"));
}

#[test]
fn mistakes_with_a_table_are_answered_with_what_would_fit() {
    let place = with_fruit();
    let write = |name: &str, text: &str| fs::write(place.path(name), text).unwrap();
    write("empty-target.csv", "a,t\n1,\n2,NA\n");
    write("one-class.csv", "a,t\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n");
    write("ragged.csv", "a,t\n1,x\n2\n");
    fs::write(place.path("latin.csv"), b"a,t\n1,caf\xe9\x01\n").unwrap();
    let slip: String =
        (0..40).map(|row| format!("{},{}\n", if row == 5 { "1O".into() } else { row.to_string() }, row % 2)).collect();
    write("slip.csv", &format!("a,t\n{slip}"));
    let names: String = (0..400).map(|row| format!("name{row},{}\n", row % 2)).collect();
    write("names.csv", &format!("name,t\n{names}"));
    fs::create_dir(place.path("empty")).unwrap();
    let table: [(&[&str], i32, &str); 20] = [
        (
            &["fruit.csv"],
            2,
            "fruit.csv: name the column to predict with --target COLUMN; there are: number, weight, colour",
        ),
        (
            &["fruit.csv", "--target", "knd"],
            2,
            "there is no column `knd`; did you mean `kind`? The columns are: number, weight",
        ),
        (
            &["fruit.csv", "--target", "kind", "--ignore", "weigth"],
            2,
            "there is no column `weigth`; did you mean `weight`?",
        ),
        (&["fruit.csv", "--target", "kind", "--ignore", "kind"], 2, "`kind` is named by both --target and --ignore"),
        (
            &["fruit.csv", "--target", "kind", "--task", "regression"],
            1,
            "line 2, column `kind`: \"plum\" is not a number",
        ),
        (&["fruit.csv", "--target", "kind", "--task", "regresion"], 2, "did you mean `regression`?"),
        (&["fruit.csv", "--target", "price", "--loss", "softmax-cross-entropy"], 2, "use --loss mean-squared-error"),
        (&["fruit.csv", "--target", "kind", "--test-share", "1"], 2, "expected a number from 0 to below 1"),
        (
            &["fruit.csv", "--target", "kind", "--test-share", "0.001"],
            2,
            "a share of the 200 samples that leaves at least 1",
        ),
        (
            &["fruit.csv", "--target", "kind", "--batch-size", "161"],
            2,
            "more than the 160 training samples of fruit.csv; use 1 to 160",
        ),
        (&["fruit.csv", "--target", "kind", "--network", "784, affine 3"], 2, "a sample of fruit.csv has"),
        (&["empty-target.csv", "--target", "t"], 1, "empty-target.csv: the target `t` is empty in every row"),
        (&["one-class.csv", "--target", "t"], 1, "one-class.csv: the target `t` is x in every training row"),
        (&["ragged.csv", "--target", "t"], 1, "ragged.csv: line 3 has 1 cell, the header has 2"),
        (&["latin.csv", "--target", "t"], 1, "latin.csv: this is not text, as line 2 shows"),
        (
            &["slip.csv", "--target", "t"],
            1,
            "slip.csv: line 7, column `a`: \"1O\" is not one of the numbers that 39 of 40 cells",
        ),
        (&["names.csv", "--target", "t"], 1, "column `name` has 320 different words in 320 rows"),
        (&["missing.csv", "--target", "t"], 1, "missing.csv: there is no such file or folder"),
        (&["empty", "--target", "t"], 2, "--target is for tables and folders of pictures, but empty holds neither"),
        (&["-", "--target", "t"], 1, "standard input: the table is empty"),
    ];
    for (arguments, code, said) in table {
        place.run(&[&["train", "--data"], arguments].concat()).failed(code, said);
    }
}

#[test]
fn a_table_that_is_not_like_the_one_that_was_learned_from_is_refused() {
    let place = with_fruit();
    kinds(&place);
    prices(&place);
    let write = |name: &str, text: &str| fs::write(place.path(name), text).unwrap();
    write("few.csv", "Weight,kind\n1,plum\n");
    write("text.csv", "weight,colour,kind\n1,blue,plum\nheavy,blue,plum\n");
    write("class.csv", "weight,colour,kind\n1,blue,plum\n2,blue,cherry\n");
    write("no-target.csv", "weight,colour\n1,blue\n");
    write("far.csv", "weight,colour\n1,blue\n1e200,blue\n");
    let table: [(&[&str], i32, &str); 10] = [
        (
            &["predict", "kinds", "--data", "few.csv"],
            1,
            "few.csv: there is no column `weight`, `colour`, which the model learned from; is `Weight` meant by `weight`?",
        ),
        (
            &["predict", "kinds", "--data", "text.csv"],
            1,
            "text.csv: line 3, column `weight`: \"heavy\" is not a number",
        ),
        (&["predict", "kinds", "--data", "far.csv"], 1, "far.csv: line 3, column `weight`: too far"),
        (
            &["predict", "kinds"],
            2,
            "the model learned from the rows of a table, not from mnist; use a table: --data FILE.csv",
        ),
        (&["predict", "kinds", "a.png"], 2, "the model learned from a table"),
        (&["evaluate", "kinds"], 2, "the model learned from the rows of a table, not from mnist"),
        (
            &["evaluate", "kinds", "--data", "class.csv"],
            1,
            "class.csv: line 3, column `kind`: \"cherry\" is none of the classes that were learned: `melon`, `plum`, `pumpkin`",
        ),
        (&["evaluate", "kinds", "--data", "no-target.csv"], 2, "no-target.csv: there is no column `kind`"),
        (&["plot", "confusion", "prices", "--data", "fruit.csv"], 2, "the model predicts a number"),
        (&["plot", "misclassified", "kinds", "--data", "fruit.csv"], 2, "rows of a table cannot be drawn"),
    ];
    for (arguments, code, said) in table {
        place.run(arguments).failed(code, said);
    }
    let drawn = place.run(&["plot", "confusion", "kinds", "--data", "fruit.csv"]).done().stdout;
    assert!(drawn.contains("pumpkin"), "{drawn}");
}

pub(crate) fn with_pictures() -> Place {
    let place = Place::new();
    for (class, bright_left) in [("left", true), ("right", false)] {
        fs::create_dir_all(place.path(&format!("shots/{class}"))).unwrap();
        for shade in 0..20 {
            fs::write(place.path(&format!("shots/{class}/{shade:02}.png")), shots::side(bright_left, shade)).unwrap();
        }
    }
    place
}

#[test]
fn pictures_are_learned_by_their_folders_and_told_apart() {
    let place = with_pictures();
    fs::write(place.path("shots/left/list.txt"), "").unwrap();
    let told = place.run(&["train", "--data", "shots", "--format", "json", "--output", "sides"]).done();
    for said in [
        "shots: 32 to learn from, 8 to test on\n",
        "4×4 pixels in grey: 2 classes, left, right\n",
        "passed over, no pictures: 1 file, such as shots/left/list.txt\n",
    ] {
        assert!(told.stderr.contains(said), "{said:?} is not in:\n{}", told.stderr);
    }
    assert_eq!(told.json()["test_accuracy"], 1.0);
    let seen = place.run(&["evaluate", "sides", "--data", "shots", "--format", "json"]).done().json();
    assert_eq!((&seen["samples"], &seen["accuracy"]), (&40.into(), &1.0.into()));

    fs::write(place.path("new.png"), shots::side(false, 33)).unwrap();
    let told = place.run(&["predict", "sides", "new.png", "shots/left"]).done().stdout;
    let rows = lines(&told);
    assert_eq!(rows[0], ["file", "class", "probability"]);
    assert_eq!(rows[1][..2], ["new.png", "right"]);
    assert_eq!((rows.len(), &rows[2][..2]), (22, &["shots/left/00.png", "left"][..]));
    let json = place.run(&["predict", "sides", "--data", "shots", "--format", "json"]).done().json();
    assert_eq!(json["predictions"].as_array().unwrap().len(), 40);
    assert!(json["predictions"][39]["probabilities"]["right"].as_f64().unwrap() > 0.5);
}

#[test]
fn mistakes_with_pictures_are_answered_with_what_would_fit() {
    let place = with_pictures();
    place.run(&["train", "--data", "shots", "--output", "sides", "--quiet"]).done();
    let large = shots::png(5, 4, 1, &[0; 20]);
    fs::write(place.path("large.png"), &large).unwrap();
    fs::write(place.path("cut.png"), &large[..large.len() / 2]).unwrap();
    let table: [(&[&str], i32, &str); 6] = [
        (
            &["predict", "sides", "large.png", "--as-is"],
            1,
            "large.png: 5 wide and 4 high; the model reads pictures 4 wide and 4 high",
        ),
        (&["predict", "sides", "cut.png"], 1, "cut.png: a damaged PNG"),
        (&["predict", "sides", "missing.png"], 1, "missing.png: No such file"),
        (&["predict", "sides"], 2, "the model learned from pictures, not from mnist"),
        (&["train", "--data", "shots", "--target", "side"], 2, "--target is for tables"),
        (&["train", "--data", "shots/left"], 1, "shots/left: there is no folder in it"),
    ];
    for (arguments, code, said) in table {
        place.run(arguments).failed(code, said);
    }
    fs::write(place.path("shots/right/zz.png"), &large).unwrap();
    let said = "shots/right/zz.png: 5 wide and 4 high, but shots/left/00.png is 4 wide and 4 high";
    place.run(&["train", "--data", "shots"]).failed(1, said);
}

#[test]
fn a_model_of_digits_says_what_it_makes_of_the_test_digits_and_of_a_picture() {
    let place = Place::new();
    place.run(&["train", "--network", "784, affine 10", "--epochs", "1", "--quiet", "--output", "digits"]).done();
    let told = place.run(&["predict", "digits"]).done().stdout;
    let rows = lines(&told);
    assert_eq!(
        (rows.len(), &rows[0], rows[1][..2].to_vec()),
        (10_001, &vec!["sample", "class", "probability", "true_class"], vec!["0", "7"])
    );
    // An upright stroke.
    let pixels: Vec<u8> = (0..784)
        .map(|at| if (13..15).contains(&(at % 28)) && (5..23).contains(&(at / 28)) { 255 } else { 0 })
        .collect();
    fs::write(place.path("one.png"), shots::png(28, 28, 1, &pixels)).unwrap();
    let told = place.run(&["predict", "digits", "one.png"]).done().stdout;
    assert!(told.contains("\none.png,1,0."), "{told}");
}

#[test]
fn a_table_model_is_looked_into_on_its_rows() {
    let place = with_fruit();
    kinds(&place);
    prices(&place);
    let told = place.run(&["gradcheck", "kinds", "--data", "fruit.csv", "--elements", "20"]).done();
    assert!(told.stderr.contains(" on 10 samples of fruit.csv\n"), "{}", told.stderr);
    assert!(told.stdout.contains("\npassed: worst error "), "{}", told.stdout);
    for model in ["kinds", "prices"] {
        let told = place.run(&["gradcheck", model, "--elements", "20", "--format", "json"]).done();
        assert!(told.stderr.contains("without --data the samples are random numbers"), "{}", told.stderr);
        let told = told.json();
        assert_eq!((&told["passed"], &told["dataset"]), (&true.into(), &"random numbers".into()));
    }
    // A file of fewer rows than are taken is taken whole.
    let rows = fruit(4);
    fs::write(place.path("few.csv"), &rows).unwrap();
    let told = place.run(&["gradcheck", "prices", "--data", "few.csv", "--elements", "20"]).done();
    assert!(told.stderr.contains(" on 4 samples of few.csv\n"), "{}", told.stderr);

    let told = place.run(&["graph", "kinds", "--values", "3", "--data", "fruit.csv", "--output", "three.svg"]).done();
    assert!(
        told.stderr.contains("sample 3 of fruit.csv (line 5) is of class plum; the network says "),
        "{}",
        told.stderr
    );
    let told = place.run(&["graph", "prices", "--values", "3", "--data", "fruit.csv", "--output", "three.svg"]).done();
    assert!(told.stderr.contains("sample 3 of fruit.csv (line 5) has the target "), "{}", told.stderr);
    let typed = ["graph", "kinds", "--values", "200", "--data", "fruit.csv"];
    place.run(&typed).failed(2, "--values 200: fruit.csv has 200 samples; use 0 to 199");
    place
        .run(&["graph", "kinds", "--values", "3"])
        .failed(2, "the model learned from the rows of a table, not from mnist");
    // Nothing that was named is passed over.
    for typed in [
        &["gradcheck", "--data", "fruit.csv"][..],
        &["gradcheck", "4, affine 2", "--data", "fruit.csv"],
        &["graph", "4, affine 2", "--values", "0", "--data", "fruit.csv"],
    ] {
        place
            .run(typed)
            .failed(2, "a network alone does not say how its samples are read; use a model that was trained on");
    }
}

#[test]
fn a_summary_of_a_table_model_lists_its_columns_and_its_classes() {
    let place = with_fruit();
    kinds(&place);
    prices(&place);
    let told = place.run(&["summary", "kinds"]).done().stdout;
    for said in [
        "samples  rows of a table: 2 columns\ntrained  on 160 rows; held out: 40 rows (a share of 0.2, drawn by seed 1)\n",
        "target   kind: 3 classes: melon, plum, pumpkin\n",
        "left out from: the same in every row\n",
        "  weight       2  number, standardised: mean ",
        "; one input more marks missing values\n",
        "  colour       3  3 words, one-hot: blue, green, orange\n",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    let told = place.run(&["summary", "prices", "--format", "json"]).done().json();
    assert_eq!(told["samples"]["target"]["name"], "price");
    place.run(&["plan", "kinds", "--sparse"]).failed(2, "the rows of a table are real numbers; leave it out");
}

#[test]
fn a_training_keeps_its_model_in_the_form_that_the_name_says_or_refuses_first() {
    let place = with_fruit();
    for (name, format) in [("m.pkl", "a pickle"), ("m.npz", "an .npz archive")] {
        let told = train(&place, &["--target", "kind", "--epochs", "2", "--output", name]).done();
        let said =
            format!("saved {name}: the arrays alone (W1, b1, W2, …), without the network and how samples are prepared");
        assert!(told.stderr.contains(&said), "{}", told.stderr);
        let told = place.run(&["convert", name, "back.safetensors", "--activation", "relu"]).done();
        assert!(
            told.stdout.contains(&format!("{name} ({format})")) && told.stdout.contains("W1 → 0/w"),
            "{}",
            told.stdout
        );
    }
    let table = [
        ("m.onnx", "m.onnx: limpid does not write ONNX yet; use .safetensors"),
        ("m.npy", "a .npy file holds one array, and a model has several"),
        ("m.pt", "limpid reads PyTorch's files and does not write them"),
        ("m.txt", "limpid does not write models as .txt; use .safetensors (the whole model), or .pkl or .npz"),
    ];
    for (name, answer) in table {
        train(&place, &["--target", "kind", "--output", name]).failed(2, answer);
    }
    let typed = ["--target", "kind", "--history", "h.safetensors"];
    train(&place, &typed).failed(2, "h.safetensors: a history is written as JSON; use a name that ends in .json");
    assert_eq!(place.files(), ["back.safetensors", "fruit.csv", "m.npz", "m.pkl"]);
}
