//! The same network learns by nothing but trying: every one of 39,760 parameters moved to and fro, ten times.

use std::fmt::Write;
use std::time::Instant;

use limpid::datasets::mnist;
use limpid::draw::{Line, Plot};
use limpid::learn::{Batches, numeric};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let train = mnist(&Mnist::default())?.0.range(0, 1000)?;
    let network: Network = "784, affine 50 init=normal(0.01), sigmoid, affine 10 init=normal(0.01)".parse()?;
    let fit = Fit { epochs: 1, sampling: Sampling::WithReplacement, seed: 7, ..Fit::default() };

    let mut by_rule = Model::in_precision(&network, 1, Precision::F64)?;
    let rule = by_rule.fit(&train, &fit)?.losses;

    let mut by_trying = Model::in_precision(&network, 1, Precision::F64)?;
    let mut batches = Batches::new(fit.sampling, train.len(), fit.batch_size, fit.seed)?;
    let mut tried = Vec::new();
    writeln!(page, "step  loss by trying     loss by back-propagation")?;
    for (step, rule) in rule.iter().enumerate() {
        let began = Instant::now();
        let batch = train.select(&batches.rows(step))?;
        let loss = by_trying.descend_numerically(&batch, fit.learning_rate, numeric::H)?;
        // The last digits differ from processor to processor.
        writeln!(page, "{:>4}  {loss:.10}       {rule:.10}", step + 1)?;
        page.aside(&format!("      {:.2} s for 79,520 losses", began.elapsed().as_secs_f64()));
        tried.push(loss);
    }
    let apart = tried.iter().zip(&rule).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    writeln!(page, "never further apart than 1e-8: {}", apart < 1e-8)?;
    let plot = Plot::new().title("ten steps by trying, and by rule").labels("step", "loss");
    let plot = plot.add(Line::counted(tried).label("numerical gradient").marked());
    page.picture("both", &plot.add(Line::counted(rule).label("back-propagation").dashed()))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
