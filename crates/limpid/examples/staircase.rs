//! Why learning follows the loss and not the accuracy: both, while one weight changes.

use std::fmt::Write;

use limpid::draw::{Line, Plot};
use limpid::learn::central_difference;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    // Eight points on a line: those of class 1 lie mostly to the right. The score of class 1 is w·x + 0.5.
    let x = [-2.0, -1.4, -0.9, -0.2, 0.3, 0.8, 1.5, 2.2];
    let labels = Tensor::from([0u8, 0, 1, 0, 1, 0, 1, 1]);
    let b = Builder::new();
    let (scores, t) = (b.input("scores", (8, 2)), b.input("t", 8));
    let graph = b.finish([scores.softmax_cross_entropy(t), scores.accuracy(t)])?;
    let both = |w: f64| -> Result<[f64; 2], limpid::Error> {
        let scores = x.iter().flat_map(|x| [0.0, w * x + 0.5]).collect::<Vec<_>>();
        let answers = graph.run(&[("scores", &Tensor::new([8, 2], scores)?), ("t", &labels)])?;
        Ok([answers[0].to_f64()[0], answers[1].to_f64()[0]])
    };
    let (loss, accuracy) = (|w| both(w).map_or(f64::NAN, |b| b[0]), |w| both(w).map_or(f64::NAN, |b| b[1]));

    writeln!(page, "    w  accuracy  its slope     loss  its slope")?;
    for w in [-1.0, 0.5, 1.0, 1.25] {
        let slopes = [central_difference(accuracy, w, 1e-4)?, central_difference(loss, w, 1e-4)?];
        writeln!(page, "{w:>5}  {:>8}  {:>9}  {:.5}  {:+.6}", accuracy(w), slopes[0], loss(w), slopes[1])?;
    }
    let lines = Plot::new()
        .title("eight samples, one weight")
        .labels("w", "")
        .add(Line::of(-3.0, 3.0, 1201, accuracy).label("accuracy"))
        .add(Line::of(-3.0, 3.0, 241, loss).label("loss").dashed());
    page.picture("staircase", &lines)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
