//! Row J4: numerical against back-propagated derivatives over every parameter of a two-layer net on real digits.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop and may tell what it found")]

use limpid_engine::Precision;
use limpid_files::{Mnist, locate_mnist};
use limpid_learn::{Dataset, GradientCheck, GradientReport, Model, Network};

fn report(activation: &str) -> GradientReport {
    let files = Mnist::load(&locate_mnist(None).unwrap()).unwrap();
    let data = Dataset::new(files.train_images.rows(0, 100), files.train_labels.rows(0, 100)).unwrap();
    let data = data.reshaped(&[784]).unwrap().divided_by(255.0);
    let text = format!("784, affine 50 init=normal(0.01), {activation}, affine 10 init=normal(0.01)");
    let network: Network = text.parse().unwrap();
    let model = Model::in_precision(&network, 1, Precision::F64).unwrap();
    let report = model.check_gradients(&data, &GradientCheck::default()).unwrap();
    println!("{activation}\n{report}");
    report
}

fn assert_agrees(report: &GradientReport) {
    assert!(report.passed(), "{report}");
    let elements: usize = report.parameters.iter().map(|p| p.checked + p.at_kinks).sum();
    assert_eq!(elements, 39_760);
    for parameter in &report.parameters {
        assert!(parameter.checked > 0 && parameter.mean_difference <= 1e-9, "{}", parameter.name);
    }
}

#[test]
fn sigmoid_agrees_to_1e_9_in_every_parameter_array() {
    let report = report("sigmoid");
    assert!(report.parameters.iter().all(|parameter| parameter.at_kinks == 0));
    assert_agrees(&report);
}

#[test]
fn relu_agrees_to_1e_9_away_from_its_kinks() {
    assert_agrees(&report("relu"));
}
