//! The two-layer net as an ordered list of layers, and as the graph that trains; and one of five layers, drawn.

use std::fmt::Write;

use limpid::draw::GraphPicture;
use limpid::learn::{Dataset, Solo, step};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let init = Initializer::Normal(0.5);
    let x = init.draw(&[2, 3], 3, "x");
    let labels = Tensor::from([1u8, 0]);

    // Forward through the list, and backward through it from the end.
    let mut list = [
        Solo::layer(Affine::new(3, 4).init(init), 1),
        Solo::layer(Relu, 0),
        Solo::layer(Affine::new(4, 2).init(init), 2),
    ];
    let mut scores = x.clone();
    for layer in &mut list {
        scores = layer.forward(&scores)?;
    }
    let mut loss = Solo::softmax_with_loss();
    writeln!(page, "loss by layers: {}", loss.forward(&[&scores, &labels])?)?;
    let mut upstream = loss.backward(&Tensor::scalar(1.0))?.inputs.swap_remove(0);
    for (place, layer) in list.iter().enumerate().rev() {
        let mut back = layer.backward(&upstream)?;
        for (name, derivative) in &back.parameters {
            writeln!(page, "d{place}/{name} {derivative}")?;
        }
        upstream = back.inputs.swap_remove(0);
    }

    // The same and a deeper one as graphs, with every value and derivative.
    let data = Dataset::new(x, labels)?;
    for (name, text) in [
        ("two-layers", "3, affine 4 init=normal(0.5), relu, affine 2 init=normal(0.5)"),
        ("five-layers", "3, affine 4, relu, affine 4, relu, affine 4, relu, affine 4, relu, affine 2"),
    ] {
        let network: Network = text.parse()?;
        let graph = step::batch_loss(&network, &data, Loss::SoftmaxCrossEntropy)?;
        let parameters = Model::in_precision(&network, 1, Precision::F64)?.parameters()?;
        let mut feeds = Vec::new();
        for (_, leaf) in graph.fed() {
            let leaf = leaf.name.as_deref().unwrap_or_default();
            let parameter = parameters.iter().find(|(name, _)| name == leaf).map(|(_, value)| value.clone());
            feeds.push(match leaf {
                "inputs" => data.inputs().clone(),
                "targets" => data.targets().clone(),
                _ => parameter.unwrap_or(Tensor::from([0.0, 1.0])),
            });
        }
        let trace = graph.trace(&feeds)?;
        writeln!(page, "\n{name} as a graph: {} nodes", graph.nodes().len())?;
        page.graph(name, GraphPicture::new(&trace.show()).digits(4));
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
