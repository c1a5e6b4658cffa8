//! Random search: the learning rate and the weight decay of a network, drawn by chance and compared on digits held out.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{Panels, Plot, Points};
use limpid::graph::Stream;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    // The test digits are not looked at while settings are chosen.
    let (learned, held_out) = train.range(0, 2000)?.split(0.5, 1)?;
    let network: Network = "784, affine 50, relu, affine 50, relu, affine 10".parse()?;
    let fit = |learning_rate, weight_decay| FitOptions {
        epochs: 20,
        learning_rate: Some(learning_rate),
        weight_decay,
        seed: 0,
        ..FitOptions::default()
    };
    // Powers of ten between two, each as likely as any other.
    let draws = Stream::new(1, "settings");
    let mut runs = Vec::new();
    for run in 0..40 {
        let power = |which, low: f64, high: f64| 10f64.powf(low + (high - low) * draws.uniform(which, run));
        let (rate, decay) = (power(0, -3.5, 0.5), power(1, -6.0, 0.0));
        let mut model = Model::new(&network, 1)?;
        let accuracy = match model.fit(&learned, &fit(rate, decay)) {
            Ok(_) => model.evaluate(&held_out)?.accuracy.unwrap_or(0.0),
            Err(limpid::learn::Error::Diverged { .. }) => 0.0,
            Err(other) => return Err(other.into()),
        };
        runs.push((accuracy, rate, decay));
    }
    runs.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (accuracy, rate, decay) in runs[..5].iter().chain(runs.last()) {
        writeln!(page, "{accuracy:.3} on the digits held out: learning rate {rate:.1e}, weight decay {decay:.1e}")?;
    }
    let (_, rate, decay) = runs[0];
    let mut model = Model::new(&network, 1)?;
    model.fit(&train.range(0, 2000)?, &fit(rate, decay))?;
    let accuracy = model.evaluate(&test)?.accuracy.unwrap_or(0.0);
    writeln!(page, "{accuracy:.3} on 10,000 test digits: the first of these, learned anew from all 2,000")?;
    let mut panels = Panels::new(2).title("40 trainings with settings by chance").each(300.0, 240.0);
    let (rates, decays): (Vec<f64>, Vec<f64>) = runs.iter().map(|run| (run.1.log10(), run.2.log10())).unzip();
    for (name, settings) in [("learning rate", rates), ("weight decay", decays)] {
        let points = Points::new(settings, runs.iter().map(|run| run.0).collect::<Vec<_>>());
        let plot = Plot::new().title(name).labels("10 to the power of", "accuracy").y_limits(0.0, 1.0);
        panels = panels.add(plot.add(points));
    }
    Ok(page.picture("settings", &panels)?)
}

fn main() -> Outcome {
    Page::show(stop)
}
