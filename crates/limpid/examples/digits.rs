//! 70,000 handwritten digits, in each form that the loader gives.

use std::fmt::Write;

use limpid::datasets::{mnist, mnist_split};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    writeln!(page, "flat: {:?} for training, {:?} for testing", train.shape(), test.shape())?;
    let (images, _) = mnist(&Mnist { flatten: false, ..Mnist::default() })?;
    writeln!(page, "as images: {:?}", images.shape())?;
    let (one_hot, _) = mnist(&Mnist { one_hot_label: true, ..Mnist::default() })?;
    writeln!(page, "labels: {} …", train.targets().rows(0, 5))?;
    writeln!(page, "one-hot: {:?}\n{}", one_hot.targets().shape(), one_hot.targets().rows(0, 2))?;

    let largest = |data: &Dataset| data.inputs_as_f32().into_iter().fold(0.0, f32::max);
    let (raw, _) = mnist(&Mnist { normalize: false, ..Mnist::default() })?;
    writeln!(page, "brightest pixel: {} raw, {} normalised", largest(&raw), largest(&train))?;

    // All of them, shuffled by a seed and split again.
    let (most, rest) = mnist_split(&Mnist::default(), 1)?;
    writeln!(page, "all 70,000, split by a seed: {:?} and {:?}", most.shape(), rest.shape())?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
