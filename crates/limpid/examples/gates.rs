//! AND, NAND and OR: one formula, three sets of numbers.

use std::fmt::Write;

use limpid::draw::GraphPicture;
use limpid::learn::Perceptron;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    // A threshold is a bias with its sign turned.
    let by_threshold = Perceptron::by_threshold([0.5, 0.5], 0.7);
    let by_bias = Perceptron::new([0.5, 0.5], -0.7);
    let gates = [
        ("AND, threshold 0.7", &by_threshold),
        ("AND, bias −0.7", &by_bias),
        ("NAND", &Perceptron::new([-0.5, -0.5], 0.7)),
        ("OR", &Perceptron::new([0.5, 0.5], -0.2)),
    ];
    writeln!(page, "{:<20} 0 1 0 1\n{:<20} 0 0 1 1    w1    w2     b", "input x1", "input x2")?;
    for (name, gate) in gates {
        write!(page, "{name:<20}")?;
        for x in [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] {
            write!(page, " {}", u8::from(gate.output(&x)?))?;
        }
        writeln!(page, "  {:>4}  {:>4}  {:>4}", gate.weights[0], gate.weights[1], gate.bias)?;
    }
    writeln!(page, "\nw·x + b of AND at (0, 1): {}", by_bias.weighted_sum(&[0.0, 1.0])?)?;

    // The same as a picture: inputs times weights, their sum with the bias, and the step.
    let b = Builder::new();
    let [x1, w1, x2, w2, bias] = ["x1", "w1", "x2", "w2", "b"].map(|name| b.scalar(name));
    let sum = (x1 * w1 + x2 * w2 + bias).named("sum");
    let and = b.finish([sum.step().named("y")])?;
    let mut drawing = and.trace(&[0.0, 0.5, 1.0, 0.5, -0.7].map(Tensor::scalar))?.show();
    drawing.nodes.iter_mut().for_each(|node| node.derivative = None);
    page.graph("perceptron", GraphPicture::new(&drawing).title("AND, asked about (0, 1)"));
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
