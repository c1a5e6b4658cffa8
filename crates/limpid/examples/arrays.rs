//! Arrays with the crate `ndarray`: making them, computing with them, choosing from them; and copies in a limpid tensor.

use std::fmt::Write;

use limpid::page::{Outcome, Page};
use limpid::prelude::*;
use ndarray::{Array, Axis, array};

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let a = array![[1_i64, 2], [3, 4]];
    writeln!(page, "{a} has shape {:?}, its numbers are {}", a.dim(), std::any::type_name_of_val(&a[[0, 0]]))?;
    let cube = Array::<f64, _>::zeros((2, 3, 4));
    writeln!(page, "{} numbers along {} axes", cube.len(), cube.ndim())?;

    let (x, y) = (array![1.0, 2.0, 3.0], array![4.0, 5.0, 6.0]);
    writeln!(page, "\n{x} and {y}")?;
    writeln!(page, "+ {}   − {}   × {}   ÷ {}", &x + &y, &x - &y, &x * &y, &x / &y)?;

    let b = array![[3_i64, 0], [0, 6]];
    writeln!(page, "\nelement by element:\n{}", &a * &b)?;
    writeln!(page, "the matrix product:\n{}", a.dot(&b))?;
    writeln!(page, "\ntimes 10:\n{}", &a * 10)?;
    writeln!(page, "times the row [10, 20]:\n{}", &a * &array![10, 20])?;

    let picture = array![[51, 55], [14, 19], [0, 4]];
    let flat = picture.flatten();
    writeln!(page, "\nflat: {flat}; its row 1: {}", picture.row(1))?;
    writeln!(page, "at 0, 2 and 4: {}", flat.select(Axis(0), &[0, 2, 4]))?;
    let above = flat.iter().filter(|&&number| number > 15).copied();
    writeln!(page, "those above 15: {}", Array::from_iter(above))?;

    // limpid's own type is the tensor. The numbers are copied into one, and back into an array.
    let tensor = Tensor::new(cube.shape(), cube.iter().copied().collect())?;
    let back = Array::from_shape_vec(tensor.shape(), tensor.to_f64())?;
    writeln!(
        page,
        "\ncopied into a tensor of shape {:?}, and back into an array of shape {:?}",
        tensor.shape(),
        back.shape()
    )?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
