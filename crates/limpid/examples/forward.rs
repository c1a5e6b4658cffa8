//! Two numbers through three layers, and a batch of two samples.

use std::fmt::Write;

use limpid::draw::GraphPicture;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let network: Network = "2, affine 3, sigmoid, affine 2, sigmoid, affine 2, identity".parse()?;
    let mut model = Model::in_precision(&network, 0, Precision::F64)?;
    let parameters: [(&str, Tensor); 6] = [
        ("0/w", [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]].into()),
        ("0/b", [0.1, 0.2, 0.3].into()),
        ("2/w", [[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]].into()),
        ("2/b", [0.1, 0.2].into()),
        ("4/w", [[0.1, 0.3], [0.2, 0.4]].into()),
        ("4/b", [0.1, 0.2].into()),
    ];
    for (name, value) in &parameters {
        writeln!(page, "parameter {name} has shape {:?}", value.shape())?;
    }
    model.set_parameters(&parameters.map(|(name, value)| (name.to_string(), value)))?;

    let one = model.predict(&Tensor::from([1.0, 0.5]))?;
    writeln!(page, "\none sample of shape [2]: {one}")?;
    let batch = model.predict(&Tensor::from([[1.0, 0.5], [0.0, -3.0]]))?;
    writeln!(page, "a batch of shape [2, 2]:\n{batch}")?;

    // A picture of it, with what the sum of both outputs depends on.
    let graph = network.graph(limpid::learn::Mode::Inference)?;
    let b = Builder::resume(&graph);
    let graph = b.finish([b.var(graph.outputs()[0]).sum_all().named("sum")])?;
    let mut feeds = vec![Tensor::from([[1.0, 0.5]])];
    feeds.extend(model.parameters()?.into_iter().map(|(_, value)| value));
    page.graph("layers", GraphPicture::new(&graph.trace(&feeds)?.show()).digits(6));
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
