//! AND, NAND and OR: one formula, three sets of numbers.

use std::fmt::Write;

use limpid::learn::Perceptron;
use limpid::page::{Outcome, Page};

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
    for (name, gate) in gates {
        write!(page, "{name:<20}")?;
        for x in [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] {
            write!(page, " {}", u8::from(gate.output(&x)?))?;
        }
        writeln!(page)?;
    }
    writeln!(page, "\nw·x + b of AND at (0, 1): {}", by_bias.weighted_sum(&[0.0, 1.0])?)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
