//! A network learns to read digits; and one with a sigmoid before the softmax learns worse.

use std::fmt::Write;
use std::ops::ControlFlow;

use limpid::datasets::mnist;
use limpid::draw::{Line, Plot};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let init = Initializer::Normal(0.01);
    let affine = |inputs, outputs| Affine::new(inputs, outputs).init(init);
    let networks = [
        ("scores before the softmax", Network::new(784, (affine(784, 50), Sigmoid, affine(50, 10)))),
        ("a sigmoid there too", Network::new(784, (affine(784, 50), Sigmoid, affine(50, 10), Sigmoid))),
    ];
    // 5 epochs of 600 steps; 10,000 steps are about 17 epochs.
    let fit = FitOptions { epochs: 5, sampling: Sampling::WithReplacement, seed: 0, ..FitOptions::default() };
    let mut compared = Plot::new().title("test accuracy").labels("epoch", "accuracy").y_limits(0.0, 1.0);
    for (name, network) in networks {
        let mut model = Model::new(&network, 1)?;
        let history = model.fit_watched(&train, Some(&test), &fit, |_| ControlFlow::Continue(()))?;
        writeln!(page, "{name} (epoch 0 is before training):")?;
        for epoch in &history.epochs {
            let share = |accuracy: Option<f64>| 100.0 * accuracy.unwrap_or(0.0);
            writeln!(
                page,
                "  epoch {}: train {:.2} %, test {:.2} %",
                epoch.epoch,
                share(epoch.train_accuracy),
                share(epoch.test_accuracy)
            )?;
        }
        let of = |accuracy: fn(&limpid::learn::Epoch) -> Option<f64>| -> Vec<f64> {
            history.epochs.iter().map(|epoch| accuracy(epoch).unwrap_or(f64::NAN)).collect()
        };
        if network.to_string().matches("sigmoid").count() == 1 {
            let plot = Plot::new().title("training loss").labels("iteration", "loss");
            page.picture("loss", &plot.add(Line::counted(history.losses.clone()).width(1.0)))?;
            let plot = Plot::new().title("accuracy").labels("epoch", "accuracy").y_limits(0.0, 1.0);
            let plot = plot.add(Line::counted(of(|epoch| epoch.train_accuracy)).label("train").marked());
            page.picture(
                "accuracy",
                &plot.add(Line::counted(of(|e| e.test_accuracy)).label("test").marked().dashed()),
            )?;
        }
        compared = compared.add(Line::counted(of(|epoch| epoch.test_accuracy)).label(name).marked());
    }
    page.picture("compared", &compared)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
