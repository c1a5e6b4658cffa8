//! Four optimisers on x²/20 + y², a bowl twenty times as steep across as along.

use std::fmt::Write;

use limpid::draw::{Contours, Grid, Line, Panels, Plot, Role};
use limpid::engine::Session;
use limpid::learn::{Context, optimizer};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// The points that an optimiser comes by, from (−7, 2).
fn path(name: &str, learning_rate: f64) -> Result<[Vec<f64>; 2], limpid::Error> {
    let b = Builder::new();
    let (x, y) = (b.parameter("x", ()), b.parameter("y", ()));
    let height = x * x / 20.0 + y * y;
    let context = Context::of_training_step(&b);
    let optimizer = optimizer(name)?;
    for (parameter, gradient) in [x, y].into_iter().zip(b.grad(height, &[x, y])) {
        optimizer.update(&context, parameter, gradient);
    }
    let graph = b.finish([height])?;
    let mut session = Session::new(Precision::F64);
    for state in context.into_variables() {
        session.set(&state.name, state.initial_value(0));
    }
    session.set("x", Tensor::scalar(-7.0));
    session.set("y", Tensor::scalar(2.0));
    let program = session.load(graph);
    let (mut xs, mut ys) = (vec![-7.0], vec![2.0]);
    for _ in 0..30 {
        session.run(program, &[("learning rate", &Tensor::scalar(learning_rate))])?;
        for (name, points) in [("x", &mut xs), ("y", &mut ys)] {
            points.extend(session.get(name).map(|value| value.to_f64()[0]));
        }
    }
    Ok([xs, ys])
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let mut panels = Panels::new(2).title("30 steps on x²/20 + y²").each(400.0, 300.0);
    for (name, learning_rate) in [("sgd", 0.95), ("momentum", 0.1), ("nesterov", 0.1), ("adam", 0.3)] {
        let [xs, ys] = path(name, learning_rate)?;
        let (x, y) = (xs[30], ys[30]);
        writeln!(page, "{name:<9} ends at ({x:.4}, {y:.4}), height {:.5}", x * x / 20.0 + y * y)?;
        let grid = Grid::of([-10.0, 10.0], [-5.0, 5.0], 81, 61, |x, y| x * x / 20.0 + y * y)?;
        let levels = Contours::new(grid).levels([0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 24.0]).written();
        let line = Line::new(xs, ys).marked().colour(Role::Series(1)).width(1.5);
        let plot = Plot::new().title(format!("{name}, learning rate {learning_rate}")).labels("x", "y");
        panels = panels.add(plot.add(levels).add(line));
    }
    page.picture("paths", &panels)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
