//! The two-layer net as an ordered list of layers, and as a graph; and one of five layers, drawn.

use std::collections::BTreeMap;
use std::fmt::Write;

use limpid::draw::GraphPicture;
use limpid::learn::{SingleLayer, step};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// Draws a network's loss with every value and derivative in it, and answers the loss.
fn drawn(page: &mut Page<'_>, name: &str, model: &Model, data: &Dataset) -> Result<Tensor, limpid::Error> {
    let graph = step::batch_loss(model.network(), data, &Loss::SoftmaxCrossEntropy)?;
    let (parameters, rows) = (model.parameters()?, Tensor::from([0.0, 1.0]));
    let mut known: BTreeMap<&str, &Tensor> = parameters.iter().map(|(name, value)| (name.as_str(), value)).collect();
    known.extend([("inputs", data.inputs()), ("targets", data.targets()), ("rows", &rows)]);
    let leaves = graph.fed().filter_map(|(_, leaf)| leaf.name.as_deref());
    let feeds: Vec<Tensor> = leaves.filter_map(|leaf| known.get(leaf).copied().cloned()).collect();
    let trace = graph.trace(&feeds)?;
    page.graph(name, GraphPicture::new(&trace.show()).digits(4));
    Ok(trace.value_at(graph.outputs()[0]).clone())
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let data = Dataset::new(Initializer::Normal(0.5).draw(&[2, 3], 3, "x"), Tensor::from([1u8, 0]))?;
    let two = Network::new(3, (Affine::new(3, 4), Relu, Affine::new(4, 2)));
    let model = Model::in_precision(&two, 1, Precision::F64)?;

    // The same layers in a list, with the same weights.
    let (first, last) = (SingleLayer::layer(Affine::new(3, 4), 0), SingleLayer::layer(Affine::new(4, 2), 0));
    let mut list = [first, SingleLayer::layer(Relu, 0), last];
    for (name, value) in model.parameters()? {
        let (place, name) = name.split_once('/').unwrap_or_default();
        list[place.parse::<usize>()?].set(name, value)?;
    }
    // Forward through the list, and backward through it from the end.
    let mut scores = data.inputs().clone();
    for layer in &mut list {
        scores = layer.forward(&scores)?;
    }
    let mut loss = SingleLayer::softmax_with_loss();
    writeln!(page, "loss by layers: {}", loss.forward(&[&scores, data.targets()])?)?;
    let mut upstream = loss.backward(&Tensor::scalar(1.0))?.inputs.swap_remove(0);
    for (place, layer) in list.iter().enumerate().rev() {
        let mut back = layer.backward(&upstream)?;
        for (name, derivative) in &back.parameters {
            writeln!(page, "d{place}/{name}\n{derivative}")?;
        }
        upstream = back.inputs.swap_remove(0);
    }
    let loss = drawn(page, "two-layers", &model, &data)?;
    writeln!(page, "loss by the graph: {loss}")?;
    let five = "3, affine 4, relu, affine 4, relu, affine 4, relu, affine 4, relu, affine 2".parse()?;
    drawn(page, "five-layers", &Model::in_precision(&five, 1, Precision::F64)?, &data)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
