//! The loss of a batch, with labels and with one-hot rows; and two ways to draw batches.

use std::fmt::Write;

use limpid::draw::{Histogram, Plot};
use limpid::learn::Batches;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

fn mean_loss(y: &Tensor, t: &Tensor) -> Result<f64, limpid::Error> {
    let b = Builder::new();
    let graph = b.finish([b.input("y", y.shape()).cross_entropy(b.input("t", t.shape()), 1e-7)])?;
    Ok(graph.run(&[("y", y), ("t", t)])?[0].to_f64()[0])
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let y = Tensor::from([[0.1, 0.3, 0.6], [0.7, 0.2, 0.1]]);
    let one_hot = Tensor::from([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
    let labels = Tensor::from([2u8, 1]);
    writeln!(page, "mean loss by one-hot rows: {}", mean_loss(&y, &one_hot)?)?;
    writeln!(page, "mean loss by labels:       {}", mean_loss(&y, &labels)?)?;

    let ways = [("drawn with replacement", Sampling::WithReplacement), ("shuffled", Sampling::Shuffled)];
    for (name, sampling) in ways {
        let mut batches = Batches::new(sampling, 60_000, 100, 1)?;
        let mut times = vec![0.0; 60_000];
        let epoch = batches.per_epoch();
        for step in 0..epoch {
            for row in batches.rows(step) {
                times[row] += 1.0;
            }
        }
        let never = times.iter().filter(|&&times| times == 0.0).count();
        writeln!(page, "\n{name}: {epoch} batches; the first begins with samples {:?}", &batches.rows(0)[..4])?;
        writeln!(
            page,
            "{never} of 60,000 samples were never drawn, {} more than once",
            times.iter().filter(|&&times| times > 1.0).count()
        )?;
        if sampling == Sampling::WithReplacement {
            let plot =
                Plot::new().title("drawn with replacement: how often each sample is drawn").labels("times", "samples");
            page.picture("replacement", &plot.add(Histogram::between(&times, 8, -0.5, 7.5)?))?;
        }
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
