//! (x + y)² as a graph: forward for the value, backward for the derivatives, each node by what it knows itself.

use std::fmt::Write;

use limpid::draw::GraphPicture;
use limpid::learn::SingleLayer;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let b = Builder::new();
    let (x, y) = (b.scalar("x"), b.scalar("y"));
    let t = (x + y).named("t");
    let graph = b.finish([t.square().named("z")])?;
    let trace = graph.trace(&[3.0.into(), 4.0.into()])?;
    for name in ["x", "y", "t", "z"] {
        let (value, derivative) = (trace.value(name)?, trace.derivative(name)?);
        writeln!(page, "{name}: value {value}, dz/d{name} = {derivative}")?;
    }
    writeln!(page, "and by hand, dz/dx = 2(x + y) = {}", 2.0 * (3.0 + 4.0))?;

    let drawing = trace.show();
    for (place, step) in GraphPicture::new(&drawing).steps().into_iter().enumerate() {
        page.graph(&format!("step-{}", place + 1), GraphPicture::new(&drawing).at(step));
    }
    page.graph("square", GraphPicture::new(&drawing));

    // An add node passes on what arrives; a multiply node passes it on times the other input.
    for (name, mut node) in [("x + y", SingleLayer::add()), ("x · y", SingleLayer::multiply())] {
        node.forward(&[Tensor::scalar(10.0), Tensor::scalar(5.0)])?;
        let back = node.backward(&Tensor::scalar(1.3))?.inputs;
        writeln!(page, "{name} at (10, 5), with 1.3 arriving, passes back {} and {}", back[0], back[1])?;
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
