//! Two lines in one picture: sin, and cos dashed.

use std::fmt::Write;

use limpid::draw::{Line, Plot};
use limpid::page::{Outcome, Page};

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    // 0, 0.1, 0.2, … up to 5.9, as `arange(0, 6, 0.1)` has them.
    let x: Vec<f64> = (0..60).map(|i| f64::from(i) * 0.1).collect();
    let of = |function: fn(f64) -> f64| x.iter().map(|&x| function(x)).collect::<Vec<_>>();
    writeln!(page, "{} points, from {} to {:.1}", x.len(), x[0], x[59])?;

    let plot = Plot::new()
        .title("sin and cos")
        .labels("x", "y")
        .y_limits(-1.1, 1.1)
        .grid(true)
        .zero_axes(true)
        .add(Line::new(x.clone(), of(f64::sin)).label("sin"))
        .add(Line::new(x.clone(), of(f64::cos)).label("cos").dashed());
    page.picture("sin-cos", &plot)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
