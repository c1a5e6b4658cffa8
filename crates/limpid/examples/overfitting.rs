//! A network learns 300 digits by heart and reads others badly; with more data it has to learn what digits look like.

use std::fmt::Write;
use std::ops::ControlFlow;

use limpid::datasets::mnist;
use limpid::draw::{Line, Plot};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

const STEPS: usize = 2000;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let some = test.range(0, 1000)?;
    let network: Network = "784, affine 100, relu, affine 100, relu, affine 10".parse()?;
    let (mut counts, mut on_known, mut on_others) = (Vec::new(), Vec::new(), Vec::new());
    for samples in [300, 1000, 3000, 10_000, 60_000] {
        let known = train.range(0, samples)?;
        let mut model = Model::new(&network, 1)?;
        // As many steps for all.
        let epochs = (STEPS * 30).div_ceil(samples);
        let fit = FitOptions { epochs, batch_size: 30, seed: 0, ..FitOptions::default() };
        if samples == 300 {
            let history = model.fit_watched(&known, Some(&some), &fit, |_| ControlFlow::Continue(()))?;
            let of = |number: fn(&limpid::learn::Epoch) -> Option<f64>| -> Vec<f64> {
                history.epochs.iter().map(|epoch| number(epoch).unwrap_or(f64::NAN)).collect()
            };
            let plot = Plot::new().title("learning 300 digits").labels("epoch", "accuracy").y_limits(0.0, 1.0);
            let plot = plot.add(Line::counted(of(|epoch| epoch.train_accuracy)).label("the 300 digits"));
            let others = Line::counted(of(|epoch| epoch.test_accuracy)).label("1,000 others");
            page.picture("accuracy", &plot.add(others.dashed()))?;
            let plot = Plot::new().title("loss").labels("epoch", "loss");
            let plot = plot.add(Line::counted(of(|epoch| Some(epoch.train_loss))).label("the 300 digits"));
            page.picture("loss", &plot.add(Line::counted(of(|e| e.test_loss)).label("1,000 others").dashed()))?;
        } else {
            model.fit(&known, &fit)?;
        }
        let [own, others] = [&known, &test].map(|data| model.evaluate(data));
        let (own, others) = (100.0 * own?.accuracy.unwrap_or(0.0), 100.0 * others?.accuracy.unwrap_or(0.0));
        writeln!(page, "{samples:>6} digits: {own:.1} % of them right, {others:.1} % of 10,000 others")?;
        counts.push((samples as f64).log10());
        on_known.push(own);
        on_others.push(others);
    }
    let plot = Plot::new().title("more data").labels("digits learned from: 10 to the power of", "% right");
    let plot = plot.add(Line::new(counts.clone(), on_known).label("the digits learned from").marked());
    page.picture("more-data", &plot.add(Line::new(counts, on_others).label("others").marked().dashed()))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
