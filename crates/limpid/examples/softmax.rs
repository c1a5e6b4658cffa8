//! Softmax: computed as the formula says, where that overflows, and how it is computed instead.

use std::fmt::Write;

use limpid::page::{Outcome, Page};
use limpid::prelude::*;

fn of(x: &Tensor, function: for<'b> fn(Var<'b>) -> Var<'b>) -> Result<Tensor, limpid::Error> {
    let b = Builder::new();
    let graph = b.finish([function(b.input("x", x.shape()))])?;
    Ok(graph.run(&[("x", x)])?.swap_remove(0))
}

/// As the formula says.
fn plain(x: Var<'_>) -> Var<'_> {
    x.exp() / x.exp().sum_all()
}

/// With the largest of each row subtracted first: no exp of a large number.
fn stable(x: Var<'_>) -> Var<'_> {
    x.softmax(-1)
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let x = Tensor::from([0.3, 2.9, 4.0, 0.0]);
    writeln!(page, "exp of {x}\n    is {}", of(&x, |x| x.exp())?)?;
    writeln!(page, "its sum is {}", of(&x, |x| x.exp().sum_all())?)?;
    writeln!(page, "softmax is {}", of(&x, plain)?)?;

    let large = Tensor::from([1010.0, 1000.0, 990.0]);
    writeln!(page, "\nof {large}\n    plain  {}\n    stable {}", of(&large, plain)?, of(&large, stable)?)?;

    let three = Tensor::from([0.3, 2.9, 4.0]);
    let shares = of(&three, stable)?;
    writeln!(page, "\nof {three} {shares}, which sum to {:?}", shares.to_f64().iter().sum::<f64>())?;

    // In a batch each row is a sample, with a softmax of its own.
    let batch = Tensor::from([[0.3, 2.9, 4.0], [1010.0, 1000.0, 990.0]]);
    writeln!(page, "\nof a batch, per row\n{}", of(&batch, stable)?)?;
    let whole = of(&batch, |x| (x - x.max_keep([0, 1])).exp() / (x - x.max_keep([0, 1])).exp().sum_all())?;
    writeln!(page, "over the whole batch, which is wrong\n{whole}")?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
