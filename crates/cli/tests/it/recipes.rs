//! What goes along with a training: schedules, weight decay, label smoothing, averages of weights, augmentation.

use crate::support::Place;

const TABLE: &str = "size,kind\n1,a\n2,a\n3,b\n4,b\n1.5,a\n3.5,b\n1.2,a\n3.9,b\n2.1,a\n3.1,b\n";

fn table(place: &Place) -> Vec<&'static str> {
    std::fs::write(place.path("t.csv"), TABLE).unwrap();
    vec!["train", "--data", "t.csv", "--target", "kind", "--hidden", "4", "--epochs", "6", "--format", "json"]
}

#[test]
fn a_recipe_is_reported_shown_and_learned_with() {
    let place = Place::new();
    let small = table(&place);
    let recipe = [
        ["--optimizer", "adam beta1=0.7 beta2=0.9"],
        ["--schedule", "one-cycle max=0.01 warm-up=0.3"],
        ["--weight-decay", "0.01"],
        ["--label-smoothing", "0.1"],
        ["--average-weights", "0.99"],
    ];
    let arguments: Vec<&str> = small.iter().copied().chain(recipe.into_iter().flatten()).collect();
    let outcome = place.run(&arguments).done();
    let report = outcome.json();
    assert_eq!((&report["schedule"], &report["learning_rate"]), (&"one-cycle max=0.01".into(), &0.01.into()));
    assert_eq!((&report["weight_decay"], &report["label_smoothing"]), (&0.01.into(), &0.1.into()));
    assert_eq!(report["average_weights"], 0.99);
    // 6 epochs of one step each: the rate begins at max / 25, and ends at that / 10⁴.
    let rates: Vec<f64> = report["history"]["epochs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["learning_rate"].as_f64().unwrap())
        .collect();
    assert!((rates[0] - 0.0004).abs() < 1e-12 && (rates[6] - 4e-8).abs() < 1e-15, "{rates:?}");
    let said =
        "adam beta1=0.7 beta2=0.9, one-cycle max=0.01, weight decay 0.01, average of weights 0.99, learning rate 0.01";
    assert!(outcome.stderr.contains(said) && outcome.stderr.contains("label smoothing 0.1"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("  lr 4.0e-8"), "{}", outcome.stderr);
    let plain = place.run(&small).done().json();
    assert!(plain.get("schedule").is_none() && plain["history"]["epochs"][1].get("learning_rate").is_none());
}

#[test]
fn the_step_that_graph_and_plan_show_has_the_recipe() {
    let place = Place::new();
    let recipe = ["--schedule", "cosine warm-up=0.1", "--weight-decay", "0.01", "--average-weights", "0.9"];
    let graph = [&["graph", "2, affine 3", "--stage", "step"][..], &recipe].concat();
    let shown = place.run(&graph).done().stdout;
    for wanted in ["scheduled rate", "cos ", "0/w average", "steps taken"] {
        assert!(shown.contains(wanted), "{wanted} in {shown}");
    }
    let nodes =
        |more: &[&str]| place.run(&[&["plan", "--format", "json"], more].concat()).done().json()["nodes"].as_u64();
    assert!(nodes(&recipe) > nodes(&[]));
    for flag in ["--schedule=cosine", "--weight-decay=0.1", "--average-weights=0.9"] {
        place.run(&["graph", "2, affine 3", flag]).failed(2, "changes the training step only; add --stage step");
    }
}

#[test]
fn what_does_not_fit_a_recipe_is_refused_with_what_would() {
    let place = Place::new();
    let small = table(&place);
    let cases: [(&[&str], &str); 9] = [
        (&["--schedule", "cosin"], "did you mean `cosine`?"),
        (&["--schedule", "step gama=0.5"], "did you mean `gamma`?"),
        (
            &["--schedule", "one-cycle max=0.01", "--learning-rate", "0.1"],
            "--learning-rate is 0.1, and the largest rate of",
        ),
        (&["--weight-decay", "-1"], "expected a number from 0, such as 0.0001"),
        (&["--average-weights", "1"], "expected a number from 0 to below 1"),
        (&["--label-smoothing", "1.5"], "expected a number from 0 to below 1"),
        (&["--augment", "shift 2"], "--augment changes pictures, and t.csv is a table; leave it out"),
        (&["--augment", "rotat 5"], "did you mean `rotate`?"),
        (&["--augment", "shift 2, shift 3"], "`shift` is there already; give each change once"),
    ];
    for (more, said) in cases {
        place.run(&[&small, more].concat()).failed(2, said);
    }
    let squares = ["--label-smoothing", "0.1", "--loss", "mse"];
    place.run(&[&small[..], &squares].concat()).failed(2, "the label smoothing is 0.1; it is for the losses");
    assert_eq!(place.files(), ["t.csv"]);
}

#[test]
fn pictures_are_changed_while_a_model_learns_and_shown_by_data_show() {
    let place = Place::new();
    let train = ["train", "--network", "784, affine 10", "--epochs", "1", "--format", "json"];
    let changed = ["--augment", "shift 2, rotate 10, elastic 8 3"];
    let outcome = place.run(&[&train[..], &changed].concat()).done();
    let report = outcome.json();
    assert_eq!(report["augmentation"], "shift 2, rotate 10, elastic 8 3");
    assert!(outcome.stderr.contains("pictures changed by shift 2, rotate 10, elastic 8 3"), "{}", outcome.stderr);
    assert!(report["test_accuracy"].as_f64().unwrap() > 0.8, "{}", report["test_accuracy"]);
    let show = ["data", "show", "mnist", "--count", "3", "--augment", "cut-out 6, noise 0.1", "--output", "a.svg"];
    place.run(&show).done();
    let svg = std::fs::read_to_string(place.path("a.svg")).unwrap();
    assert_eq!(svg.matches("<image").count(), 3 * 8);
    assert!(svg.contains("cut-out 6, noise 0.1") && svg.contains("epoch 7"));
    place.run(&["data", "show", "mnist", "--count", "200", "--augment", "flip"]).failed(2, "at most 125 samples");
}
