//! Layers one at a time, forward and backward, with any derivative from above.

use std::fmt::Write;

use limpid::learn::SingleLayer;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    // The shop once more, with a layer for each operation.
    let (mut apples, mut taxed, mut both) = (SingleLayer::multiply(), SingleLayer::multiply(), SingleLayer::add());
    let cost = apples.forward(&[Tensor::scalar(100.0), Tensor::scalar(2.0)])?;
    let subtotal = both.forward(&[cost, Tensor::scalar(450.0)])?;
    writeln!(page, "multiply, add, multiply: {}", taxed.forward(&[subtotal, Tensor::scalar(1.1)])?)?;
    let back = taxed.backward(&Tensor::scalar(1.0))?.inputs;
    let back = both.backward(&back[0])?.inputs;
    let back = apples.backward(&back[0])?.inputs;
    writeln!(page, "and back to the apples: {} and {}", back[0], back[1])?;

    let x = Tensor::from([[1.0, -0.5], [-2.0, 3.0]]);
    let upstream = Tensor::from([[5.0, 6.0], [7.0, 8.0]]);
    for (name, mut layer) in [("relu", SingleLayer::layer(Relu, 0)), ("sigmoid", SingleLayer::layer(Sigmoid, 0))] {
        writeln!(page, "\n{name} forward\n{}", layer.forward(&x)?)?;
        writeln!(page, "backward\n{}", layer.backward(&upstream)?.inputs[0])?;
    }
    writeln!(page, "the derivative that was given to both is unchanged:\n{upstream}")?;

    let mut affine = SingleLayer::layer(Affine::new(2, 3), 1);
    affine.set("w", Tensor::from([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]))?;
    affine.set("b", Tensor::from([10.0, 20.0, 30.0]))?;
    let x = Tensor::from([[1.0, 2.0], [0.5, -1.0]]);
    writeln!(page, "\naffine forward\n{}", affine.forward(&x)?)?;
    let back = affine.backward(&Tensor::from([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]]))?;
    writeln!(page, "dx\n{}", back.inputs[0])?;
    for (name, derivative) in back.parameters {
        writeln!(page, "d{name}\n{derivative}")?;
    }

    let scores = Tensor::from([[0.3, 2.9, 4.0], [1.0, 0.0, -1.0]]);
    let mut joint = SingleLayer::softmax_with_loss();
    for targets in [Tensor::from([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]), Tensor::from([2u8, 0])] {
        writeln!(
            page,
            "\nsoftmax with cross-entropy, targets of shape {:?}: loss {}\nbackward",
            targets.shape(),
            joint.forward(&[&scores, &targets])?
        )?;
        writeln!(page, "{}", joint.backward(&Tensor::scalar(1.0))?.inputs[0])?;
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
