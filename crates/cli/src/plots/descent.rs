//! The gradient method's way over a formula, and that of each optimiser: on its curve, or on its contours.

use std::sync::Arc;

use limpid::draw::{Contours, Line, Note, Plot, Points, Role, Shape};
use limpid::engine::Session;
use limpid::graph::{Builder, Expression, Tensor};
use limpid::learn::{Optimizer, gradient_ascent, gradient_descent, numeric, numerical_gradient, step};
use limpid::prelude::Precision;

use super::function::{around, grid};
use super::sampled::{Sampled, spaced};
use super::{Drawn, short};
use crate::failure::Failure;
use crate::pointed::{Limits, Numbers, example};

/// Ways that are gone from one start.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) formula: Expression,
    pub(crate) start: Numbers,
    /// Whose, each with its learning rate.
    pub(crate) walkers: Vec<Walker>,
    pub(crate) steps: usize,
    /// Whether it goes up.
    pub(crate) ascends: bool,
    /// Of each name; what the way needs otherwise.
    pub(crate) range: Option<Limits>,
}

/// Who goes a way, and how far each step leads.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    pub(crate) optimizer: Arc<dyn Optimizer>,
    pub(crate) learning_rate: f64,
}

type Path = Vec<Vec<f64>>;

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
    let walked = settings.walkers.iter().map(|walker| walked(settings, walker, &sampled));
    let paths = walked.collect::<Result<Vec<Path>, Failure>>()?;
    let windows: Vec<[f64; 2]> = match settings.range {
        Some(Limits { low, high }) => vec![[low, high]; names.len()],
        None => windows(&paths),
    };
    let drawn = match &windows[..] {
        [x] => on_curve(settings, &sampled, &paths, *x)?,
        [x, y, ..] => on_contours(settings, &sampled, &paths, [*x, *y])?,
        [] => return Err(Failure::Misfit("the way has no point".to_string())),
    };
    said(drawn, settings, &sampled, &paths)
}

/// The points of a way, each with a number for each name.
fn walked(settings: &Settings, walker: &Walker, sampled: &Sampled) -> Result<Path, Failure> {
    let mut failed = None;
    let value = |point: &[f64]| {
        sampled.at(point).unwrap_or_else(|failure| {
            failed = Some(failure);
            f64::NAN
        })
    };
    let start = Tensor::from(settings.start.0.clone());
    let (learning_rate, steps) = (walker.learning_rate, settings.steps);
    let path = match (walker.optimizer.name(), settings.ascends) {
        ("sgd", false) => points(gradient_descent(value, &start, learning_rate, steps)?.points()),
        ("sgd", true) => points(gradient_ascent(value, &start, learning_rate, steps)?.points()),
        _ => points(&optimized(value, &start, walker, settings)?),
    };
    failed.map_or(Ok(path), Err)
}

fn points(path: &[Tensor]) -> Path {
    path.iter().map(Tensor::to_f64).collect()
}

/// The way of an optimiser that is told the numerical gradient, and moves the point as it moves a network's parameter.
fn optimized(
    mut value: impl FnMut(&[f64]) -> f64,
    start: &Tensor,
    Walker { optimizer, learning_rate }: &Walker,
    settings: &Settings,
) -> Result<Vec<Tensor>, Failure> {
    let b = Builder::new();
    let point = b.parameter("point", settings.start.0.len());
    let gradient = b.input("gradient", settings.start.0.len());
    optimizer.describe(&b, point, gradient, b.scalar("learning rate"));
    let graph = b.finish([point])?;
    let mut session = Session::reference(Precision::F64);
    for (state, zeros) in step::initial_states(&graph) {
        session.set(state, zeros);
    }
    session.set("point", start.clone());
    let program = session.load(graph);
    let mut path = vec![start.clone()];
    for _ in 0..settings.steps {
        let here = session.get("point").map_err(limpid::Error::from)?.clone();
        // As gradient descent does: what has left the finite numbers stays where it is.
        if here.to_f64().iter().all(|number| number.is_finite()) {
            let slopes = numerical_gradient(&mut value, &here, numeric::H)?.to_f64();
            let slopes: Vec<f64> =
                slopes.into_iter().map(|slope| if settings.ascends { -slope } else { slope }).collect();
            let feeds = [("gradient", &Tensor::from(slopes)), ("learning rate", &Tensor::scalar(*learning_rate))];
            session.run(program, &feeds).map_err(limpid::Error::from)?;
        }
        path.push(session.get("point").map_err(limpid::Error::from)?.clone());
    }
    Ok(path)
}

/// What to show along each name: the end in the middle, each whole way around it. Ways that hardly move are shown as
/// large as their start is far from 0.
fn windows(paths: &[Path]) -> Vec<[f64; 2]> {
    let is_shown = |point: &&Vec<f64>| point.iter().all(|number| number.abs() < 1e290);
    let shown: Vec<&Vec<f64>> = paths.iter().flatten().filter(is_shown).collect();
    let end = paths.first().and_then(|path| path.iter().rfind(is_shown));
    let (Some(first), Some(last)) = (shown.first(), end) else {
        return vec![[-1.0, 1.0]; paths.iter().flatten().next().map_or(0, Vec::len)];
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

fn on_curve(settings: &Settings, sampled: &Sampled, paths: &[Path], x: [f64; 2]) -> Result<Drawn, Failure> {
    let xs = spaced(x[0], x[1], 401);
    let ys = sampled.values(std::slice::from_ref(&xs))?;
    let mut plot = Plot::new()
        .title(title(settings))
        .labels(&settings.formula.names()[0], "")
        .zero_axes(true)
        .x_limits(x[0], x[1])
        .add(Line::new(xs, ys.clone()).label(settings.formula.to_string()));
    for ((path, walker), colour) in paths.iter().zip(&settings.walkers).zip(1..) {
        let steps: Vec<f64> = path.iter().map(|point| point[0]).collect();
        let heights = sampled.values(std::slice::from_ref(&steps))?;
        let label = if paths.len() == 1 { "the way".to_string() } else { named(walker) };
        plot = plot.add(Line::new(steps, heights).label(label).colour(Role::series(colour)).marked());
    }
    let start = settings.start.0[0];
    plot = plot.add(Points::new([start], [sampled.at(&[start])?]).colour(Role::Ink).label("start"));
    // A way that leaves a range that was asked for leaves the picture, too.
    if let Some(Limits { low, high }) = settings.range.and_then(|_| around(&ys)) {
        plot = plot.y_limits(low, high);
    }
    Ok(Drawn::new(plot).with_gaps(&ys))
}

fn on_contours(
    settings: &Settings,
    sampled: &Sampled,
    paths: &[Path],
    [x, y]: [[f64; 2]; 2],
) -> Result<Drawn, Failure> {
    let (grid, values) = grid(sampled, x, y, 121)?;
    let names = settings.formula.names();
    let start = &settings.start.0;
    let mut plot = Plot::new()
        .title(title(settings))
        .labels(&names[0], &names[1])
        .x_limits(x[0], x[1])
        .y_limits(y[0], y[1])
        .equal(true)
        .sized(640.0, high(x, y))
        .add(Contours::new(grid).label(settings.formula.to_string()));
    for ((path, walker), colour) in paths.iter().zip(&settings.walkers).zip(1..) {
        let [xs, ys]: [Vec<f64>; 2] = std::array::from_fn(|i| path.iter().map(|point| point[i]).collect());
        let line = Line::new(xs, ys).colour(Role::series(colour)).marked();
        plot = plot.add(if paths.len() == 1 { line } else { line.label(named(walker)) });
    }
    plot = plot.add(Points::new([start[0]], [start[1]]).colour(Role::Ink)).add(Note::new(start[0], start[1], "start"));
    for end in paths.iter().filter_map(|path| path.last()).filter(|end| end.iter().all(|number| number.is_finite())) {
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
    let steps = crate::text::counted(settings.steps as u64, "step");
    match &settings.walkers[..] {
        [Walker { optimizer, learning_rate }] => {
            let what = match (optimizer.name(), settings.ascends) {
                ("sgd", false) => "gradient descent",
                ("sgd", true) => "gradient ascent",
                (name, _) => name,
            };
            format!("{what} on {}: {steps}, learning rate {}", settings.formula, short(*learning_rate))
        }
        _ => format!("{steps} on {}", settings.formula),
    }
}

/// A walker, as one of several.
fn named(walker: &Walker) -> String {
    format!("{}, learning rate {}", walker.optimizer.name(), short(walker.learning_rate))
}

/// With what came of the ways.
fn said(mut drawn: Drawn, settings: &Settings, sampled: &Sampled, paths: &[Path]) -> Result<Drawn, Failure> {
    let steps = crate::text::counted(settings.steps as u64, "step");
    for (path, walker) in paths.iter().zip(&settings.walkers) {
        let Some(end) = path.last() else { continue };
        let who = if paths.len() == 1 { String::new() } else { format!("{}, ", walker.optimizer.name()) };
        let names = settings.formula.names().iter().zip(end);
        let place: Vec<String> = names.map(|(name, number)| format!("{name} = {}", digits(*number))).collect();
        let value = digits(sampled.at(end)?);
        drawn.notes.push(format!("{who}after {steps}: {}; the value there is {value}", place.join(", ")));
        if let Some(lost) = path.iter().position(|point| point.iter().any(|number| !number.is_finite())) {
            drawn.notes.push(format!("{who}the way left the finite numbers at step {lost}; a smaller --lr fits"));
        }
    }
    Ok(drawn)
}

/// All digits of a number.
fn digits(number: f64) -> String {
    let plain = number.to_string();
    if plain.len() > 20 { format!("{number:e}") } else { plain }
}
