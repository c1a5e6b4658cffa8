//! The gradient method's way over a formula, and that of each optimiser: on its curve, or on its contours.

use limpid::draw::{Contours, Line, Note, Plot, Points, Role, Shape};
use limpid::graph::Expression;

use super::curve::{Curve, heights};
use super::function::{around, grid};
use super::sampled::{Sampled, spaced};
pub(crate) use super::walk::Walker;
use super::walk::{Ending, Walk, walked};
use super::{Drawn, short};
use crate::failure::Failure;
use crate::parse::{Limits, Numbers, example};

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

type Path = Vec<Vec<f64>>;

pub(crate) fn draw(settings: &Settings) -> Result<Drawn, Failure> {
    let names = settings.formula.names();
    if !(1..=2).contains(&names.len()) {
        let has = if names.is_empty() { "no name".to_string() } else { format!("{} names", names.len()) };
        return Err(Failure::Usage(format!("{} has {has}; use a formula of one name or two", settings.formula)));
    }
    if settings.start.0.len() != names.len() {
        let at = |names: &[String]| {
            example(names).split(',').filter_map(|at| at.split('=').nth(1)).collect::<Vec<_>>().join(",")
        };
        return Err(Failure::Usage(format!(
            "--start has {} for the names {}; give one for each name, such as {}",
            crate::text::counted(settings.start.0.len() as u64, "number"),
            names.join(", "),
            at(names)
        )));
    }
    let sampled = Sampled::new(&settings.formula)?;
    let walks: Vec<Walk> = settings
        .walkers
        .iter()
        .map(|walker| walked(walker, &sampled, &settings.start.0, settings.steps, settings.ascends))
        .collect::<Result<_, _>>()?;
    let paths: Vec<Path> = walks.iter().map(|walk| walk.points.clone()).collect();
    let windows: Vec<[f64; 2]> = match settings.range {
        Some(Limits { low, high }) => vec![[low, high]; names.len()],
        None => windows(&near(&paths)),
    };
    let drawn = match &windows[..] {
        [x] => on_curve(settings, &sampled, &paths, *x)?,
        [x, y, ..] => on_contours(settings, &sampled, &paths, [*x, *y])?,
        [] => return Err(Failure::Input("the way has no point".to_string())),
    };
    said(drawn, settings, &sampled, &walks, &windows)
}

/// A point this many times as far from 0 as the start has left every picture in which the way begins.
const FAR: f64 = 1e4;

/// How far from 0 a way is still near its start.
fn reach(start: &[f64]) -> f64 {
    FAR * start.iter().fold(1.0, |most, number| number.abs().max(most))
}

/// The ways as long as they are near their start.
fn near(paths: &[Path]) -> Vec<Path> {
    let near = |path: &Path| {
        let reach = path.first().map_or(f64::INFINITY, |start| reach(start));
        path.iter().take_while(|point| point.iter().all(|number| number.abs() <= reach)).cloned().collect()
    };
    paths.iter().map(near).collect()
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
        .add(Line::new(xs.clone(), ys.clone()).label(settings.formula.to_string()));
    for ((path, walker), colour) in paths.iter().zip(&settings.walkers).zip(1..) {
        let steps: Vec<f64> = path.iter().map(|point| point[0]).collect();
        let heights = sampled.values(std::slice::from_ref(&steps))?;
        let label = if paths.len() == 1 { "the way".to_string() } else { named(walker) };
        plot = plot.add(marked(Line::new(steps, heights)).label(label).colour(Role::series(colour)));
    }
    let start = settings.start.0[0];
    plot = plot.add(Points::new([start], [sampled.at(&[start])?]).colour(Role::Ink).label("start"));
    // What leaves the range leaves the picture, too.
    let leaves = settings.range.is_some() || paths.iter().flatten().any(|point| !(x[0]..=x[1]).contains(&point[0]));
    let curve = Curve::through(&xs, &ys, |xs| sampled.values(&[xs.to_vec()]))?;
    let seen = heights(std::slice::from_ref(&curve), &settings.formula.names()[0]);
    let (limits, note) = seen.unzip();
    if let Some(Limits { low, high }) = limits.or_else(|| leaves.then(|| around(&ys)).flatten()) {
        plot = plot.y_limits(low, high);
    }
    let mut drawn = Drawn::new(plot).with_gaps(&ys);
    drawn.notes.extend(note);
    Ok(drawn)
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
        let line = marked(Line::new(xs, ys)).colour(Role::series(colour));
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
            let text = optimizer.text();
            let what = match (optimizer.name(), settings.ascends) {
                ("sgd", false) => "gradient descent",
                ("sgd", true) => "gradient ascent",
                _ => &text,
            };
            format!("{what} on {}: {steps}, learning rate {}", settings.formula, short(*learning_rate))
        }
        _ => format!("{steps} on {}", settings.formula),
    }
}

/// A walker, as one of several.
fn named(walker: &Walker) -> String {
    format!("{}, learning rate {}", walker.optimizer.text(), short(walker.learning_rate))
}

/// With what came of the ways.
fn said(
    mut drawn: Drawn,
    settings: &Settings,
    sampled: &Sampled,
    walks: &[Walk],
    windows: &[[f64; 2]],
) -> Result<Drawn, Failure> {
    for (walk, walker) in walks.iter().zip(&settings.walkers) {
        let (Some(start), Some(end)) = (walk.points.first(), walk.points.last()) else { continue };
        let who = if walks.len() == 1 { String::new() } else { format!("{}, ", walker.optimizer.text()) };
        let steps = |count: usize| crate::text::counted(count as u64, "step");
        let names = settings.formula.names().iter().zip(end);
        let place: Vec<String> = names.map(|(name, number)| format!("{name} = {}", short(*number))).collect();
        let [first, value] = [sampled.at(start)?, sampled.at(end)?];
        let taken = steps(walk.points.len() - 1);
        let mut note = |text: String| drawn.notes.push(format!("{who}{text}"));
        note(format!("after {taken}: {}; the value there is {}", place.join(", "), short(value)));
        let left = |point: &Vec<f64>| point.iter().zip(windows).any(|(x, [low, high])| !(*low..=*high).contains(x));
        if let Some(left) = walk.points.iter().position(left).filter(|left| *left > 0) {
            note(format!("after {} the way leaves the picture", steps(left)));
        }
        match walk.ending {
            Ending::TooLarge => note(format!(
                "the next step leads beyond the largest 64-bit number, {}: the way ends after {taken}",
                limpid::draw::short_number(f64::MAX, 2)
            )),
            Ending::Undefined => {
                note(format!("the formula has no value or no slope there (NaN), and the way ends after {taken}"))
            }
            Ending::Walked => {}
        }
        let is_worse = if settings.ascends { value < first } else { value > first };
        if is_worse || walk.ending == Ending::TooLarge {
            let [worse, start] = [if settings.ascends { "smaller" } else { "larger" }, &short(first)];
            let compared =
                if is_worse { format!("the value is {worse} than {start} at the start: ") } else { String::new() };
            note(format!("{compared}the steps are too long, or there is no bottom; try a smaller --lr"));
        }
    }
    Ok(drawn)
}

/// More points than this are not told apart.
const MOST_MARKS: usize = 200;

/// A way with a mark at each step, as long as they can be told apart.
fn marked(line: Line) -> Line {
    if line.points() > MOST_MARKS { line } else { line.marked() }
}
