//! Partial derivatives, and all of them together: the gradient, of arrays of any shape.

use std::fmt::Write;

use limpid::learn::numeric::{H, central_difference, numerical_gradient};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

fn bowl(x: &[f64]) -> f64 {
    x[0] * x[0] + x[1] * x[1]
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    // Along one number, with the other held still.
    writeln!(page, "along x0 at (3, 4): {}", central_difference(|x0| bowl(&[x0, 4.0]), 3.0, H)?)?;
    writeln!(page, "along x1 at (3, 4): {}", central_difference(|x1| bowl(&[3.0, x1]), 4.0, H)?)?;

    for at in [[3.0, 4.0], [0.0, 2.0], [3.0, 0.0]] {
        writeln!(page, "the gradient at {at:?}: {}", numerical_gradient(bowl, &Tensor::from(at), H)?)?;
    }

    let cube = Tensor::new([2, 2, 2], (0..8).map(f64::from).collect())?;
    let squares = |x: &[f64]| x.iter().map(|x| x * x).sum();
    writeln!(page, "\nof the sum of squares over an array of shape [2, 2, 2]:")?;
    writeln!(page, "{}", numerical_gradient(squares, &cube, H)?)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
