//! A formula of one name as a curve, of two names over the plane.

use clap::ValueEnum;
use limpid::draw::{Arrows, Contours, Grid, HeatMap, Line, Plot, Points, Role, Shape, Surface};
use limpid::graph::Expression;

use super::curve::{Curve, heights, listed, patterns};
use super::sampled::{Sampled, spaced};
use super::{Drawn, short};
use crate::failure::Failure;
use crate::parse::{Limits, Numbers};

/// What is drawn of formulas.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) formulas: Vec<Expression>,
    /// Of the names.
    pub(crate) range: Limits,
    /// Of the values; those that there are otherwise.
    pub(crate) heights: Option<Limits>,
    /// Where tangents touch.
    pub(crate) tangents: Option<Numbers>,
    /// Whether slopes are drawn beside the values.
    pub(crate) slopes: bool,
    /// Of a formula of two names; as a surface otherwise.
    pub(crate) form: Option<FieldPlot>,
}

/// How a formula of two names is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FieldPlot {
    /// Heights over the plane
    #[default]
    Surface,
    /// Lines of equal value
    Contours,
    /// Values as colours
    Heat,
    /// The gradient as arrows
    Gradient,
}

/// Points of a curve.
const POINTS: usize = 401;

pub(crate) fn draw(settings: &Settings) -> Result<Drawn, Failure> {
    let mut names: Vec<&String> = settings.formulas.iter().flat_map(Expression::names).collect();
    names.sort();
    names.dedup();
    match (&names[..], &settings.formulas[..]) {
        ([], _) => curves(settings, "x"),
        ([name], _) => curves(settings, name),
        ([_, _], [formula]) => over_the_plane(settings, formula),
        (several, _) => {
            let several: Vec<&str> = several.iter().map(|name| name.as_str()).collect();
            Err(Failure::Usage(format!(
                "there are {} names, {}; use formulas of one name, or one formula of two",
                several.len(),
                several.join(", ")
            )))
        }
    }
}

fn curves(settings: &Settings, name: &str) -> Result<Drawn, Failure> {
    let Limits { low, high } = settings.range;
    settings.check_curves()?;
    let xs = spaced(low, high, POINTS);
    let mut all: Vec<(Vec<f64>, Curve, String, usize)> = Vec::new();
    let mut tangents: Vec<(Line, Points)> = Vec::new();
    for formula in &settings.formulas {
        let sampled = Sampled::new(formula)?;
        let points = |xs: &[f64]| if formula.names().is_empty() { Vec::new() } else { vec![xs.to_vec()] };
        let on_curve =
            |xs: &[f64], answer: Vec<f64>| if answer.len() == 1 { vec![answer[0]; xs.len()] } else { answer };
        let values = |xs: &[f64]| Ok(on_curve(xs, sampled.values(&points(xs))?));
        let slopes = |xs: &[f64]| -> Result<Vec<f64>, Failure> {
            Ok(sampled.slopes(&points(xs))?.pop().unwrap_or_else(|| vec![0.0; xs.len()]))
        };
        let ys: Vec<f64> = values(&xs)?;
        let curve = Curve::through(&xs, &ys, values)?;
        all.push((ys, curve, formula.to_string(), 0));
        if settings.slopes {
            let steep = slopes(&xs)?;
            let curve = Curve::through(&xs, &steep, slopes)?;
            all.push((steep, curve, format!("slope of {formula}"), 1));
        }
        for &at in settings.tangents.iter().flat_map(|tangents| &tangents.0) {
            let height = sampled.at(if formula.names().is_empty() { &[] } else { std::slice::from_ref(&at) })?;
            let slope = slopes(&[at])?.first().copied().unwrap_or(0.0);
            let line = [low, high].map(|x| height + slope * (x - at));
            let label = format!("tangent at {}, slope {}", short(at), short(slope));
            tangents.push((
                Line::new([low, high], line).label(label).dashed(),
                Points::new([at], [height]).colour(Role::Ink).shape(Shape::Circle),
            ));
        }
    }
    let lines: Vec<(&[f64], usize)> = all.iter().map(|(ys, _, _, least)| (ys.as_slice(), *least)).collect();
    let patterns = patterns(&lines);
    let mut plot = Plot::new().labels(name, "").zero_axes(true).x_limits(low, high);
    for ((_, curve, label, _), pattern) in all.iter().zip(patterns) {
        plot = plot.add(curve.line().label(label).dashes(pattern));
    }
    plot = tangents.into_iter().fold(plot, |plot, (line, point)| plot.add(line).add(point));
    let values: Vec<f64> = all.iter().flat_map(|(ys, ..)| ys.iter().copied()).collect();
    let curves: Vec<Curve> = all.into_iter().map(|(_, curve, ..)| curve).collect();
    let seen = if settings.heights.is_some() { None } else { heights(&curves, name) };
    let (limits, said) = seen.unzip();
    // A steep tangent would leave no room for what it touches.
    let around = || settings.tangents.as_ref().and_then(|_| around(&values));
    if let Some(Limits { low, high }) = settings.heights.or(limits).or_else(around) {
        plot = plot.y_limits(low, high);
    }
    let mut drawn = Drawn::new(plot).with_gaps(&values);
    drawn.notes.extend(said);
    Ok(drawn)
}

impl Settings {
    /// Refuses what curves cannot show.
    fn check_curves(&self) -> Result<(), Failure> {
        if let Some(form) = self.form {
            let name = form.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default();
            return Err(Failure::Usage(format!(
                "--as {name} is for a formula of two names, such as \"x0^2 + x1^2\"; leave it out for a curve"
            )));
        }
        let Limits { low, high } = self.range;
        let places = self.tangents.iter().flat_map(|tangents| tangents.0.iter().copied());
        let outside: Vec<f64> = places.filter(|place| !(low..=high).contains(place)).collect();
        if outside.is_empty() {
            return Ok(());
        }
        Err(Failure::Usage(format!(
            "--tangent {} lies outside of --range {low},{high}; give a place between {low} and {high}, or another --range",
            listed(&outside)
        )))
    }
}

/// The range of values, with some room.
pub(super) fn around(values: &[f64]) -> Option<Limits> {
    let finite = values.iter().copied().filter(|value| value.abs() < 1e290);
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let room = 0.08 * (high - low);
    // Of values that hardly differ the plot finds limits itself.
    let is_range = room > 1e-6 * low.abs().max(high.abs()) && room > 1e-290;
    is_range.then_some(Limits { low: low - room, high: high + room })
}

fn over_the_plane(settings: &Settings, formula: &Expression) -> Result<Drawn, Failure> {
    if settings.tangents.is_some() || settings.slopes || settings.heights.is_some() {
        let hint = "--tangent, --slope and --heights need a formula of one name";
        return Err(Failure::Usage(format!("{formula} has two names; {hint}")));
    }
    let sampled = Sampled::new(formula)?;
    let (title, names) = (formula.to_string(), formula.names());
    let limits = [settings.range.low, settings.range.high];
    let form = settings.form.unwrap_or_default();
    let plot = || Plot::new().title(&title).labels(&names[0], &names[1]).equal(true);
    if form == FieldPlot::Gradient {
        let points = crossed(limits, limits, 13);
        let slopes = sampled.slopes(&points)?;
        let all: Vec<f64> = slopes.iter().flatten().copied().collect();
        let [xs, ys] = [0, 1].map(|i| points[i].clone());
        let [us, vs] = [0, 1].map(|i| slopes.get(i).cloned().unwrap_or_default());
        return Ok(Drawn::new(plot().add(Arrows::new(xs, ys, us, vs))).with_gaps(&all));
    }
    let (grid, values) = grid(&sampled, limits, limits, if form == FieldPlot::Surface { 41 } else { 121 })?;
    Ok(match form {
        FieldPlot::Surface => Drawn::new(Surface::new(grid).title(title).labels(&names[0], &names[1], "")),
        FieldPlot::Contours => Drawn::new(plot().add(Contours::new(grid))),
        FieldPlot::Heat | FieldPlot::Gradient => Drawn::new(plot().add(HeatMap::new(grid))),
    }
    .with_gaps(&values))
}

/// The points of a square grid, as the numbers along each axis, row by row.
fn crossed(x: [f64; 2], y: [f64; 2], side: usize) -> [Vec<f64>; 2] {
    let (xs, ys) = (spaced(x[0], x[1], side), spaced(y[0], y[1], side));
    let rows = ys.iter().flat_map(|&y| xs.iter().map(move |&x| (x, y)));
    let (xs, ys) = rows.unzip();
    [xs, ys]
}

/// A formula of two names over a part of the plane.
pub(super) fn grid(sampled: &Sampled, x: [f64; 2], y: [f64; 2], side: usize) -> Result<(Grid, Vec<f64>), Failure> {
    let values = sampled.values(&crossed(x, y, side))?;
    Ok((Grid::new(x, y, side, side, values.clone())?, values))
}
