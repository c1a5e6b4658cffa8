//! Every layer's gradient against difference quotients, in every element and along random directions.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at what it does not expect, and show what it found"
)]

use limpid_engine::Precision;
use limpid_graph::{Builder, Stream, Tensor};
use limpid_learn::step::GraphKind;
use limpid_learn::{
    Dataset, GradientCheck, GradientReport, Loss, Model, Network, Sgd, activation_choices, layer_choices, loss_choices,
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

/// Six samples of twelve numbers, which may be images.
fn images() -> Dataset {
    let stream = Stream::new(12, "images");
    let numbers: Vec<f64> = (0..72).map(|i| stream.normal(0, i)).collect();
    Dataset::new(Tensor::from(numbers).reshaped([6, 12]).unwrap(), labels().targets().clone()).unwrap()
}

/// Smaller steps, for what curves more.
fn fine() -> GradientCheck {
    GradientCheck { step: 1e-5, ..GradientCheck::default() }
}

fn check(text: &str, loss: Loss, data: &Dataset) -> GradientReport {
    check_by(&GradientCheck::default(), text, loss, data)
}

fn check_by(check: &GradientCheck, text: &str, loss: Loss, data: &Dataset) -> GradientReport {
    let network: Network = text.parse().unwrap();
    let model = Model::in_precision(&network, 3, Precision::F64).unwrap().with_loss(loss.clone());
    let report = model.check_gradients(data, check).unwrap();
    println!("{:9.2e}  {loss}  {text}", report.worst_error());
    assert!(report.passed(), "{text}\n{report}");
    let checked: usize = report.parameters.iter().map(|parameter| parameter.checked).sum();
    let all: usize = report.parameters.iter().map(|parameter| parameter.shape.iter().product::<usize>()).sum();
    assert!(2 * checked > all, "most elements stand away from kinks: {text}\n{report}");
    report
}

/// The gradient of the sum of the squares of the loss's gradient, which has the second derivatives in it.
fn check_second_order(text: &str, data: &Dataset) {
    let network: Network = text.parse().unwrap();
    let model = Model::in_precision(&network, 3, Precision::F64).unwrap();
    let graph = GraphKind::Gradient.graph(&network, data, &Loss::SoftmaxCrossEntropy, &Sgd).unwrap();
    let builder = Builder::resume(&graph);
    let squares = graph.outputs()[1..].iter().map(|&id| builder.var(id).square().sum_all());
    let sum = squares.reduce(|sum, square| sum + square).unwrap();
    let graph = builder.finish([sum]).unwrap();
    let rows: Tensor = (0..data.len()).map(|row| row as f64).collect::<Vec<_>>().into();
    let variables = model.variables().unwrap();
    let mut feeds: Vec<(&str, &Tensor)> = variables.iter().map(|(name, value)| (name.as_str(), value)).collect();
    feeds.extend([("inputs", data.inputs()), ("targets", data.targets()), ("rows", &rows)]);
    let known: Vec<&str> = graph.fed().filter_map(|(_, node)| node.name.as_deref()).collect();
    feeds.retain(|(name, _)| known.contains(name));
    // What counts the steps, for layers that draw.
    let zero = Tensor::scalar(0.0);
    let counters = known.iter().filter(|name| !feeds.iter().any(|(fed, _)| fed == *name)).map(|name| (*name, &zero));
    let counters: Vec<_> = counters.collect();
    feeds.extend(counters);
    let names = network.parameter_names().unwrap();
    let wrt: Vec<&str> = names.iter().map(String::as_str).collect();
    let report = fine().run(&graph, &wrt, &feeds).unwrap();
    println!("{:9.2e}  second order  {text}", report.worst_error());
    assert!(report.passed(), "second order: {text}\n{report}");
}

/// A network with a layer in it that gives the layer what it takes.
fn around(layer: &str) -> String {
    match layer.split_whitespace().next() {
        Some("embedding") => format!("5, {layer}, affine 2, flatten, affine 3"),
        // Two numbers that are normalised are −1 and 1, or nearly so, and curve much where they are not.
        Some("group-norm") => format!("5, affine 8, {layer}, affine 3"),
        Some(name) if takes_images(name) => format!("1x4x3, {layer}, affine 3"),
        _ => format!("5, affine 4, {layer}, affine 3"),
    }
}

/// Samples for it.
fn data_for(layer: &str) -> Dataset {
    match layer.split_whitespace().next() {
        Some("embedding") => {
            let stream = Stream::new(11, "positions");
            let positions: Vec<f64> = (0..30).map(|i| stream.below(0, i, 12) as f64).collect();
            Dataset::new(Tensor::from(positions).reshaped([6, 5]).unwrap(), labels().targets().clone()).unwrap()
        }
        Some(name) if takes_images(name) => images(),
        _ => labels(),
    }
}

fn takes_images(layer: &str) -> bool {
    ["conv", "conv-transpose", "max-pool", "average-pool", "global-average-pool"].contains(&layer)
}

#[test]
fn every_layer_has_the_right_gradient() {
    for layer in layer_choices() {
        let layer = layer.example.replace("embedding 1000", "embedding 12");
        let data = data_for(&layer);
        check_by(&fine(), &around(&layer), Loss::SoftmaxCrossEntropy, &data);
        check_second_order(&around(&layer), &data);
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
    let images = images();
    let table = [
        "1x4x3, conv 3 2x2, relu, max-pool 2 stride=1, affine 3",
        "1x4x3, conv 2 3x3 pad=same, batch-norm, swish, average-pool 2 pad=same, conv 2 2x1, affine 3",
        "2x3x2, conv 4 2x2 groups=2 pad=1 stride=2, tanh, global-average-pool, affine 3",
        "1x4x3, conv 2 2x2 dilation=2x1 no-bias, conv-transpose 2 3x2 stride=1x2 pad=1x0, affine 3",
        "1x4x3, max-pool 3 stride=1 pad=1, conv 3 2x2, affine 3",
        "2x3x2, conv-transpose 4 2x2 groups=2 stride=2 dilation=1x2 output-padding=1, tanh, affine 3",
        "4x3x1, conv-transpose 4 2x1 groups=4 pad=1x0 dilation=3x1 output-padding=2x0, swish, affine 3",
        "2x3x2, conv 4 2x2 groups=2 pad=1, tanh, conv 4 2x2 groups=4, affine 3",
        "1x4x3, average-pool 3x2 stride=1 pad=1 exclude-padding, conv 2 2x2, affine 3",
        "1x4x3, residual(conv 2 3x3 pad=1, gelu, conv 1 3x3 pad=1), branches(max-pool 2 | average-pool 2), affine 3",
        "2x3x2, batch-norm, affine 3",
        "2x3x2, layer-norm, affine 3",
        "4x3x1, group-norm 2, tanh, affine 3",
        "4x3x1, group-norm 4, tanh, affine 3",
        "2x3x2, branches(batch-norm | tanh), affine 3",
        "2x3x2, residual(batch-norm, tanh), affine 3",
        "12, affine 4, residual(affine 4, batch-norm, residual(swish, affine 4)), affine 3",
        "12, branches(identity | affine 2, branches(tanh | mish)), batch-norm momentum=0.5, affine 3",
    ];
    for text in table {
        check_by(&fine(), text, Loss::SoftmaxCrossEntropy, &images);
        check_second_order(text, &images);
    }
}

#[test]
fn every_loss_has_the_right_gradient() {
    let one_hot = labels().one_hot(3).unwrap();
    for loss in loss_choices().filter_map(|row| row.usual()) {
        check("5, affine 4, sigmoid, affine 3", loss, &one_hot);
    }
    check("5, affine 4, sigmoid, affine 3", Loss::SoftmaxCrossEntropy, &labels());
}
