//! `summary`, `graph`, `plan` and `gradcheck`: looking into a network.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;

use limpid::files::{Arrays, Container, NamedArray, Packing};
use limpid::graph::Tensor;

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
    limpid::models::save(&model.with_divisor(Some(255.0)), place.path("digits")).unwrap();
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

#[test]
fn within_rounding_no_cause_but_rounding_is_named_and_what_is_advised_passes() {
    let place = Place::new();
    let check = |more: &[&str]| {
        let typed = ["gradcheck", "784, affine 20, relu, affine 10", "--elements", "5"];
        place.run(&[&typed[..], more].concat())
    };
    for (flag, value, advised) in [("--step", "1e-9", "a step of "), ("--tolerance", "1e-20", "a tolerance of ")] {
        let failed = check(&[flag, value]);
        assert_eq!(failed.code, Some(1));
        let causes: Vec<_> = failed.stdout.lines().filter_map(|line| line.split_once("likely cause: ")).collect();
        assert!(!causes.is_empty(), "{}", failed.stdout);
        for (_, cause) in causes {
            assert!(
                cause.starts_with("rounding: rounding alone may make an error of ") && cause.contains("; use a "),
                "{cause}"
            );
            let value = cause.split_once(advised).unwrap().1;
            check(&[flag, value]).done();
        }
    }
}

#[test]
fn derivatives_under_the_names_of_weights_and_as_arrays_are_taken() {
    let place = Place::new();
    let model = limpid::learn::Model::new(&"784, affine 3, tanh, affine 10".parse().unwrap(), 1).unwrap();
    let model = model.with_divisor(Some(255.0));
    limpid::models::save(&model, place.path("m.safetensors")).unwrap();
    let zeros = model.parameters().unwrap().into_iter().map(|(_, value)| Tensor::zeros(value.shape().to_vec()));
    let named = ["W1", "b1", "W2", "b2"].into_iter().zip(zeros).map(|(name, zeros)| NamedArray::new(name, zeros));
    let arrays = Arrays::new(named.collect());
    fs::write(place.path("mine.npz"), arrays.to_bytes(Container::Npz(Packing::Stored)).unwrap()).unwrap();
    fs::write(place.path("mine.pkl"), arrays.to_bytes(Container::Pickle { protocol: 2 }).unwrap()).unwrap();
    let list = |array: &NamedArray| match array.array.shape() {
        [_, columns] => serde_json::json!(array.array.to_f64().chunks(*columns).collect::<Vec<_>>()),
        _ => serde_json::json!(array.array.to_f64()),
    };
    let object: serde_json::Map<_, _> = arrays.arrays.iter().map(|array| (array.name.clone(), list(array))).collect();
    fs::write(place.path("mine.json"), serde_json::Value::from(object).to_string()).unwrap();
    for file in ["mine.npz", "mine.pkl", "mine.json"] {
        let told = place.run(&["gradcheck", "m.safetensors", "--elements", "20", "--gradient", file]);
        assert_eq!(told.code, Some(1), "{}", told.stderr);
        assert!(told.stderr.contains("W1 is 0/w, b1 is 0/b, W2 is 2/w, b2 is 2/b"), "{}", told.stderr);
        assert!(told.stdout.contains("likely cause: every derivative is 0"), "{}", told.stdout);
    }
    let few = Arrays::new(arrays.arrays[..3].to_vec());
    fs::write(place.path("few.npz"), few.to_bytes(Container::Npz(Packing::Stored)).unwrap()).unwrap();
    place.run(&["gradcheck", "m.safetensors", "--gradient", "few.npz"]).failed(1, "few.npz: ");
}

#[test]
fn values_of_formulas_are_formulas_without_names_and_what_is_no_number_is_said() {
    let place = Place::new();
    let told = place.run(&["graph", "sin(x)", "--at", "x=pi/2", "--format", "text"]).done();
    assert!(told.stdout.contains("= 1.5707963267948966"), "{}", told.stdout);
    let told = place.run(&["graph", "x**2", "--at", "x=3", "--format", "text"]).done();
    assert!(told.stdout.contains('9'), "{}", told.stdout);
    for (formula, at) in [("x^y", "x=-2,y=0.5"), ("ln(x)", "x=-2"), ("sqrt(x)*x", "x=-1")] {
        let told = place.run(&["graph", formula, "--at", at, "--format", "text"]).done();
        assert!(told.stderr.contains("is not a number (NaN) for these values"), "{formula}: {}", told.stderr);
    }
    let power = place.run(&["graph", "x^y", "--at", "x=-2,y=0.5", "--format", "text"]).done().stdout;
    let of_y = power.lines().find(|line| line.contains(" y ")).unwrap();
    assert!(of_y.ends_with("d NaN"), "{power}");
    place.run(&["graph", "np.sin(x)", "--at", "x=1"]).failed(2, "`np.` means nothing in a formula; use `sin(x)`");
    place.run(&["graph", "x+y", "--at", "x=1,z=2"]).failed(2, "the formula has no name `z`; its names are x and y");
}

#[test]
fn a_network_as_toml_is_written_looked_at_and_trained() {
    let place = Place::new();
    let text = "1x28x28, conv 4 5x5 stride=2, relu, residual(conv 4 3x3 pad=1, tanh), max-pool 2, affine 10";
    let toml = place.run(&["summary", text, "--format", "toml"]).done().stdout;
    fs::write(place.path("network.toml"), &toml).unwrap();
    assert_eq!(place.run(&["summary", "network.toml", "--format", "toml"]).done().stdout, toml);
    let same = |typed: &[&str], at: usize| {
        let told = |network: &str| {
            let mut typed = typed.to_vec();
            typed.insert(at, network);
            place.run(&typed).done().stdout
        };
        assert_eq!(told("network.toml"), told(text), "{typed:?}");
    };
    same(&["summary"], 1);
    same(&["summary", "--format", "json"], 1);
    same(&["plan"], 1);
    same(&["graph", "--format", "text"], 1);
    same(&["gradcheck", "--samples", "2", "--elements", "3"], 1);
    let rows = (0..60).map(|i| format!("{},{},{}\n", i % 7, i % 5, if i % 7 > i % 5 { "more" } else { "less" }));
    fs::write(place.path("t.csv"), format!("a,b,kind\n{}", rows.collect::<String>())).unwrap();
    let text = "2, affine 8, residual(affine 8, tanh), affine 2";
    let toml = place.run(&["summary", text, "--format", "toml"]).done().stdout;
    fs::write(place.path("network.toml"), &toml).unwrap();
    let trained = |network: &str, model: &str| {
        let typed = ["train", "--data", "t.csv", "--target", "kind", "--network", network, "--epochs", "2"];
        place.run(&[&typed[..], &["--quiet", "--output", model]].concat()).done();
        fs::read(place.path(model)).unwrap()
    };
    assert_eq!(trained("network.toml", "file.safetensors"), trained(text, "text.safetensors"));
    // A model is a network, too; and bare weights are filled into one.
    assert_eq!(place.run(&["summary", "file.safetensors", "--format", "toml"]).done().stdout, toml);
    place.run(&["convert", "file.safetensors", "bare.npz"]).done();
    place.run(&["convert", "bare.npz", "again.safetensors", "--network", "network.toml"]).done();
    assert_eq!(place.run(&["summary", "again.safetensors", "--format", "toml"]).done().stdout, toml);
}

#[test]
fn a_toml_file_that_is_no_network_is_told_with_its_lines() {
    let place = Place::new();
    let wrong = "input = [1, 28, 28]\n[[layer]]\nkind = \"conv\"\nfilters = 4\nkernel = 3\ngroups = 0\n[[layer]]\nkind = \"rleu\"\n";
    fs::write(place.path("wrong.toml"), wrong).unwrap();
    fs::write(place.path("unfit.toml"), "input = [1, 3, 3]\n[[layer]]\nkind = \"conv\"\nfilters = 4\nkernel = 5\n")
        .unwrap();
    fs::write(place.path("pickle.toml"), b"\x80\x04\x95\xff\xfe").unwrap();
    let table = [
        (
            "wrong.toml",
            "wrong.toml: 2 mistakes:\nthe number of groups is 0; use 1 or more (line 6, column 10)\n  groups = 0\n",
        ),
        (
            "wrong.toml",
            "unknown layer `rleu`, did you mean `relu`? (line 8, column 8)\n  kind = \"rleu\"\n         ^^^^^^",
        ),
        ("unfit.toml", "unfit.toml: a kernel of 5x5 is larger than its padded input of 3x3"),
        ("missing.toml", "missing.toml: No such file or directory"),
        ("pickle.toml", "pickle.toml: expected a network as TOML, found "),
    ];
    for (file, wanted) in table {
        let train = ["train", "--network", file];
        for typed in [&["summary", file][..], &["graph", file], &["plan", file], &["gradcheck", file], &train] {
            let told = place.run(typed);
            assert_eq!(told.code, Some(1), "{typed:?}: {}", told.stderr);
            assert!(told.stderr.contains(wanted), "{typed:?}: {}", told.stderr);
        }
    }
}
