//! `summary`, `graph`, `plan` and `gradcheck`: looking into a network.

use std::fs;

use crate::support::Place;

#[test]
fn a_summary_lists_each_layer_and_the_totals() {
    let told = Place::new().run(&["summary", "1x28x28, flatten, affine 50, relu, affine 10"]).done();
    let wanted = "\
network  1x28x28, flatten, affine 50, relu, affine 10

path  layer      output        parameters    bytes   FLOPs
0     flatten    (batch, 784)           0        0       0
1     affine 50  (batch, 50)       39,250  157,000  78,450
2     relu       (batch, 50)            0        0      50
3     affine 10  (batch, 10)          510    2,040   1,010
      total                        39,760  159,040  79,510

bytes are those of the parameters in f32; FLOPs those of one sample, forward; a multiply-add is 2
a training step on 100 samples (forward, backward, update) takes 16.1 MFLOP
";
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), (wanted, ""));
}

#[test]
fn a_summary_in_json_counts_a_step_by_its_batch() {
    let place = Place::new();
    let default = place.run(&["summary", "--format", "json"]).done().json();
    assert_eq!(default["network"], "784, affine 50, relu, affine 10");
    assert_eq!((&default["parameters"], &default["flops"]), (&39_760.into(), &79_510.into()));
    assert_eq!(default["layers"][0]["output_shape"], "(batch, 50)");
    let step = |size| {
        let report = place.run(&["summary", "--format", "json", "--batch-size", size]).done().json();
        report["training_step_flops"].as_u64().unwrap()
    };
    // Two matrix products forward; backward one for each weight, and one for the way to the first layer.
    let products = |batch: u64| 2 * batch * (2 * (784 * 50 + 50 * 10) + 50 * 10);
    for (size, batch) in [("1", 1), ("100", 100), ("1000", 1000)] {
        let (found, least) = (step(size), products(batch));
        assert!(found > least && found < least + 1000 * batch + 100_000, "{batch}: {found}, of that products {least}");
    }
}

#[test]
fn a_plan_has_fewer_steps_than_nodes_and_less_memory_than_its_values() {
    let place = Place::new();
    let report = place.run(&["plan", "--format", "json"]).done().json();
    let number = |key: &str| report[key].as_u64().unwrap();
    assert!(2 * number("steps") < number("nodes"), "{report}");
    assert!(number("bytes") < number("bytes_unshared"), "{report}");
    let told = place.run(&["plan", "--batch-size", "32"]).done();
    assert!(told.stdout.contains("product 32×784 · 784×50"), "{}", told.stdout);
    assert!(told.stdout.contains("product 784×32 · 32×50"), "{}", told.stdout);
}

#[test]
fn each_stage_adds_to_the_graph_and_simplifying_takes_away() {
    let place = Place::new();
    let nodes = |more: &[&str]| {
        let arguments = [&["graph", "2, affine 3, relu, affine 2", "--format", "json"], more].concat();
        place.run(&arguments).done().json()["nodes"].as_array().unwrap().len()
    };
    let counts = ["network", "loss", "gradient", "step"].map(|stage| nodes(&["--stage", stage]));
    assert!(counts.is_sorted_by(|a, b| a < b), "{counts:?}");
    assert!(nodes(&["--stage", "step", "--simplified"]) < counts[3]);
}

#[test]
fn a_graph_is_printed_as_a_listing_and_as_dot() {
    let place = Place::new();
    let text = place.run(&["graph", "2, affine 3, relu, affine 2", "--stage", "gradient"]).done().stdout;
    assert!(text.contains("  layer 1 (relu)\n") && text.contains(" d 0/w,"), "{text}");
    let step = place.run(&["graph", "2, affine 3, relu, affine 2", "--stage", "step"]).done().stdout;
    assert_eq!(step.matches(" becomes ").count(), 4);

    let to_stdout = place.run(&["graph", "--format", "dot", "--output", "-"]).done().stdout;
    assert!(to_stdout.starts_with("digraph limpid {\n") && to_stdout.ends_with("}\n"));
    assert_eq!(place.run(&["graph", "--format", "dot", "-o", "net.dot"]).done().stdout, "");
    assert_eq!(fs::read_to_string(place.path("net.dot")).unwrap(), to_stdout);
    assert_eq!(place.files(), ["net.dot"]);
}

#[test]
fn a_model_file_is_looked_into_like_its_network() {
    let place = Place::new();
    let network = "784, affine 4 init=xavier, sigmoid, affine 10";
    let model = limpid::learn::Model::new(&network.parse().unwrap(), 1).unwrap();
    // The name alone does not say that it is a model.
    limpid::models::save(&model, Some(255.0), &place.path("digits")).unwrap();
    let summary = place.run(&["summary", "digits", "--format", "json"]).done().json();
    assert_eq!((&summary["model"], &summary["network"]), (&"digits".into(), &network.into()));
    let of_file = place.run(&["graph", "digits"]).done().stdout;
    let of_text = place.run(&["graph", network]).done().stdout;
    assert_eq!(of_file, of_text);
    let check = place.run(&["gradcheck", "digits", "--elements", "20", "--format", "json"]).done().json();
    assert_eq!((&check["passed"], &check["model"], &check["samples"]), (&true.into(), &"digits".into(), &10.into()));
}

#[test]
fn a_gradient_check_says_each_parameter_and_fails_where_the_tolerance_is_too_strict() {
    let place = Place::new();
    let network = "784, affine 8 init=xavier, tanh, affine 10";
    let passed = place.run(&["gradcheck", network, "--samples", "3", "--elements", "50"]).done();
    for said in ["0/w ", "0/b ", "2/w ", "2/b ", "\npassed: worst error "] {
        assert!(passed.stdout.contains(said), "{}", passed.stdout);
    }
    let failed = place.run(&["gradcheck", network, "--elements", "5", "--tolerance", "1e-30"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stdout.contains("\nFAILED: worst error "), "{}", failed.stdout);
    assert!(failed.stderr.contains("error: the gradient check failed: the worst error is "), "{}", failed.stderr);
}
