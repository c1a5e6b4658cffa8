//! A network and an order of digits as NumPy's `RandomState(42)` draws them, and its running accuracy.

#[path = "../../learn/tests/support/numpy_random.rs"]
mod numpy_random;

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;
use numpy_random::RandomState;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let network: Network = "784, affine 50, sigmoid, affine 50, sigmoid, affine 10".parse()?;
    let mut model = Model::in_precision(&network, 0, Precision::F64)?;
    let mut random = RandomState::new(42);
    let mut parameters = model.parameters()?;
    for (name, value) in &mut parameters {
        // In the order W1, W2, W3; biases are zeros and draw nothing.
        let drawn = name.ends_with("/w");
        let numbers: Vec<f64> = (0..value.len()).map(|_| if drawn { random.randn() * 0.01 } else { 0.0 }).collect();
        *value = Tensor::new(value.shape(), numbers)?;
    }
    model.set_parameters(&parameters)?;

    let (train, test) = mnist(&Mnist { normalize: false, ..Mnist::default() })?;
    let order: Vec<usize> = RandomState::new(42).permutation(70_000).into_iter().map(|row| row as usize).collect();
    let chosen = train.followed_by(&test)?.select(&order[..14_000])?;
    let images: Vec<f64> = chosen.inputs().to_f64().into_iter().map(|pixel| pixel / 255.0).collect();
    let (images, labels) = (Tensor::new([14_000, 784], images)?, chosen.targets().to_f64());

    writeln!(page, "accuracy so far, after each of the first 21 batches:")?;
    let mut right = 0;
    for (batch, start) in (0..14_000).step_by(100).enumerate() {
        let scores = model.predict(&images.rows(start, start + 100))?.to_f64();
        for (row, label) in scores.chunks(10).zip(&labels[start..]) {
            let answer = (0..10).fold(0, |best, class| if row[class] > row[best] { class } else { best });
            right += usize::from(answer as f64 == *label);
        }
        let accuracy = f64::from(u32::try_from(right)?) / (start + 100) as f64;
        match batch {
            0..21 => write!(page, "{accuracy:.4}{}", if batch % 7 == 6 { "\n" } else { " " })?,
            139 => writeln!(page, "\nafter batch 140: {accuracy:.8}, {right} of 14,000 right")?,
            _ => {}
        }
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
