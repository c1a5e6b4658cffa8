//! A plot's axes and series as items of a scene.

use super::fields;
use super::frame::{Frame, GAP, LABEL, SMALL};
use super::{Bars, Histogram, Line, Plot, Points, Series};
use crate::bar::ColourBar;
use crate::colour::Role;
use crate::geometry::{Point, Rect, visible_runs};
use crate::number::short_number;
use crate::range::drawable;
use crate::scene::{Anchor, Marker, Path, Rectangle, Scene, Shape, Stroke, Text, distance};

pub(super) fn plot(plot: &Plot, frame: &Frame, bar: Option<&ColourBar>, scene: &mut Scene) {
    let roles = plot.roles();
    for series in &plot.series {
        match series {
            Series::HeatMap(heat) => fields::heat(heat, frame, bar, scene),
            Series::Regions(regions) => fields::regions(regions, frame, scene),
            _ => {}
        }
    }
    let enclosed = plot.series.iter().any(Series::is_tight);
    let hidden = plot.series.iter().any(|series| matches!(series, Series::HeatMap(_)));
    if plot.grid && !hidden {
        grid(plot, frame, scene);
    }
    if plot.zero_axes {
        zero_axes(frame, scene);
    }
    if plot.has_bars() {
        base(frame, scene);
    }
    let groups = plot.series.iter().filter(|series| matches!(series, Series::Bars(_))).count();
    let mut group = 0;
    let mut taken = Vec::new();
    let lines = segments(plot, frame);
    for (series, (role, index)) in plot.series.iter().zip(roles) {
        match series {
            Series::Line(series) => line(series, frame, role, index, scene),
            Series::Points(series) => points(series, frame, role, index, scene),
            Series::Bars(series) => {
                bars(series, frame, role, (group, groups), &mut taken, scene);
                group += 1;
            }
            Series::Histogram(series) => histogram(series, frame, role, scene),
            Series::Contours(series) => fields::contours(series, frame, &lines, &mut taken, scene),
            Series::Arrows(series) => fields::arrows(series, frame, role, scene),
            Series::HeatMap(_) | Series::Regions(_) | Series::Note(_) => {}
        }
    }
    for series in &plot.series {
        if let Series::Note(series) = series {
            fields::note(series, frame, &lines, &mut taken, scene);
        }
    }
    axes(frame, enclosed, scene);
    labels(frame, bar, scene);
    if plot.series.iter().all(|series| series.extent().0.is_empty()) && !plot.series.is_empty() {
        crate::header::empty(scene, &frame.medium, frame.area, "no finite numbers");
    }
}

/// The pieces of the lines of a plot that has notes, or levels written on its contours.
fn segments(plot: &Plot, frame: &Frame) -> Vec<[Point; 2]> {
    let mut pieces = Vec::new();
    let is_written = |series: &Series| match series {
        Series::Contours(contours) => contours.written,
        series => matches!(series, Series::Note(_)),
    };
    if !plot.series.iter().any(is_written) {
        return pieces;
    }
    for series in &plot.series {
        if let Series::Line(line) = series {
            let pixels: Vec<Point> = line.xs.iter().zip(&line.ys).map(|(x, y)| frame.pixel(*x, *y)).collect();
            pieces.extend(pixels.windows(2).map(|pair| [pair[0], pair[1]]));
        }
    }
    pieces
}

fn grid(plot: &Plot, frame: &Frame, scene: &mut Scene) {
    let area = frame.area;
    let stroke = Stroke::new(Role::Grid, 1.0);
    if plot.names().is_none() {
        for (place, _) in &frame.x_ticks {
            let x = frame.pixel(*place, frame.y.low)[0];
            scene.add(Path::line([[x, area.y], [x, area.bottom()]], stroke.clone()));
        }
    }
    for (place, _) in &frame.y_ticks {
        let y = frame.pixel(frame.x.low, *place)[1];
        scene.add(Path::line([[area.x, y], [area.right(), y]], stroke.clone()));
    }
}

fn zero_axes(frame: &Frame, scene: &mut Scene) {
    let area = frame.area;
    let [x, y] = frame.pixel(0.0, 0.0);
    let stroke = Stroke::new(Role::Muted, 1.0);
    if frame.y.low < 0.0 && frame.y.high > 0.0 {
        scene.add(Path::line([[area.x, y], [area.right(), y]], stroke.clone()));
    }
    if frame.x.low < 0.0 && frame.x.high > 0.0 {
        scene.add(Path::line([[x, area.y], [x, area.bottom()]], stroke));
    }
}

fn axes(frame: &Frame, enclosed: bool, scene: &mut Scene) {
    let edge = frame.edge();
    let stroke = Stroke::new(Role::Outline, 1.0);
    let mut rule = |from: Point, to: Point| scene.add(Path::line([from, to], stroke.clone()));
    let [top_left, top_right, bottom_right, bottom_left] = edge.corners();
    rule(top_left, bottom_left);
    rule(bottom_left, bottom_right);
    if enclosed {
        rule(top_left, top_right);
        rule(top_right, bottom_right);
    }
    // In a terminal a mark is a cross on the axis.
    let mark = if frame.medium.cells { 0.1 } else { 4.0 };
    for (place, _) in &frame.x_ticks {
        let x = frame.pixel(*place, frame.y.low)[0];
        rule([x, edge.bottom()], [x, edge.bottom() + mark]);
    }
    for (place, _) in &frame.y_ticks {
        let y = frame.pixel(frame.x.low, *place)[1];
        rule([edge.x - mark, y], [edge.x, y]);
    }
}

fn labels(frame: &Frame, bar: Option<&ColourBar>, scene: &mut Scene) {
    let (area, medium) = (frame.area, &frame.medium);
    let edge = frame.edge();
    let left = edge.x - if medium.cells { 4.0 + 8.0 } else { GAP };
    let mut widest: f64 = 0.0;
    for (place, label) in &frame.y_ticks {
        let y = frame.pixel(frame.x.low, *place)[1];
        scene.add(Text::new(label, [left, y]).size(SMALL).anchor(Anchor::End).colour(Role::Muted));
        widest = widest.max(medium.text_width(label, SMALL, false));
    }
    let mut below = edge.bottom() + if medium.cells { 8.0 } else { GAP };
    let mut lowest = medium.line(SMALL);
    for (place, label) in &frame.x_ticks {
        if frame.rotated {
            let x = frame.pixel(*place, frame.y.low)[0];
            let text = Text::new(label, [x, area.bottom() + GAP]).size(SMALL).anchor(Anchor::End).rotated(-90.0);
            lowest = lowest.max(text.width());
            scene.add(text.colour(Role::Muted));
        } else {
            let bounds = frame.x_label_box(*place, label);
            let at = [bounds.x, bounds.centre()[1]];
            scene.add(Text::new(label, at).size(SMALL).colour(Role::Muted));
        }
    }
    below += lowest + medium.page_only(3.0);
    if !frame.x_label.is_empty() {
        let room = medium.width - 2.0 * medium.page_only(8.0);
        let label = medium.shortened(&frame.x_label, LABEL, false, room);
        let half = medium.text_width(&label, LABEL, false) / 2.0 + medium.page_only(4.0);
        let x = area.centre()[0].min(medium.width - half).max(half);
        scene.add(Text::new(label, [x, below + medium.line(LABEL) / 2.0]).anchor(Anchor::Middle));
    }
    if medium.cells {
        return heading(frame, bar, scene);
    }
    if !frame.y_label.is_empty() {
        let label = medium.shortened(&frame.y_label, LABEL, false, area.height);
        let x = left - widest - 4.0 - medium.line(LABEL) / 2.0;
        scene.add(Text::new(label, [x, area.centre()[1]]).anchor(Anchor::Middle).rotated(-90.0));
    }
}

/// In a terminal: what the y axis and the colour bar show, above them.
fn heading(frame: &Frame, bar: Option<&ColourBar>, scene: &mut Scene) {
    let medium = &frame.medium;
    let y = frame.heading + medium.line(LABEL) / 2.0;
    let right = bar.map(|bar| bar.terminal_heading(medium, frame.area.height)).unwrap_or_default();
    let half = (medium.width / 16.0).floor() * 8.0 - 8.0;
    let room = if right.is_empty() { medium.width } else { half };
    scene.add(Text::new(medium.shortened(&frame.y_label, LABEL, false, room), [0.0, y]));
    let right = medium.shortened(&right, LABEL, false, half);
    scene.add(Text::new(right, [medium.width, y]).anchor(Anchor::End));
}

/// How a line is drawn.
pub(super) fn stroke(line: &Line, role: Role) -> Stroke {
    let stroke = Stroke::new(role, line.width);
    let lengths: &[f64] = match line.dashes % 4 {
        0 => return stroke,
        1 => &[3.5, 2.0],
        2 => &[1.0, 2.0],
        _ => &[6.0, 2.0, 1.0, 2.0],
    };
    stroke.dashed(lengths.iter().map(|length| length * line.width).collect::<Vec<_>>())
}

fn line(line: &Line, frame: &Frame, role: Role, index: usize, scene: &mut Scene) {
    let pixels: Vec<Point> = line.xs.iter().zip(&line.ys).map(|(x, y)| frame.pixel(*x, *y)).collect();
    for run in visible_runs(&pixels, &frame.area.grown(1.0)) {
        scene.add(Path::line(run, stroke(line, role)));
    }
    // In a terminal a mark hides the line in its cell: one for every third cell leaves the line to be followed.
    let mut last: Option<Point> = None;
    let mut is_apart = |pixel: Point| {
        let apart = !frame.medium.cells || last.is_none_or(|last| distance(last, pixel) >= 20.0);
        last = if apart { Some(pixel) } else { last };
        apart
    };
    let finite = |place: usize| pixels.get(place).is_some_and(|p| p.iter().all(|v| v.is_finite()));
    for (place, pixel) in pixels.iter().enumerate() {
        // A point between gaps has no line that would show it.
        let alone = finite(place) && !finite(place + 1) && (place == 0 || !finite(place - 1));
        if (line.marks || alone) && frame.area.grown(1.0).contains(*pixel) && (alone || is_apart(*pixel)) {
            let shape = if line.marks { Shape::series(index) } else { Shape::Circle };
            scene.add(Marker::new(*pixel, shape, line.width.max(1.0) + 1.5, role));
        }
    }
}

fn points(points: &Points, frame: &Frame, role: Role, index: usize, scene: &mut Scene) {
    let shape = points.shape.unwrap_or(Shape::series(index));
    let edge = Stroke::new(Role::Background, 0.75);
    for (x, y) in points.xs.iter().zip(&points.ys) {
        let pixel = frame.pixel(*x, *y);
        if frame.area.grown(0.5).contains(pixel) {
            scene.add(Marker::new(pixel, shape, points.radius, role).stroke(edge.clone()));
        }
    }
}

fn bars(
    bars: &Bars,
    frame: &Frame,
    role: Role,
    (group, groups): (usize, usize),
    taken: &mut Vec<Rect>,
    scene: &mut Scene,
) {
    let width = 0.8 / groups.max(1) as f64;
    let base = frame.base();
    for (place, value) in bars.values.iter().enumerate().filter(|(_, value)| drawable(**value)) {
        let left = place as f64 - 0.4 + width * group as f64;
        let bar = Rect::between(frame.pixel(left, base), frame.pixel(left + width, *value));
        let Some(seen) = seen(bar, *value - base, frame) else { continue };
        scene.add(Rectangle::new(seen).fill(role));
        if bars.numbers {
            // The axis of logarithms has them; what is written is the number itself.
            let number = if frame.logarithmic { libm::exp10(*value) } else { *value };
            bar_number(number, *value >= base, seen, frame, taken, scene);
        }
    }
}

/// The part of a bar that lies in the area, as large as it takes to be seen; none where the bar ends outside of it.
/// `height` is that of the bar in units of the axis: one of 0 is not made higher.
fn seen(bar: Rect, height: f64, frame: &Frame) -> Option<Rect> {
    let area = frame.area;
    let part = bar.intersection(&area);
    if part.width <= 0.0 || bar.y > area.bottom() || bar.bottom() < area.y {
        return None;
    }
    // An eighth of a cell is what a terminal can show.
    let least = if height == 0.0 {
        0.0
    } else if frame.medium.cells {
        2.02
    } else {
        1.0
    };
    let part = on_cells(part, frame);
    if part.height >= least {
        return Some(part);
    }
    let foot = if height > 0.0 { part.bottom() } else { part.y + least };
    let y = (foot - least).min(area.bottom() - least).max(area.y);
    Some(Rect::new(part.x, y, part.width, least))
}

/// The sides of a bar where they can be told apart: in a terminal between cells or in the middles of cells, on a page at
/// least a pixel from each other.
fn on_cells(bar: Rect, frame: &Frame) -> Rect {
    let middle = bar.x + bar.width / 2.0;
    if !frame.medium.cells {
        let room = bar.width.max(1.0);
        let left = (middle - room / 2.0).min(frame.area.right() - room).max(frame.area.x);
        return Rect::new(left, bar.y, room, bar.height);
    }
    let sides = |unit: f64| [(bar.x / unit).round() * unit, (bar.right() / unit).round() * unit];
    let [left, right] = match bar.width {
        8.0.. => sides(8.0),
        4.0.. => sides(4.0),
        _ => [(middle / 4.0).floor() * 4.0, (middle / 4.0).floor() * 4.0 + 4.0],
    };
    Rect::new(left, bar.y, right - left, bar.height)
}

fn bar_number(value: f64, above: bool, bar: Rect, frame: &Frame, taken: &mut Vec<Rect>, scene: &mut Scene) {
    let medium = &frame.medium;
    let text = short_number(value, 3);
    let (width, line) = (medium.text_width(&text, SMALL, false), medium.line(SMALL));
    let mut y = if above { bar.y - line * 0.6 } else { bar.bottom() + line * 0.6 };
    if medium.cells {
        // The row next to the last one that the bar reaches into.
        y = if above {
            (bar.y / line).floor() * line - line / 2.0
        } else {
            (bar.bottom() / line).ceil() * line + line / 2.0
        };
    }
    let bounds = Rect::new(bar.centre()[0] - width / 2.0, y - line / 2.0, width, line);
    if width <= bar.width.max(1.0) * 1.25 && fields::reserve(bounds, frame, taken) {
        scene.add(Text::new(text, [bar.centre()[0], y]).size(SMALL).anchor(Anchor::Middle));
    }
}

/// The line that bars stand on, where values go below it.
fn base(frame: &Frame, scene: &mut Scene) {
    if !frame.logarithmic && frame.y.low < 0.0 && frame.y.high > 0.0 {
        let y = frame.pixel(frame.x.low, 0.0)[1];
        let line = [[frame.area.x, y], [frame.area.right(), y]];
        scene.add(Path::line(line, Stroke::new(Role::Outline, 1.0)));
    }
}

fn histogram(histogram: &Histogram, frame: &Frame, role: Role, scene: &mut Scene) {
    let bins = histogram.counts.len() as f64;
    let height = |count: usize| if frame.logarithmic { libm::log10(count as f64) } else { count as f64 };
    for (bin, count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (from, to) = (histogram.range.at(bin as f64 / bins), histogram.range.at((bin + 1) as f64 / bins));
        let bar = Rect::between(frame.pixel(from, frame.base()), frame.pixel(to, height(*count)));
        let Some(seen) = seen(bar, 1.0, frame) else { continue };
        let gap = if seen.width > 4.0 && !frame.medium.cells { 0.5 } else { 0.0 };
        let seen = Rect::new(seen.x + gap, seen.y, (seen.width - 2.0 * gap).max(0.0), seen.height);
        scene.add(Rectangle::new(seen).fill(role));
    }
}
