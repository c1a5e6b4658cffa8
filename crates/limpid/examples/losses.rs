//! Two losses of two answers: one right, one wrong.

use std::fmt::Write;

use limpid::draw::{Line, Plot, Points};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

type Function = for<'b> fn(Var<'b>, Var<'b>) -> Var<'b>;

fn of(loss: Function, y: &Tensor, t: &Tensor) -> Result<f64, limpid::Error> {
    let b = Builder::new();
    let graph = b.finish([loss(b.input("y", y.shape()), b.input("t", t.shape()))])?;
    Ok(graph.run(&[("y", y), ("t", t)])?[0].to_f64()[0])
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    // The digit is a 2. One answer gives most of its probability to 2, the other to 7.
    let t = Tensor::from([0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let right = Tensor::from([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0]);
    let wrong = Tensor::from([0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0]);
    let squares: Function = |y, t| y.half_sum_of_squares(t);
    let entropy: Function = |y, t| y.cross_entropy(t, 1e-7);
    for (name, y) in [("the right answer", &right), ("the wrong answer", &wrong)] {
        writeln!(page, "{name}: half the sum of squares {}", of(squares, y, &t)?)?;
        writeln!(page, "                  cross-entropy           {}", of(entropy, y, &t)?)?;
    }
    let never = of(entropy, &Tensor::from([0.0, 1.0]), &Tensor::from([1.0, 0.0]))?;
    writeln!(page, "probability 0 for the true class: cross-entropy {never:.6}, not infinity, because of δ")?;

    let curve = Line::of(0.001, 1.0, 400, |y| -(y + 1e-7).ln()).label("−log(y + δ)");
    let both = Points::new([0.6, 0.1], [of(entropy, &right, &t)?, of(entropy, &wrong, &t)?]).label("the two answers");
    let plot = Plot::new().title("the loss by the probability y of the true class").labels("y", "cross-entropy");
    page.picture("cross-entropy", &plot.y_limits(0.0, 5.0).add(curve).add(both))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
