//! Five functions that come back in the book: step, sigmoid, ReLU, −log x, and softmax as bars.

use std::fmt::Write;

use limpid::draw::{Bars, Line, Plot};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// A function of the graph at each of some numbers.
fn of(x: &[f64], function: for<'b> fn(Var<'b>) -> Var<'b>) -> Result<Vec<f64>, limpid::Error> {
    let b = Builder::new();
    let graph = b.finish([function(b.input("x", x.len()))])?;
    Ok(graph.run(&[("x", &Tensor::from(x.to_vec()))])?[0].to_f64())
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let x: Vec<f64> = (-500..=500).map(|i| f64::from(i) / 100.0).collect();
    let (step, sigmoid) = (of(&x, |x| x.step())?, of(&x, |x| x.sigmoid())?);
    let line = |y: &[f64], name: &str| Line::new(x.clone(), y).label(name);
    let plot = |title: &str| Plot::new().title(title).labels("x", "y");
    page.picture("step", &plot("step").y_limits(-0.1, 1.1).add(line(&step, "")))?;
    page.picture("sigmoid", &plot("sigmoid").y_limits(-0.1, 1.1).add(line(&sigmoid, "")))?;
    let both = plot("step and sigmoid").y_limits(-0.1, 1.1);
    page.picture("both", &both.add(line(&sigmoid, "sigmoid")).add(line(&step, "step").dashed()))?;
    page.picture("relu", &plot("ReLU").zero_axes(true).add(line(&of(&x, |x| x.relu())?, "")))?;

    let p: Vec<f64> = (1..=1000).map(|i| f64::from(i) / 1000.0).collect();
    let cost = of(&p, |p| -p.ln())?;
    let log = Plot::new().title("−log x").labels("x", "−log x").y_limits(0.0, 5.0);
    page.picture("log", &log.add(Line::new(p, cost)))?;

    let scores = [-2.0, -1.0, 0.0, 1.0, 2.0];
    let shares = of(&scores, |x| x.softmax(-1))?;
    writeln!(page, "softmax of {scores:?} is {}", Tensor::from(shares.clone()))?;
    let bars = Bars::new(scores.map(|x| x.to_string()), shares).numbers();
    page.picture("softmax", &Plot::new().title("softmax").labels("score", "probability").add(bars))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
