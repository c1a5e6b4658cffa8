//! A network that has not learned yet, run on one digit at a time and on a hundred at once.

use std::fmt::Write;
use std::time::Instant;

use limpid::datasets::mnist;
use limpid::draw::{Line, Plot};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (_, test) = mnist(&Mnist::default())?;
    let network: Network = "784, affine 50 init=normal(0.01), sigmoid, affine 100 init=normal(0.01), sigmoid, \
                            affine 10 init=normal(0.01)"
        .parse()?;
    let mut model = Model::new(&network, 0)?;
    let images = Tensor::new([10_000, 784], test.inputs_as_f32())?;
    let labels = test.targets().to_f64();

    let mut running = Vec::new();
    for batch_size in [1, 100, 2000] {
        let (mut right, began) = (0, Instant::now());
        for start in (0..10_000).step_by(batch_size) {
            let scores = model.predict(&images.rows(start, start + batch_size))?.to_f64();
            for (row, label) in scores.chunks(10).zip(&labels[start..]) {
                let answer = (0..10).fold(0, |best, class| if row[class] > row[best] { class } else { best });
                right += usize::from(answer as f64 == *label);
            }
            if batch_size == 100 {
                running.push(right as f64 / (start + 100) as f64);
            }
        }
        let accuracy = right as f64 / 10_000.0;
        // The time differs from machine to machine, so it is not part of the page.
        writeln!(page, "{batch_size:>4} at a time: {right} right, accuracy {accuracy}")?;
        page.aside(&format!("     in {:.0} ms", began.elapsed().as_secs_f64() * 1e3));
    }
    let plot = Plot::new().title("accuracy so far").labels("batches of 100", "accuracy").y_limits(0.0, 0.2);
    page.picture("running", &plot.add(Line::counted(running)))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
