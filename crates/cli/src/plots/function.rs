//! A formula of one name as a curve, of two names over the plane.

use clap::ValueEnum;
use limpid::draw::{Arrows, Contours, Grid, HeatMap, Line, Plot, Points, Role, Shape, Surface};
use limpid::graph::Expression;

use super::sampled::{Sampled, spaced};
use super::{Drawn, short};
use crate::failure::Failure;
use crate::pointed::{Limits, Numbers};

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
    pub(crate) form: Form,
}

/// How a formula of two names is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
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
                "there are {} names, {}; formulas of one name, or one formula of two, fit",
                several.len(),
                several.join(", ")
            )))
        }
    }
}

fn curves(settings: &Settings, name: &str) -> Result<Drawn, Failure> {
    let Limits { low, high } = settings.range;
    let xs = spaced(low, high, POINTS);
    let mut plot = Plot::new().labels(name, "").zero_axes(true).x_limits(low, high);
    let mut all = Vec::new();
    for formula in &settings.formulas {
        let sampled = Sampled::new(formula)?;
        let points = |xs: Vec<f64>| if formula.names().is_empty() { Vec::new() } else { vec![xs] };
        let on_curve =
            |xs: &[f64], answer: Vec<f64>| if answer.len() == 1 { vec![answer[0]; xs.len()] } else { answer };
        let ys = on_curve(&xs, sampled.values(&points(xs.clone()))?);
        plot = plot.add(Line::new(xs.clone(), ys.clone()).label(formula.to_string()));
        if settings.slopes {
            let slopes = sampled.slopes(&points(xs.clone()))?.pop().unwrap_or_else(|| vec![0.0; xs.len()]);
            plot = plot.add(Line::new(xs.clone(), slopes.clone()).label("its slope").dashed());
            all.extend(slopes);
        }
        all.extend(ys);
        for &at in settings.tangents.iter().flat_map(|tangents| &tangents.0) {
            let height = sampled.at(if formula.names().is_empty() { &[] } else { std::slice::from_ref(&at) })?;
            let slope =
                sampled.slopes(&points(vec![at]))?.pop().and_then(|slopes| slopes.first().copied()).unwrap_or(0.0);
            let line = [low, high].map(|x| height + slope * (x - at));
            let label = format!("tangent at {}, slope {}", short(at), short(slope));
            plot = plot.add(Line::new([low, high], line).label(label).dashed());
            plot = plot.add(Points::new([at], [height]).colour(Role::Ink).shape(Shape::Circle));
        }
    }
    // A steep tangent would leave no room for what it touches.
    let heights = settings.heights.or_else(|| settings.tangents.as_ref().and_then(|_| around(&all)));
    if let Some(Limits { low, high }) = heights {
        plot = plot.y_limits(low, high);
    }
    Ok(Drawn::new(plot).with_gaps(&all))
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
        let fits = "a formula of one name fits --tangent, --slope and --heights";
        return Err(Failure::Usage(format!("{formula} has two names; {fits}")));
    }
    let sampled = Sampled::new(formula)?;
    let (title, names) = (formula.to_string(), formula.names());
    let limits = [settings.range.low, settings.range.high];
    let plot = || Plot::new().title(&title).labels(&names[0], &names[1]).equal(true);
    if settings.form == Form::Gradient {
        let points = crossed(limits, limits, 13);
        let slopes = sampled.slopes(&points)?;
        let all: Vec<f64> = slopes.iter().flatten().copied().collect();
        let [xs, ys] = [0, 1].map(|i| points[i].clone());
        let [us, vs] = [0, 1].map(|i| slopes.get(i).cloned().unwrap_or_default());
        return Ok(Drawn::new(plot().add(Arrows::new(xs, ys, us, vs))).with_gaps(&all));
    }
    let (grid, values) = grid(&sampled, limits, limits, if settings.form == Form::Surface { 41 } else { 121 })?;
    Ok(match settings.form {
        Form::Surface => Drawn::new(Surface::new(grid).title(title).labels(&names[0], &names[1], "")),
        Form::Contours => Drawn::new(plot().add(Contours::new(grid))),
        Form::Heat | Form::Gradient => Drawn::new(plot().add(HeatMap::new(grid))),
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
