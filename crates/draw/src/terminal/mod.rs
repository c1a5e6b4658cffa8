//! A scene as lines of text: braille dots for lines, box-drawing characters for frames, blocks for areas and pixels.

mod canvas;
mod compose;
mod palette;

use crate::colour::{Colour, Role, Theme};
use crate::geometry::{Point, Rect, clip_segment};
use crate::scene::{Anchor, Image, Item, Marker, Path, Rectangle, Scene, Shape, Stroke, Text};
pub use palette::Colours;

use canvas::{Canvas, DOTS_ACROSS, DOTS_DOWN, FILLS_ACROSS, FILLS_DOWN, is_contour};

/// The widest picture in a terminal.
const MOST_COLUMNS: usize = 1000;

impl Scene {
    /// The picture as lines of text, `columns` cells wide (at most 1000), each line ended by a newline.
    ///
    /// A cell stands for a rectangle twice as high as wide. A picture that is 8 pixels wide for each column comes out
    /// sharpest: texts of it start at cells, frames lie on cells. Colours are set by escape sequences, as many as
    /// [`Colours`] says (`true` stands for all); without, there are only characters, and series differ by dashes, marks and
    /// shades.
    pub fn terminal(&self, columns: usize, colours: impl Into<Colours>) -> String {
        let colours = colours.into();
        let colour = colours.any();
        let columns = columns.clamp(1, MOST_COLUMNS);
        let cell = (self.width / columns as f64).max(1e-9);
        let rows = (self.height / (2.0 * cell) - 1e-6).ceil().clamp(1.0, 2.0 * MOST_COLUMNS as f64) as usize;
        let mut painter = Painter {
            canvas: Canvas::new(columns, rows),
            cell: [cell, 2.0 * cell],
            clip: Rect::new(0.0, 0.0, self.width, self.height),
            plain: !colour,
            // Where a picture has dashes of its own, they say all.
            dashed: if colour || has_dashes(&self.items) { Vec::new() } else { stroked(&self.items) },
        };
        painter.items(&self.items);
        compose::compose(&painter.canvas, self.theme, colours)
    }
}

fn has_dashes(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Path(path) => path.stroke.as_ref().is_some_and(|stroke| !stroke.dashes.is_empty()),
        Item::Group(group) => has_dashes(&group.items),
        _ => false,
    })
}

/// The series of which there are lines, in the order of their colours.
fn stroked(items: &[Item]) -> Vec<Role> {
    let mut roles: Vec<Role> = items
        .iter()
        .flat_map(|item| match item {
            Item::Path(path) => path.stroke.iter().filter_map(|stroke| stroke.colour.role()).collect(),
            Item::Group(group) => stroked(&group.items),
            _ => Vec::new(),
        })
        .filter(|role| matches!(role, Role::Series(_)))
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// A role's colour in a terminal. Where the ground is not known, half-way between what light and dark ground would have;
/// `None` is the terminal's own ink.
pub(crate) fn terminal_rgb(colour: Colour, theme: Theme) -> Option<[u8; 3]> {
    match (colour.role(), theme) {
        (Some(Role::Ink), _) => None,
        (Some(role), Theme::Auto) => {
            let (light, dark) = (role.rgb(Theme::Light), role.rgb(Theme::Dark));
            Some(std::array::from_fn(|i| ((u16::from(light[i]) + u16::from(dark[i])) / 2) as u8))
        }
        _ => Some(colour.rgb(theme)),
    }
}

/// Whether a colour is the ground itself or a box on it: an area that hides what is behind it and shows nothing.
fn is_ground(colour: Colour) -> bool {
    matches!(colour.role(), Some(Role::Background | Role::Panel))
}

struct Painter {
    canvas: Canvas,
    /// A cell's width and height in the scene's pixels.
    cell: [f64; 2],
    clip: Rect,
    /// Whether there are no colours.
    plain: bool,
    /// The series that get dashes of their own, each by its place.
    dashed: Vec<Role>,
}

impl Painter {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Path(path) => self.path(path),
                Item::Box(rectangle) => self.rectangle(rectangle),
                Item::Marker(marker) => self.marker(marker),
                Item::Text(text) => self.text(text),
                Item::Image(image) => self.image(image),
                Item::Group(group) => {
                    let outer = self.clip;
                    if let Some(clip) = group.clip {
                        self.clip = outer.intersection(&clip);
                    }
                    self.items(&group.items);
                    self.clip = outer;
                }
            }
        }
    }

    /// The cell at a point, where the point is in the picture.
    fn cell_at(&self, [x, y]: Point) -> Option<(usize, usize)> {
        let (column, row) = ((x / self.cell[0] + 1e-6).floor(), (y / self.cell[1] + 1e-6).floor());
        let inside = column >= 0.0 && row >= 0.0 && self.clip.grown(1e-6).contains([x, y]);
        let (column, row) = (column as usize, row as usize);
        // The right and the lower edge belong to the last cells.
        inside.then(|| (column.min(self.canvas.columns - 1), row.min(self.canvas.rows - 1)))
    }

    fn path(&mut self, path: &Path) {
        if let Some(fill) = path.fill {
            self.area(&path.points, fill);
        }
        let Some(stroke) = &path.stroke else { return };
        let mut points = path.points.clone();
        if path.closed {
            points.extend(path.points.first().copied());
        }
        if path.head > 0.0 && self.short(&points) {
            return self.arrow_glyph(&points, stroke, true);
        }
        self.line(&points, stroke);
        if path.head > 0.0 {
            self.arrow_glyph(&points, stroke, false);
        }
    }

    fn line(&mut self, points: &[Point], stroke: &Stroke) {
        let mut travelled = 0.0;
        let dashes = self.dashes(stroke);
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let upright = (a[0] - b[0]).abs() < 1e-9;
            let level = (a[1] - b[1]).abs() < 1e-9;
            match stroke.colour.role() {
                Some(Role::Grid) if upright || level => self.grid_line(a, b),
                Some(Role::Outline | Role::Ink | Role::Muted) if (upright || level) && stroke.dashes.is_empty() => {
                    self.ruled_line(a, b, stroke.colour);
                }
                _ => travelled = self.dotted_line(a, b, stroke.colour, &dashes, travelled),
            }
        }
    }

    /// Lengths on and off in dots. Without colour, each series has its own.
    fn dashes(&self, stroke: &Stroke) -> Vec<f64> {
        if !stroke.dashes.is_empty() {
            let dot = self.cell[0] / DOTS_ACROSS as f64;
            // With colours a gap is as long as a cell, so that the colour of a line below is seen in it.
            let [on, off] = if self.plain { [4.0, 2.0] } else { [6.0, 4.0] };
            let is_dot = |turn: usize| stroke.dashes.get(turn + 1).is_some_and(|gap| stroke.dashes[turn] < *gap);
            let least = |turn: usize| match turn % 2 {
                0 if is_dot(turn) => 1.0,
                0 => on,
                _ => off,
            };
            let dashes = stroke.dashes.iter().enumerate();
            return dashes.map(|(turn, dash)| (dash / dot).round().max(least(turn))).collect();
        }
        if self.plain && is_contour(stroke.colour) {
            // Paler than what runs over them.
            return vec![1.0, 2.0];
        }
        let place = self.dashed.iter().position(|role| Some(*role) == stroke.colour.role());
        match place.map(|place| place % 4) {
            None | Some(0) => Vec::new(),
            Some(1) => vec![1.0, 2.0],
            Some(2) => vec![6.0, 3.0],
            Some(_) => vec![5.0, 2.0, 1.0, 2.0],
        }
    }

    fn dotted_line(&mut self, a: Point, b: Point, colour: Colour, dashes: &[f64], travelled: f64) -> f64 {
        let Some((from, to)) = clip_segment(a, b, &self.clip) else { return travelled };
        let dot = [self.cell[0] / DOTS_ACROSS as f64, self.cell[1] / DOTS_DOWN as f64];
        let (from, to) = ([from[0] / dot[0], from[1] / dot[1]], [to[0] / dot[0], to[1] / dot[1]]);
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let steps = dx.abs().max(dy.abs()).ceil().max(1.0);
        let length = libm::hypot(dx, dy);
        for step in 0..=steps as usize {
            let share = step as f64 / steps;
            if dash_is_on(dashes, travelled + share * length) {
                self.canvas.dot(from[0] + share * dx, from[1] + share * dy, colour);
            }
        }
        travelled + length
    }

    fn ruled_line(&mut self, a: Point, b: Point, colour: Colour) {
        let Some((from, to)) = clip_segment(a, b, &self.clip) else { return };
        let (Some(from), Some(to)) = (self.cell_at(from), self.cell_at(to)) else { return };
        self.canvas.rule(from, to, colour, false);
    }

    fn grid_line(&mut self, a: Point, b: Point) {
        let Some((from, to)) = clip_segment(a, b, &self.clip) else { return };
        let (Some(from), Some(to)) = (self.cell_at(from), self.cell_at(to)) else { return };
        for row in from.1.min(to.1)..=from.1.max(to.1) {
            for column in from.0.min(to.0)..=from.0.max(to.0) {
                self.canvas.grid(column, row);
            }
        }
    }

    fn short(&self, points: &[Point]) -> bool {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return true };
        let (dx, dy) = ((last[0] - first[0]) / self.cell[0], (last[1] - first[1]) / self.cell[1]);
        libm::hypot(dx, dy) < 2.0 && points.len() == 2
    }

    /// An arrow's head, or a whole short arrow as one character.
    fn arrow_glyph(&mut self, points: &[Point], stroke: &Stroke, whole: bool) {
        let Some(&tip) = points.last() else { return };
        let Some(before) = points.iter().rev().find(|p| crate::scene::distance(**p, tip) > self.cell[0] * 0.3) else {
            return;
        };
        // Directions are counted in eighths of a turn from the right, clockwise on the screen.
        let angle = libm::atan2(tip[1] - before[1], tip[0] - before[0]);
        let eighth = (angle / (std::f64::consts::PI / 4.0)).round().rem_euclid(8.0) as usize;
        let heads = ['▶', '↘', '▼', '↙', '◀', '↖', '▲', '↗'];
        let arrows = ['→', '↘', '↓', '↙', '←', '↖', '↑', '↗'];
        let (place, glyph) = if whole {
            ([(tip[0] + points[0][0]) / 2.0, (tip[1] + points[0][1]) / 2.0], arrows[eighth])
        } else {
            // A little before the tip, so that it does not fall into what the arrow points at.
            let back = self.cell[0] * 0.05;
            ([tip[0] - libm::cos(angle) * back, tip[1] - libm::sin(angle) * back], heads[eighth])
        };
        if let Some((column, row)) = self.cell_at(place) {
            self.canvas.glyph(column, row, glyph, stroke.colour);
        }
    }

    fn rectangle(&mut self, rectangle: &Rectangle) {
        let bounds = rectangle.bounds;
        if let Some(fill) = rectangle.fill {
            self.area(&bounds.corners(), fill);
            if fill.alpha >= 0.99 && !is_ground(fill) {
                self.clear_rules(&bounds);
            }
        }
        let Some(stroke) = &rectangle.stroke else { return };
        let [cw, ch] = self.cell;
        if bounds.width < 2.0 * cw || bounds.height < 2.0 * ch {
            let mut corners = bounds.corners().to_vec();
            corners.push(corners[0]);
            return self.line(&corners, stroke);
        }
        let inner = [bounds.right() - cw * 0.01, bounds.bottom() - ch * 0.01];
        let (Some(first), Some(last)) = (self.cell_at([bounds.x, bounds.y]), self.cell_at(inner)) else { return };
        let round = rectangle.radius > 0.0;
        for (from, to) in [
            (first, (last.0, first.1)),
            ((first.0, last.1), last),
            (first, (first.0, last.1)),
            ((last.0, first.1), last),
        ] {
            self.canvas.rule(from, to, stroke.colour, round);
        }
    }

    /// Takes away the lines in every cell that a box reaches into, which would hide a part that is smaller than a cell.
    fn clear_rules(&mut self, bounds: &Rect) {
        let seen = bounds.intersection(&self.clip);
        let inner = [seen.right() - self.cell[0] * 0.01, seen.bottom() - self.cell[1] * 0.01];
        if seen.width <= 0.0 || seen.height <= 0.0 {
            return;
        }
        let (Some(first), Some(last)) = (self.cell_at([seen.x, seen.y]), self.cell_at(inner)) else { return };
        for row in first.1..=last.1 {
            (first.0..=last.0).for_each(|column| self.canvas.clear_rules(column, row));
        }
    }

    fn marker(&mut self, marker: &Marker) {
        let Some(colour) = marker.fill.or(marker.stroke.as_ref().map(|s| s.colour)) else { return };
        if !self.clip.contains(marker.at) {
            return;
        }
        if marker.radius < 0.25 * self.cell[0] {
            let dot = [self.cell[0] / DOTS_ACROSS as f64, self.cell[1] / DOTS_DOWN as f64];
            return self.canvas.dot(marker.at[0] / dot[0], marker.at[1] / dot[1], colour);
        }
        if marker.radius > 1.5 * self.cell[1] && marker.shape == Shape::Circle {
            let circle: Vec<Point> = (0..48)
                .map(|step| {
                    let (sin, cos) = libm::sincos(f64::from(step) * std::f64::consts::TAU / 48.0);
                    [marker.at[0] + cos * marker.radius, marker.at[1] + sin * marker.radius]
                })
                .collect();
            return self.path(&Path {
                points: circle,
                closed: true,
                fill: marker.fill,
                stroke: marker.stroke.clone(),
                head: 0.0,
            });
        }
        let hollow = marker.fill.is_none_or(is_ground);
        let glyph = match (marker.shape, hollow) {
            (Shape::Circle, false) => '●',
            (Shape::Circle, true) => '○',
            (Shape::Square, false) => '■',
            (Shape::Square, true) => '□',
            (Shape::Triangle, false) => '▲',
            (Shape::Triangle, true) => '△',
            (Shape::Diamond, false) => '◆',
            (Shape::Diamond, true) => '◇',
            (Shape::Wedge, false) => '▼',
            (Shape::Wedge, true) => '▽',
            (Shape::Cross, _) => '×',
        };
        let colour = if hollow { marker.stroke.as_ref().map_or(colour, |s| s.colour) } else { colour };
        if let Some((column, row)) = self.cell_at(marker.at) {
            self.canvas.glyph(column, row, glyph, colour);
        }
    }

    fn text(&mut self, text: &Text) {
        let content = crate::font::one_line(&text.content);
        let cells = crate::font::text_cells(&content) as f64;
        let column = text.at[0] / self.cell[0] + text.anchor.offset(cells);
        let column = match text.anchor {
            Anchor::Middle => (column - 1e-6).round(),
            _ => column.round(),
        };
        let row = (text.at[1] / self.cell[1] + 1e-6).floor();
        if row < 0.0 || row >= self.canvas.rows as f64 {
            return;
        }
        self.canvas.text(column as i64, row as usize, &content, text.colour, text.bold);
    }

    fn area(&mut self, points: &[Point], colour: Colour) {
        let scale = [FILLS_ACROSS as f64 / self.cell[0], FILLS_DOWN as f64 / self.cell[1]];
        let points: Vec<Point> = points.iter().map(|[x, y]| [x * scale[0], y * scale[1]]).collect();
        let clip = Rect::new(
            self.clip.x * scale[0],
            self.clip.y * scale[1],
            self.clip.width * scale[0],
            self.clip.height * scale[1],
        );
        self.canvas.area(&points, &clip, colour, is_ground(colour));
    }

    fn image(&mut self, image: &Image) {
        let scale = [FILLS_ACROSS as f64 / self.cell[0], FILLS_DOWN as f64 / self.cell[1]];
        let visible = image.bounds.intersection(&self.clip);
        let columns = span(visible.x * scale[0], visible.right() * scale[0], self.canvas.columns * FILLS_ACROSS);
        for row in span(visible.y * scale[1], visible.bottom() * scale[1], self.canvas.rows * FILLS_DOWN) {
            for column in columns.clone() {
                let x = (column as f64 + 0.5) / scale[0];
                let y = (row as f64 + 0.5) / scale[1];
                let [r, g, b, a] = image
                    .raster
                    .at((x - image.bounds.x) / image.bounds.width, (y - image.bounds.y) / image.bounds.height);
                if a > 0 {
                    self.canvas.fill(column, row, Colour::from([r, g, b]).alpha(f64::from(a) / 255.0));
                }
            }
        }
    }
}

/// The whole numbers whose middles lie between two, within 0 and a bound.
fn span(from: f64, to: f64, bound: usize) -> std::ops::Range<usize> {
    let first = (from - 0.5).ceil().clamp(0.0, bound as f64) as usize;
    let last = (to - 0.5).ceil().clamp(0.0, bound as f64) as usize;
    first..last.max(first)
}

fn dash_is_on(dashes: &[f64], place: f64) -> bool {
    let whole: f64 = dashes.iter().sum();
    if whole <= 0.0 {
        return true;
    }
    let mut rest = place.rem_euclid(whole);
    for (turn, dash) in dashes.iter().enumerate() {
        if rest < *dash {
            return turn % 2 == 0;
        }
        rest -= dash;
    }
    false
}
