//! Every layer's gradient against difference quotients, in every element and along random directions.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at what it does not expect, and show what it found"
)]

use limpid_engine::Precision;
use limpid_graph::{Stream, Tensor};
use limpid_learn::{
    Dataset, GradientCheck, GradientReport, Loss, Model, Network, activation_choices, layer_choices, loss_choices,
};

/// Six samples of five numbers, none of which is near a kink that it alone decides.
fn data(targets: Tensor) -> Dataset {
    let stream = Stream::new(11, "samples");
    let numbers: Vec<f64> = (0..30).map(|i| stream.normal(0, i)).collect();
    Dataset::new(Tensor::from(numbers).reshaped([6, 5]).unwrap(), targets).unwrap()
}

fn labels() -> Dataset {
    data(Tensor::from([0u8, 1, 2, 2, 1, 0]))
}

fn check(text: &str, loss: Loss, data: &Dataset) -> GradientReport {
    let network: Network = text.parse().unwrap();
    let model = Model::in_precision(&network, 3, Precision::F64).unwrap().with_loss(loss.clone());
    let report = model.check_gradients(data, &GradientCheck::default()).unwrap();
    println!("{:9.2e}  {loss}  {text}", report.worst_error());
    assert!(report.passed(), "{text}\n{report}");
    let checked: usize = report.parameters.iter().map(|parameter| parameter.checked).sum();
    let all: usize = report.parameters.iter().map(|parameter| parameter.shape.iter().product::<usize>()).sum();
    assert!(2 * checked > all, "most elements stand away from kinks: {text}\n{report}");
    report
}

#[test]
fn every_layer_has_the_right_gradient() {
    for layer in layer_choices() {
        check(&format!("5, affine 4, {}, affine 3", layer.example), Loss::SoftmaxCrossEntropy, &labels());
    }
    for activation in activation_choices() {
        check(&format!("5, affine 4, {}, affine 3", activation.name), Loss::SoftmaxCrossEntropy, &labels());
    }
}

#[test]
fn layers_have_the_right_gradient_on_samples_of_several_axes() {
    check("5, affine 3", Loss::SoftmaxCrossEntropy, &labels());
    check("5x1, flatten, affine 4, tanh, affine 3", Loss::SoftmaxCrossEntropy, &labels());
    check("1x5, affine 4, tanh, flatten, affine 3", Loss::SoftmaxCrossEntropy, &labels());
}

#[test]
fn every_loss_has_the_right_gradient() {
    let one_hot = labels().one_hot(3).unwrap();
    for loss in loss_choices().filter_map(|row| row.usual()) {
        check("5, affine 4, sigmoid, affine 3", loss, &one_hot);
    }
    check("5, affine 4, sigmoid, affine 3", Loss::SoftmaxCrossEntropy, &labels());
}
