//! Ten steps of learning with numerical gradients: each of 39,760 parameters is moved up and down in every step.

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
    let fit = FitOptions { epochs: 1, sampling: Sampling::WithReplacement, seed: 7, ..FitOptions::default() };

    let mut by_rule = Model::in_precision(&network, 1, Precision::F64)?;
    let rule = by_rule.fit(&train, &fit)?.losses;

    let mut by_trying = Model::in_precision(&network, 1, Precision::F64)?;
    let mut batches = Batches::new(fit.sampling, train.len(), fit.batch_size, fit.seed)?;
    let (mut tried, mut fixed) = (Vec::new(), Vec::new());
    writeln!(page, "step  numerical gradient  back-propagation  the 1,000 samples, after the step")?;
    for (step, rule) in rule.iter().enumerate() {
        let began = Instant::now();
        let batch = train.select(&batches.rows(step))?;
        let loss = by_trying.descend_numerically(&batch, fit.rate(), numeric::H)?;
        // The last digits differ from processor to processor.
        let all = by_trying.evaluate(&train)?.loss;
        writeln!(page, "{:>4}  {loss:.10}        {rule:.10}      {all:.6}", step + 1)?;
        page.aside(&format!("      {:.2} s for 79,520 losses", began.elapsed().as_secs_f64()));
        tried.push(loss);
        fixed.push(all);
    }
    let apart = tried.iter().zip(&rule).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    writeln!(page, "never further apart than 1e-8: {}", apart < 1e-8)?;
    let line =
        |losses: Vec<f64>, name: &str| Line::new((1..=10).map(f64::from).collect::<Vec<_>>(), losses).label(name);
    let plot = Plot::new().title("ten steps with numerical gradients").labels("step", "loss");
    let plot = plot.add(line(tried, "of the step's batch").marked()).add(line(rule, "by back-propagation").dashed());
    page.picture("both", &plot.add(line(fixed, "of the 1,000 samples").marked()))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
