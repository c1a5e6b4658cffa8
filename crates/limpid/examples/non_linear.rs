//! Two linear layers are one linear layer; with ReLU between them they can do more.

use std::fmt::Write;

use limpid::draw::{Line, Plot};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (w1, w2) = (Tensor::from([[1.0, -2.0, 0.5]]), Tensor::from([[2.0], [1.0], [-3.0]]));
    let (b1, b2) = (Tensor::from([0.5, 1.0, -0.25]), Tensor::from([0.75]));
    let stack = |activation: &str| -> Result<Model, limpid::Error> {
        let network: Network = format!("1, affine 3, {activation}, affine 1").parse()?;
        let mut model = Model::in_precision(&network, 0, Precision::F64)?;
        let parameters = [("0/w", &w1), ("0/b", &b1), ("2/w", &w2), ("2/b", &b2)];
        model.set_parameters(&parameters.map(|(name, value)| (name.to_string(), value.clone())))?;
        Ok(model)
    };

    // W = W1·W2 and b = b1·W2 + b2, as one layer.
    let b = Builder::new();
    let (v1, v2) = (b.constant_tensor(w1.clone()), b.constant_tensor(w2.clone()));
    let (c1, c2) = (b.constant_tensor(b1.clone()), b.constant_tensor(b2.clone()));
    let product = b.finish([v1.matmul(v2), c1.matmul(v2) + c2])?.run(&[])?;
    writeln!(page, "W1·W2 = {} and b1·W2 + b2 = {}", product[0], product[1])?;
    let (slope, bias) = (product[0].to_f64()[0], product[1].to_f64()[0]);

    let (mut linear, mut bent) = (stack("identity")?, stack("relu")?);
    for x in [-1.0, 0.0, 1.0] {
        let at = |model: &mut Model| model.predict(&Tensor::from([x])).map(|y| y.to_f64()[0]);
        let (two, one, relu) = (at(&mut linear)?, slope * x + bias, at(&mut bent)?);
        writeln!(page, "at {x:>2}: two layers {two}, one layer {one}, with ReLU between {relu}")?;
    }
    let curve = |model: &mut Model| {
        Line::of(-3.0, 3.0, 121, |x| model.predict(&Tensor::from([x])).map_or(f64::NAN, |y| y.to_f64()[0]))
    };
    let plot = Plot::new().title("two layers, without and with ReLU between").labels("x", "y");
    let plot = plot.add(curve(&mut linear).label("linear").dashed()).add(curve(&mut bent).label("with ReLU"));
    page.picture("bend", &plot)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
