//! How large the answer of a window is: by its size, padding, stride and dilation.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Raster};
use limpid::graph::Sliding;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let digit = mnist(&Mnist::default())?.1.range(0, 1)?;
    let image = Tensor::new([1, 1, 28, 28], digit.inputs_as_f32())?;
    let edges = Tensor::from([-1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]).reshaped([1, 1, 3, 3])?;
    let mut pictures = Images::new(3).title("the filter for upper edges, with other settings");
    writeln!(page, "size  padding  stride  dilation   answers for 28×28 pixels   left over")?;
    for (size, padding, stride, dilation) in
        [(3, 0, 1, 1), (3, 1, 1, 1), (3, 1, 2, 1), (3, 0, 1, 2), (3, 2, 1, 2), (3, 0, 3, 1), (5, 0, 1, 1), (2, 0, 2, 1)]
    {
        let window = Sliding::new(size).pad(padding, padding).stride(stride).dilation(dilation);
        let b = Builder::new();
        let (x, w) = (b.input("x", (1, 1, 28, 28)), b.input("w", (1, 1, size, size)));
        let y = x.convolve(w, [window; 2], 1);
        let known = y.shape().as_known().unwrap_or_default();
        let by_formula = (28 + 2 * padding - (dilation * (size - 1) + 1)) / stride + 1;
        let (answers, rest) = (format!("{}×{}", known[2], known[3]), window.left_over(28));
        writeln!(
            page,
            "{size:>4}  {padding:>7}  {stride:>6}  {dilation:>8}   {answers:>5}, the formula: {by_formula:<2}  {rest:>12}"
        )?;
        if size == 3 {
            let answer = b.finish([y])?.run(&[("x", &image), ("w", &edges)])?[0].to_f64();
            let raster = Raster::mapped(known[3], known[2], &answer, ColourMap::Diverging, [-3.0, 3.0])?;
            pictures =
                pictures.add(raster, format!("padding {padding}, stride {stride}, dilation {dilation}: {answers}"));
        }
    }
    Ok(page.picture("sizes", &pictures)?)
}

fn main() -> Outcome {
    Page::show(stop)
}
