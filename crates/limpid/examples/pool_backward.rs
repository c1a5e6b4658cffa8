//! Backward through a pool: the derivative goes to the largest number of each window, and equals share it.

use std::fmt::Write;

use limpid::draw::{Matrix, Panels};
use limpid::learn::SingleLayer;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    // The last window of 2×2 has two equal numbers that are the largest.
    let picture =
        Tensor::from([[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 1.0], [6.0, 0.0, 7.0, 2.0], [2.0, 1.0, 7.0, 3.0]]);
    let upstream = Tensor::from([[1.0, 10.0], [100.0, 1000.0]]);
    let names = |count: usize| (0..count).map(|i| i.to_string());
    let mut panels = Panels::new(3).title("what each pixel gets, where 1, 10, 100 and 1000 arrive").each(230.0, 200.0);
    panels = panels.add(Matrix::new(names(4), names(4), picture.to_f64())?.title("the picture"));
    let pools = [
        ("max-pool", SingleLayer::layer(MaxPool::new([2, 2]), 1)),
        ("average-pool", SingleLayer::layer(AveragePool::new([2, 2]), 1)),
    ];
    for (name, mut pool) in pools {
        let answers = pool.forward(&picture.clone().reshaped([1, 1, 4, 4])?)?;
        let back = pool.backward(&upstream.clone().reshaped([1, 1, 2, 2])?)?.inputs.swap_remove(0);
        writeln!(page, "{name}\n{}\nbackward\n{}", answers.reshaped([2, 2])?, back.clone().reshaped([4, 4])?)?;
        panels = panels.add(Matrix::new(names(4), names(4), back.to_f64())?.title(name));
    }
    Ok(page.picture("backward", &panels)?)
}

fn main() -> Outcome {
    Page::show(stop)
}
