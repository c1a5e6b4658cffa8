//! A network of six weights: its loss, and the gradient of the loss with respect to each.

use std::fmt::Write;

use limpid::draw::Matrix;
use limpid::learn::numeric::{H, numerical_gradient};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// x (2,) through weights (2, 3): the loss, the scores and the class.
fn answers(w: &Tensor) -> Result<Vec<Tensor>, limpid::Error> {
    let b = Builder::new();
    let (x, weights, t) = (b.input("x", 2), b.parameter("w", (2, 3)), b.input("t", 3));
    let scores = x.matmul(weights);
    let graph = b.finish([scores.softmax(-1).cross_entropy(t, 1e-7), scores, scores.argmax(-1)])?;
    let (x, t) = (Tensor::from([0.6, 0.9]), Tensor::from([0.0, 0.0, 1.0]));
    Ok(graph.run(&[("x", &x), ("w", w), ("t", &t)])?)
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let w = Tensor::from([[-1.01151507, 0.29654086, 0.54875784], [-0.65483815, 1.71663151, 0.79564619]]);
    let found = answers(&w)?;
    writeln!(page, "first weights: scores {}, class {}", found[1], found[2].to_f64()[0])?;
    writeln!(page, "               loss {}", found[0])?;

    let w = Tensor::from([[-0.78391423, -0.0493546, 1.01982955], [-0.1693144, -0.82591994, -0.70009164]]);
    let loss = |w: &[f64]| {
        let w = Tensor::new([2, 3], w.to_vec());
        w.ok().and_then(|w| answers(&w).ok()).map_or(f64::NAN, |found| found[0].to_f64()[0])
    };
    let gradient = numerical_gradient(loss, &w, H)?;
    writeln!(page, "\nsecond weights: the gradient is\n{gradient}")?;

    let matrix = Matrix::new(["x0", "x1"], ["class 0", "class 1", "class 2"], gradient.to_f64())?;
    page.picture("gradient", &matrix.title("derivative of the loss by each weight"))?;
    let moved: Vec<f64> = w.to_f64().iter().zip(gradient.to_f64()).map(|(w, slope)| w - 0.1 * slope).collect();
    writeln!(page, "the loss was {}", loss(&w.to_f64()))?;
    writeln!(page, "and is {} after one step against the gradient", loss(&moved))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
