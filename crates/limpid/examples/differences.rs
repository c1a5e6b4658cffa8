//! Numerical derivatives: from one side, from both sides, and with a step that is too small.

use std::fmt::Write;

use limpid::draw::{Line, Note, Plot, Points};
use limpid::learn::numeric::{H, central_difference, forward_difference, forward_difference_f32};
use limpid::page::{Outcome, Page};

fn curve(x: f64) -> f64 {
    0.01 * (x * x) + 0.1 * x
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    for h in [1e-49, 1e-30] {
        let slope = forward_difference(|x| x * x, 2.0, h)?;
        writeln!(page, "x² at 2, one step of {h:e} ahead: {slope}")?;
    }
    writeln!(page, "1e-50 in 32 bits is {:?}", 1e-50_f64 as f32)?;
    if let Err(error) = forward_difference_f32(|x| x * x, 2.0, 1e-50) {
        writeln!(page, "  {error}")?;
    }

    writeln!(page, "\n0.01x² + 0.1x, a step of {H:e} to either side:")?;
    let mut plot = Plot::new().title("0.01x² + 0.1x and its tangents").labels("x", "f(x)");
    plot = plot.add(Line::of(0.0, 20.0, 201, curve).label("f"));
    for at in [5.0, 10.0] {
        let slope = central_difference(curve, at, H)?;
        writeln!(page, "at {at:>2}: {slope}")?;
        let tangent = Line::of(0.0, 20.0, 2, |x| curve(at) + slope * (x - at));
        plot = plot.add(tangent.label(format!("tangent at {at}")).dashed()).add(Points::new([at], [curve(at)]));
        plot = plot.add(Note::new(at, curve(at), format!("slope {slope:.1}")));
    }
    page.picture("tangents", &plot)?;

    // The slope of sin at 1 is cos 1. Which step finds it best?
    let steps: Vec<f64> = (0..=28).map(|i| -f64::from(i) / 2.0).collect();
    let (mut one_side, mut both_sides) = (Vec::new(), Vec::new());
    for h in steps.iter().map(|power| 10f64.powf(*power)) {
        let error = |slope: f64| (slope - 1f64.cos()).abs().log10();
        one_side.push(error(forward_difference(f64::sin, 1.0, h)?));
        both_sides.push(error(central_difference(f64::sin, 1.0, h)?));
    }
    let plot = Plot::new().title("error of the numerical slope of sin at 1").labels("log10 of h", "log10 of the error");
    let plot = plot.add(Line::new(steps.clone(), one_side).label("from one side").dashed());
    page.picture("errors", &plot.add(Line::new(steps, both_sides).label("from both sides")))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
