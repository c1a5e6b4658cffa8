//! The gradient method's way over a formula: on its curve, or on its contours.

use limpid::draw::{Contours, Line, Note, Plot, Points, Role, Shape};
use limpid::graph::{Expression, Tensor};
use limpid::learn::{gradient_ascent, gradient_descent};

use super::function::{around, grid};
use super::sampled::{Sampled, spaced};
use super::{Drawn, short};
use crate::failure::Failure;
use crate::pointed::{Limits, Numbers, example};

/// A way that is gone.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) formula: Expression,
    pub(crate) start: Numbers,
    pub(crate) learning_rate: f64,
    pub(crate) steps: usize,
    /// Whether it goes up.
    pub(crate) ascends: bool,
    /// Of each name; what the way needs otherwise.
    pub(crate) range: Option<Limits>,
}

pub(crate) fn draw(settings: &Settings) -> Result<Drawn, Failure> {
    let names = settings.formula.names();
    if !(1..=2).contains(&names.len()) {
        let has = if names.is_empty() { "no name".to_string() } else { format!("{} names", names.len()) };
        return Err(Failure::Usage(format!("{} has {has}; a formula of one name or two fits", settings.formula)));
    }
    if settings.start.0.len() != names.len() {
        let at = |names: &[String]| {
            example(names).split(',').filter_map(|at| at.split('=').nth(1)).collect::<Vec<_>>().join(",")
        };
        return Err(Failure::Usage(format!(
            "--start has {} for the names {}; as many as names fit, such as {}",
            crate::text::counted(settings.start.0.len() as u64, "number"),
            names.join(", "),
            at(names)
        )));
    }
    let sampled = Sampled::new(&settings.formula)?;
    let path = walked(settings, &sampled)?;
    let windows: Vec<[f64; 2]> = match settings.range {
        Some(Limits { low, high }) => vec![[low, high]; names.len()],
        None => windows(&path),
    };
    let drawn = match &windows[..] {
        [x] => on_curve(settings, &sampled, &path, *x)?,
        [x, y, ..] => on_contours(settings, &sampled, &path, [*x, *y])?,
        [] => return Err(Failure::Misfit("the way has no point".to_string())),
    };
    said(drawn, settings, &sampled, &path)
}

/// The points of the way, each with a number for each name.
fn walked(settings: &Settings, sampled: &Sampled) -> Result<Vec<Vec<f64>>, Failure> {
    let mut failed = None;
    let value = |point: &[f64]| {
        sampled.at(point).unwrap_or_else(|failure| {
            failed = Some(failure);
            f64::NAN
        })
    };
    let start = Tensor::from(settings.start.0.clone());
    let go = if settings.ascends {
        gradient_ascent(value, &start, settings.learning_rate, settings.steps)
    } else {
        gradient_descent(value, &start, settings.learning_rate, settings.steps)
    };
    let path = go?.points().iter().map(Tensor::to_f64).collect();
    failed.map_or(Ok(path), Err)
}

/// What to show along each name: the end in the middle, the whole way around it. A way that hardly moves is shown as
/// large as its start is far from 0.
fn windows(path: &[Vec<f64>]) -> Vec<[f64; 2]> {
    let is_shown = |point: &&Vec<f64>| point.iter().all(|number| number.abs() < 1e290);
    let shown: Vec<&Vec<f64>> = path.iter().filter(is_shown).collect();
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return vec![[-1.0, 1.0]; path.first().map_or(0, Vec::len)];
    };
    let halves: Vec<f64> = (0..first.len())
        .map(|axis| {
            let reach = shown.iter().map(|point| (point[axis] - last[axis]).abs()).fold(0.0, f64::max);
            let still = first[axis].abs().max(1.0);
            if reach < 1e-3 * still { 1.25 * still } else { 1.2 * reach }
        })
        .collect();
    // No side so short that its contours cannot be seen.
    let widest = halves.iter().copied().fold(0.0, f64::max);
    let window = |(half, middle): (&f64, &f64)| {
        let half = half.max(0.6 * widest);
        [middle - half, middle + half]
    };
    halves.iter().zip(last.iter()).map(window).collect()
}

fn on_curve(settings: &Settings, sampled: &Sampled, path: &[Vec<f64>], x: [f64; 2]) -> Result<Drawn, Failure> {
    let xs = spaced(x[0], x[1], 401);
    let ys = sampled.values(std::slice::from_ref(&xs))?;
    let steps: Vec<f64> = path.iter().map(|point| point[0]).collect();
    let heights = sampled.values(std::slice::from_ref(&steps))?;
    let mut plot = Plot::new()
        .title(title(settings))
        .labels(&settings.formula.names()[0], "")
        .zero_axes(true)
        .x_limits(x[0], x[1])
        .add(Line::new(xs, ys.clone()).label(settings.formula.to_string()))
        .add(Line::new(steps.clone(), heights.clone()).label("the way").colour(Role::Series(1)).marked())
        .add(Points::new([steps[0]], [heights[0]]).colour(Role::Ink).label("start"));
    // A way that leaves a range that was asked for leaves the picture, too.
    if let Some(Limits { low, high }) = settings.range.and_then(|_| around(&ys)) {
        plot = plot.y_limits(low, high);
    }
    Ok(Drawn::new(plot).with_gaps(&ys))
}

fn on_contours(
    settings: &Settings,
    sampled: &Sampled,
    path: &[Vec<f64>],
    [x, y]: [[f64; 2]; 2],
) -> Result<Drawn, Failure> {
    let (grid, values) = grid(sampled, x, y, 121)?;
    let names = settings.formula.names();
    let [xs, ys]: [Vec<f64>; 2] = std::array::from_fn(|i| path.iter().map(|point| point[i]).collect());
    let (start, end) = ([xs[0], ys[0]], [xs[xs.len() - 1], ys[ys.len() - 1]]);
    let mut plot = Plot::new()
        .title(title(settings))
        .labels(&names[0], &names[1])
        .x_limits(x[0], x[1])
        .y_limits(y[0], y[1])
        .equal(true)
        .sized(640.0, high(x, y))
        .add(Contours::new(grid).label(settings.formula.to_string()))
        .add(Line::new(xs, ys).colour(Role::Series(1)).marked())
        .add(Points::new([start[0]], [start[1]]).colour(Role::Ink))
        .add(Note::new(start[0], start[1], "start"));
    if end.iter().all(|number| number.is_finite()) {
        plot = plot.add(Points::new([end[0]], [end[1]]).colour(Role::Ink).shape(Shape::Square));
    }
    Ok(Drawn::new(plot).with_gaps(&values))
}

/// How high a page of 640 pixels is for two ranges with the same units, with the title and the axes.
fn high(x: [f64; 2], y: [f64; 2]) -> f64 {
    let ratio = (y[1] - y[0]) / (x[1] - x[0]);
    if ratio.is_finite() { (460.0 * ratio + 100.0).clamp(320.0, 640.0) } else { 480.0 }
}

fn title(settings: &Settings) -> String {
    let what = if settings.ascends { "ascent" } else { "descent" };
    let steps = crate::text::counted(settings.steps as u64, "step");
    format!("gradient {what} on {}: {steps}, learning rate {}", settings.formula, short(settings.learning_rate))
}

/// With what came of the way.
fn said(mut drawn: Drawn, settings: &Settings, sampled: &Sampled, path: &[Vec<f64>]) -> Result<Drawn, Failure> {
    let Some(end) = path.last() else { return Ok(drawn) };
    let names = settings.formula.names().iter().zip(end);
    let place: Vec<String> = names.map(|(name, number)| format!("{name} = {}", digits(*number))).collect();
    let steps = crate::text::counted(settings.steps as u64, "step");
    drawn.notes.push(format!("after {steps}: {}; the value there is {}", place.join(", "), digits(sampled.at(end)?)));
    if let Some(lost) = path.iter().position(|point| point.iter().any(|number| !number.is_finite())) {
        drawn.notes.push(format!("the way left the finite numbers at step {lost}; a smaller --lr fits"));
    }
    Ok(drawn)
}

/// All digits of a number.
fn digits(number: f64) -> String {
    let plain = number.to_string();
    if plain.len() > 20 { format!("{number:e}") } else { plain }
}
