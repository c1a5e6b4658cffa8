//! Step, sigmoid, ReLU and identity, on a number, a row and a cube.

use std::fmt::Write;

use limpid::page::{Outcome, Page};
use limpid::prelude::*;

type Function = for<'b> fn(Var<'b>) -> Var<'b>;

fn of(x: &Tensor, function: Function) -> Result<Tensor, limpid::Error> {
    let b = Builder::new();
    let graph = b.finish([function(b.input("x", x.shape()))])?;
    Ok(graph.run(&[("x", x)])?.swap_remove(0))
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let functions: [(&str, Function); 4] =
        [("step", |x| x.step()), ("sigmoid", |x| x.sigmoid()), ("relu", |x| x.relu()), ("identity", |x| x.identity())];
    let row = Tensor::from([-1.0, 1.0, 2.0]);
    let cube = Tensor::new([2, 1, 2], vec![-1.0, 1.0, 2.0, -0.5])?;
    for (name, function) in functions {
        writeln!(page, "{name} of {row} is {}", of(&row, function)?)?;
        writeln!(
            page,
            "  at 0 it is {}; an array of shape {:?} gives one of shape {:?}",
            of(&Tensor::scalar(0.0), function)?,
            cube.shape(),
            of(&cube, function)?.shape()
        )?;
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
