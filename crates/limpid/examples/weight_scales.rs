//! A thousand samples through five layers of a hundred units: the outputs of each layer, by the scale of the weights.

use std::fmt::Write;

use limpid::draw::{Histogram, Panels, Plot};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let samples = Initializer::Normal(1.0).draw(&[1000, 100], 1, "samples");
    let root = |x: f64| x.sqrt();
    let scales = [
        ("sigmoid", "1", 1.0),
        ("sigmoid", "0.01", 0.01),
        ("sigmoid", "Xavier, 1/√n", 1.0 / root(100.0)),
        ("relu", "Xavier, 1/√n", 1.0 / root(100.0)),
        ("relu", "He, √(2/n)", root(2.0 / 100.0)),
    ];
    for (activation, name, scale) in scales {
        let mut panels = Panels::new(5).title(format!("{activation}, weights of scale {name}")).each(190.0, 190.0);
        write!(page, "{activation:<8} {name:<13} spread by layer:")?;
        let mut x = samples.clone();
        for layer in 1..=5 {
            let text = format!("100, affine 100 init=normal({scale}), {activation}");
            x = Model::in_precision(&text.parse()?, layer, Precision::F64)?.predict(&x)?;
            let values = x.to_f64();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let spread = root(values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64);
            write!(page, " {spread:.4}")?;
            let top = if activation == "relu" { 3.0 } else { 1.0 };
            let plot = Plot::new().title(format!("layer {layer}")).add(Histogram::between(&values, 30, 0.0, top)?);
            panels = panels.add(plot);
        }
        writeln!(page)?;
        let file = name.split(',').next().unwrap_or(name).to_lowercase();
        page.picture(&format!("{activation}-{file}"), &panels)?;
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
