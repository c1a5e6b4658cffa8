//! A convolution is an affine layer whose weights are nearly all 0, and whose others are the same few again and again.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Raster};
use limpid::graph::{Error, Sliding};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// What the filter for upper edges answers over pictures `(n, 1, side, side)`.
fn filtered(pictures: &Tensor) -> Result<Tensor, Error> {
    let (b, side) = (Builder::new(), pictures.shape()[3]);
    let filter = b.constant_tensor(Tensor::from([[-1.0, -1.0, -1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]));
    let (x, filter) = (b.input("x", ("n", 1, side, side)), filter.reshape((1, 1, 3, 3)));
    Ok(b.finish([x.convolve(filter, [Sliding::new(3); 2], 1)])?.run(&[("x", pictures)])?.swap_remove(0))
}

fn moved(picture: &Tensor, by: usize) -> Result<Tensor, Error> {
    let (b, shape) = (Builder::new(), picture.shape());
    let moved = b.input("x", shape).slice(3, 0..shape[3] - by).pad(3, by, 0);
    Ok(b.finish([moved])?.run(&[("x", picture)])?.swap_remove(0))
}

fn apart(a: &Tensor, b: &Tensor) -> f64 {
    a.to_f64().iter().zip(b.to_f64()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// What the filter answers where one pixel alone is 1, for each pixel: the weights of an affine layer, a row for each.
fn as_weights(side: usize) -> Result<Tensor, Box<dyn std::error::Error + Send + Sync>> {
    let all = side * side;
    let pixel = |at: usize| if at / all == at % all { 1.0 } else { 0.0 };
    Ok(filtered(&Tensor::new([all, 1, side, side], (0..all * all).map(pixel).collect::<Vec<f64>>())?)?)
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let digit = Tensor::new([1, 1, 28, 28], mnist(&Mnist::default())?.1.range(0, 1)?.inputs_as_f32())?;
    let answers = filtered(&digit)?;
    let (first, last) = (filtered(&moved(&digit, 4)?)?, moved(&answers, 4)?);
    writeln!(page, "moved by 4 and filtered, or filtered and moved by 4: largest difference {}", apart(&first, &last))?;
    let mut pictures = Images::new(3).title("upper edges");
    for (name, of) in [("of the digit", &answers), ("of it, moved", &first), ("answers, moved", &last)] {
        pictures = pictures.add(Raster::mapped(26, 26, &of.to_f64(), ColourMap::Diverging, [-3.0, 3.0])?, name);
    }
    page.picture("moved", &pictures)?;
    let (b, weights) = (Builder::new(), as_weights(28)?.reshaped([784, 676])?);
    let affine = b.finish([b.input("x", (1, 784)).matmul(b.constant_tensor(weights.clone()))])?;
    let is_same = apart(&affine.run(&[("x", &digit.reshaped([1, 784])?)])?[0], &answers) < 1e-12;
    let (count, zeros) = (weights.len(), weights.to_f64().iter().filter(|weight| **weight == 0.0).count());
    writeln!(page, "as an affine layer: {count} weights, {zeros} of them 0; the same answers: {is_same}")?;
    let small = as_weights(6)?.to_f64();
    let by_answer: Vec<f64> = (0..16 * 36).map(|at| small[at % 36 * 16 + at / 36]).collect();
    let small = Raster::mapped(36, 16, &by_answer, ColourMap::Diverging, [-1.0, 1.0])?;
    let picture = Images::new(1).title("the filter as the weights of an affine layer");
    Ok(page.picture("weights", &picture.add(small, "a row for each of 4×4 answers, a column for each of 6×6 pixels"))?)
}

fn main() -> Outcome {
    Page::show(stop)
}
