//! A convolution is two ops of the graph: what the windows see, as rows of a matrix, and a matrix product.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{GraphPicture, Matrix};
use limpid::graph::Sliding;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// Names of rows or columns.
fn counted(count: usize) -> Vec<String> {
    (0..count).map(|i| i.to_string()).collect()
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    // A picture of 4×4 numbers, over which a filter of 3×3 has four places.
    let b = Builder::new();
    let (x, w) = (b.input("x", (4, 4)), b.input("w", (3, 3)));
    let windows = x.unfold([(0, Sliding::new(3)), (1, Sliding::new(3))]).reshape((4, 9)).named("windows");
    let answers = windows.matmul(w.reshape((9, 1))).named("answers");
    let graph = b.finish([answers.sum_all().named("sum")])?;
    let picture = Tensor::new([4, 4], (0..16).map(f64::from).collect::<Vec<_>>())?;
    let filter = Tensor::from([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 2.0, 0.0]]);
    let trace = graph.trace(&[picture.clone(), filter])?;
    let [seen, answered] = [trace.value("windows")?, trace.value("answers")?];
    writeln!(page, "the picture\n{picture}\nwhat the window sees at its four places, a row for each\n{seen}")?;
    writeln!(page, "times the filter, as a column\n{answered}")?;
    let columns = counted(9);
    page.picture("picture", &Matrix::new(counted(4), counted(4), picture.to_f64())?.title("the picture"))?;
    let unfolded = Matrix::new(counted(4), columns, seen.to_f64())?.title("unfolded");
    page.picture("unfolded", &unfolded.labels("place", "position within the window"))?;
    page.graph("graph", GraphPicture::new(&trace.show()));

    // The same over a digit, with 30 filters: the layer's convolution, and the two ops written out.
    let digit = Tensor::new([1, 1, 28, 28], mnist(&Mnist::default())?.1.range(0, 1)?.inputs_as_f32())?;
    let filters = Initializer::Normal(0.2).draw(&[30, 1, 5, 5], 1, "filters");
    let b = Builder::new();
    let (x, w) = (b.input("x", (1, 1, 28, 28)), b.input("w", (30, 1, 5, 5)));
    let convolved = x.convolve(w, [Sliding::new(5); 2], 1);
    let windows = x.unfold([(2, Sliding::new(5)), (3, Sliding::new(5))]).reshape((576, 25));
    let written_out = windows.matmul(w.reshape((30, 25)).transpose()).transpose().reshape((1, 30, 24, 24));
    let largest = (convolved - written_out).abs().flatten(0).max(0);
    let graph = b.finish([largest])?;
    writeln!(page, "30 filters of 5×5 over a digit, by the layer's convolution and by unfold and product:")?;
    writeln!(page, "  largest difference: {}", graph.run(&[("x", &digit), ("w", &filters)])?[0])?;
    let (pixels, seen) = (digit.len(), windows.shape().as_known().unwrap_or_default().iter().product::<usize>());
    writeln!(
        page,
        "  {pixels} pixels become {seen} numbers in windows, {:.1} times as many",
        seen as f64 / pixels as f64
    )?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
