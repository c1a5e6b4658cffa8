//! Batch norm makes a network learn from weights of nearly any scale.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{Line, Plot};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let train = train.range(0, 5000)?;
    let exponents: Vec<f64> = (0..9).map(|i| -3.0 + 0.5 * f64::from(i)).collect();
    let mut plot =
        Plot::new().title("after four epochs").labels("scale of the weights: 10 to the power of", "accuracy");
    for (name, norm) in [("without batch norm", ""), ("with batch norm", "batch-norm, ")] {
        let mut accuracies = Vec::new();
        write!(page, "{name:<18}")?;
        for exponent in &exponents {
            let scale = 10f64.powf(*exponent);
            let hidden = format!("affine 50 init=normal({scale}), {norm}relu, ").repeat(4);
            let mut model = Model::new(&format!("784, {hidden}affine 10").parse()?, 1)?;
            let fit = FitOptions { epochs: 4, learning_rate: Some(0.05), seed: 0, ..FitOptions::default() };
            let accuracy = match model.fit(&train, &fit) {
                Ok(_) => model.evaluate(&test)?.accuracy.unwrap_or(0.0),
                Err(limpid::learn::Error::Diverged { .. }) => 0.0,
                Err(other) => return Err(other.into()),
            };
            write!(page, " {accuracy:.3}")?;
            accuracies.push(accuracy);
        }
        writeln!(page)?;
        plot = plot.add(Line::new(exponents.clone(), accuracies).label(name).marked());
    }
    Ok(page.picture("scales", &plot.y_limits(0.0, 1.0))?)
}

fn main() -> Outcome {
    Page::show(stop)
}
