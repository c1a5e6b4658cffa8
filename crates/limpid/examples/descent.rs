//! Gradient descent on a bowl: with a good learning rate, one too large, one too small; and gradient ascent.

use std::fmt::Write;

use limpid::draw::{BACKWARD, Contours, Grid, Line, Plot};
use limpid::learn::numeric::{gradient_ascent, gradient_descent};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

fn bowl(x: &[f64]) -> f64 {
    x[0] * x[0] + x[1] * x[1]
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let start = Tensor::from([-3.0, 4.0]);
    for learning_rate in [0.1, 10.0, 1e-10] {
        let path = gradient_descent(bowl, &start, learning_rate, 100)?;
        writeln!(page, "learning rate {learning_rate:?}: {}", path.end())?;
    }
    // The same hundred steps with the exact gradient, 2x, at the learning rate 10.
    let exact = [-3.0, 4.0].map(|x: f64| (0..100).fold(x, |x, _| x - 10.0 * (2.0 * x)));
    writeln!(page, "learning rate 10.0, by the exact gradient: [{:.1e} {:.1e}]", exact[0], exact[1])?;
    let hill = gradient_ascent(|x| -bowl(x), &start, 0.1, 100)?;
    writeln!(page, "up the bowl turned upside down, 100 steps: {}", hill.end())?;
    let away = gradient_ascent(bowl, &start, 0.1, 10)?;
    writeln!(page, "up the bowl itself, 10 steps: {}", away.end())?;

    for learning_rate in [0.1, 0.9] {
        let path = gradient_descent(bowl, &start, learning_rate, 30)?;
        let along = |axis: usize| path.points().iter().map(|point| point.to_f64()[axis]).collect::<Vec<_>>();
        let plot = Plot::new().title(format!("learning rate {learning_rate}")).labels("x0", "x1").equal(true);
        let grid = Grid::of([-5.0, 5.0], [-5.0, 5.0], 81, 81, |x0, x1| bowl(&[x0, x1]))?;
        let way = Line::new(along(0), along(1)).label("path").marked().colour(BACKWARD).width(1.5);
        page.picture(&format!("rate-{learning_rate}"), &plot.add(Contours::new(grid).label("f")).add(way))?;
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
