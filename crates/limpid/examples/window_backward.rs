//! Backward through a window: the filter's derivative is a sum over all places, the picture's a window that walks back.

use std::fmt::Write;

use limpid::draw::Matrix;
use limpid::learn::{SingleLayer, numeric};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// The largest difference of two tensors' numbers.
fn apart(a: &Tensor, b: &Tensor) -> f64 {
    a.to_f64().iter().zip(b.to_f64()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The last two axes of a tensor as rows and columns.
fn matrix(t: &Tensor) -> Result<Matrix, limpid::draw::Error> {
    let names = |axis: usize| (0..t.shape()[axis]).map(|i| i.to_string());
    Ok(Matrix::new(names(2), names(3), t.to_f64())?.signed())
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let picture = Tensor::new([1, 1, 5, 5], (0..25).map(|i| f64::from(i * i % 7)).collect::<Vec<_>>())?;
    let filter = Tensor::from([0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0]).reshaped([1, 1, 3, 3])?;
    let upstream = Tensor::from([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0]).reshaped([1, 1, 3, 3])?;
    let mut layer = SingleLayer::layer(Conv2d::new(1, [3, 3]).without_bias(), 1);
    layer.set("w", filter.clone())?;
    layer.forward(&picture)?;
    let back = layer.backward(&upstream)?;
    let (of_picture, of_filter) = (&back.inputs[0], &back.parameters[0].1);

    // By hand: each place adds what the window saw there, times what arrives there.
    let (x, up) = (picture.to_f64(), upstream.to_f64());
    let seen = |place: usize, i: usize| x[(place / 3 + i / 3) * 5 + place % 3 + i % 3];
    let sum = |i: usize| (0..9).map(|place| up[place] * seen(place, i)).sum();
    let by_hand = Tensor::new([1, 1, 3, 3], (0..9).map(sum).collect::<Vec<f64>>())?;
    writeln!(page, "derivative by the filter\n{}", of_filter.clone().reshaped([3, 3])?)?;
    writeln!(page, "  from the sum over all places: {}", apart(of_filter, &by_hand))?;
    // The transposed convolution puts the filter, times what arrives, at each place, and adds.
    let mut transposed = SingleLayer::layer(ConvTranspose2d::new(1, [3, 3]).without_bias(), 1);
    transposed.set("w", filter.clone())?;
    writeln!(page, "derivative by the picture\n{}", of_picture.clone().reshaped([5, 5])?)?;
    writeln!(page, "  from the transposed convolution: {}", apart(of_picture, &transposed.forward(&upstream)?))?;
    let mut loss = |x: &[f64]| {
        let answers = layer.forward(&Tensor::new([1, 1, 5, 5], x.to_vec()).unwrap_or_else(|_| picture.clone()));
        answers.map_or(f64::NAN, |answers| answers.to_f64().iter().zip(&up).map(|(answer, up)| answer * up).sum())
    };
    let numerical = numeric::numerical_gradient(&mut loss, &picture, numeric::H)?;
    writeln!(page, "  from the numerical gradient, less than 1e-8: {}", apart(of_picture, &numerical) < 1e-8)?;
    page.picture("arriving", &matrix(&upstream)?.title("what arrives at the nine places"))?;
    page.picture("picture", &matrix(of_picture)?.title("what the picture gets"))?;
    // Ones everywhere count at how many places a pixel is seen.
    let ones = Tensor::new([1, 1, 3, 3], vec![1.0; 9])?;
    transposed.set("w", ones.clone())?;
    let counts = transposed.forward(&ones)?;
    Ok(page.picture("counts", &matrix(&counts)?.title("at how many places each pixel is seen"))?)
}

fn main() -> Outcome {
    Page::show(stop)
}
