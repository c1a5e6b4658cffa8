//! A graph on a page.

use super::layer_frames::{Name, Piece, make_room, pieces};
use super::layered::{Block, Layout, Line, Spacing, layout};
use super::sizes::{BESIDE, Band, CLEAR, LEADING, RADIUS, SMALL, TEXT, UnitSize, around, bands, is_round, widest};
use super::sketch::{Kind, Net, Sketch, Unit};
use super::{Direction, GraphPicture, Sight};
use crate::{
    Anchor, BACKWARD, Colour, FORWARD, Marker, Path, Point, Rect, Rectangle, Role, Scene, Shape, Stroke, Text,
};

/// The positions of things in a picture of a graph: for programs in which nodes can be clicked, and for tests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boxes {
    /// The graph's nodes in each circle or box, and the rectangle around it.
    pub nodes: Vec<(Vec<usize>, Rect)>,
    /// The rectangle around each value, derivative and name that stands outside of a node.
    pub labels: Vec<Rect>,
}

const MARGIN: f64 = 20.0;

/// A picture that would be wider than this from left to right is drawn from top to bottom.
const WIDEST: f64 = 1400.0;

/// The picture, and where everything stands.
pub(super) fn draw(picture: &GraphPicture<'_>) -> (Scene, Boxes) {
    let sketch = Sketch::of(picture);
    match picture.direction {
        Direction::Fitting => {
            let across = drawn(picture, &sketch, Direction::Right);
            if across.0.width <= WIDEST {
                return across;
            }
            let down = drawn(picture, &sketch, Direction::Down);
            if down.0.width < across.0.width { down } else { across }
        }
        direction => drawn(picture, &sketch, direction),
    }
}

fn drawn(picture: &GraphPicture<'_>, sketch: &Sketch, direction: Direction) -> (Scene, Boxes) {
    let mut sizes: Vec<UnitSize> = sketch.units.iter().map(|unit| UnitSize::of(unit, sketch, direction)).collect();
    let (rooms, names) = make_room(&sketch.frames, &mut sizes, direction);
    let blocks: Vec<Block> = sizes.iter().map(|form| form.block.clone()).collect();
    let lines: Vec<Line> = sketch.nets.iter().map(|net| Line { from: net.from, to: net.to.clone() }).collect();
    let placed = layout(&blocks, &lines, Spacing { between: 18.0, passing: 20.0, whole: false });
    let bands = bands(&placed, &sizes, direction, MARGIN);
    let (along, across) = (bands.last().map_or(0.0, |band| band.end) + MARGIN, placed.height + 2.0 * MARGIN);
    let [width, height] = if direction == Direction::Down { [across, along] } else { [along, across] };
    let sight = Sight::of(picture, sketch);
    let (scene, boxes) = (Scene::new(width, height), Boxes::default());
    let mut page = Page { sketch, sizes: &sizes, placed: &placed, bands: &bands, direction, sight, scene, boxes };
    page.scene.title = if picture.title.is_empty() { sketch.described() } else { picture.title.clone() };
    page.frames(&pieces(&sketch.frames, &rooms, &sizes, &placed), &names);
    page.hops();
    (0..placed.ranks.len()).for_each(|rank| page.units(rank));
    page.legend();
    (page.scene, page.boxes)
}

struct Page<'p> {
    sketch: &'p Sketch,
    sizes: &'p [UnitSize],
    placed: &'p Layout,
    bands: &'p [Band],
    direction: Direction,
    sight: Sight,
    scene: Scene,
    boxes: Boxes,
}

impl Page<'_> {
    /// A place on the page: `across` is counted from the layout's edge.
    fn point(&self, along: f64, across: f64) -> Point {
        if self.direction == Direction::Down { [across + MARGIN, along] } else { [along, across + MARGIN] }
    }

    /// The frames around opened layers, and their names.
    fn frames(&mut self, pieces: &[Piece], names: &[Name]) {
        for piece in pieces {
            let corners = piece.corners(self.bands);
            let points: Vec<Point> = corners.into_iter().map(|[along, across]| self.point(along, across)).collect();
            let edge = Stroke::new(Role::Outline, 1.0).dashed([5.0, 4.0]);
            let frame = Path::area(points, Colour::from(Role::Panel).alpha(0.6));
            self.scene.add(Path { stroke: Some(edge), ..frame });
        }
        for name in names {
            let (unit, form) = (&self.sketch.units[name.unit], &self.sizes[name.unit]);
            let rank = self.placed.ranks.iter().position(|blocks| blocks.contains(&name.unit)).unwrap_or_default();
            let (band, across) = (self.bands[rank], self.placed.tops[name.unit] + name.across);
            let place = match self.direction {
                Direction::Down => self.point(band.middle(unit, form, self.direction), across),
                _ => self.point(band.start, across + LEADING / 2.0 - 2.0),
            };
            let text = Text::new(&name.text, place).size(SMALL).colour(Role::Muted);
            self.boxes.labels.push(text.bounds());
            self.scene.add(text);
        }
    }

    /// The lines between the ranks, and through the ranks that they pass.
    fn hops(&mut self) {
        for (rank, hops) in self.placed.hops.iter().enumerate() {
            for hop in hops {
                let net = &self.sketch.nets[hop.line];
                let stroke = line(self.sight.has_value(net.from.0, &self.sketch.units[net.from.0]));
                let (from, to) = (self.bands[rank].end, self.bands[rank + 1]);
                for &(across, block) in &hop.ends {
                    let bend = (to.start - from) / 2.0;
                    let curve = [(from, hop.y), (from + bend, hop.y), (to.start - bend, across), (to.start, across)];
                    let mut path = Path::curve(curve.map(|(a, c)| self.point(a, c)), stroke.clone());
                    let end = block.map_or(to.end, |block| self.entry(to, block, across));
                    path.points.push(self.point(end, across));
                    self.scene.add(if block.is_some() { path.arrow() } else { path });
                }
                if hop.ends.len() > 1 {
                    self.scene.add(Marker::new(self.point(from, hop.y), Shape::Circle, 2.6, stroke.colour));
                }
            }
        }
    }

    /// How far along a line meets a node.
    fn entry(&self, band: Band, block: usize, across: f64) -> f64 {
        let (unit, form) = (&self.sketch.units[block], &self.sizes[block]);
        let half = form.length(self.direction) / 2.0;
        let off = (across - self.placed.tops[block] - form.middle).abs().min(half);
        let inner = if is_round(unit) { (half * half - off * off).sqrt() } else { half };
        band.middle(unit, form, self.direction) - inner
    }

    fn units(&mut self, rank: usize) {
        let band = self.bands[rank];
        for &at in &self.placed.ranks[rank] {
            let (unit, form, top) = (&self.sketch.units[at], &self.sizes[at], self.placed.tops[at]);
            let middle = band.middle(unit, form, self.direction);
            let edge = middle + form.length(self.direction) / 2.0;
            for (&line, &across) in unit.outputs.iter().zip(&form.block.outs) {
                self.trunk(at, &self.sketch.nets[line], [edge, band.end], top + across);
                self.labels(at, line, self.point(band.nodes, top + across));
            }
            self.node(at, unit, around(self.point(middle, top + form.middle), form.size));
        }
    }

    fn node(&mut self, at: usize, unit: &Unit, bounds: Rect) {
        let is_current = self.sight.current == Some(at);
        let accent = if self.sight.is_backward { BACKWARD } else { FORWARD };
        let mut stroke = if is_current { Stroke::new(accent, 3.0) } else { Stroke::new(Role::Outline, 1.4) };
        let fill = if is_current { Colour::from(accent).alpha(0.18) } else { Role::Panel.into() };
        if unit.kind == Kind::Update {
            stroke = stroke.dashed([4.0, 3.0]);
        }
        let radius = match unit.kind {
            Kind::Op if is_round(unit) => RADIUS,
            Kind::Leaf | Kind::Update => bounds.height.min(bounds.width) / 2.0,
            _ => 6.0,
        };
        if unit.kind != Kind::Constant {
            self.scene.add(Rectangle::new(bounds).fill(Role::Background).radius(radius));
            self.scene.add(Rectangle::new(bounds).fill(fill).stroke(stroke).radius(radius));
        }
        if unit.kind == Kind::Layer {
            // A second edge says that there is something inside.
            let inner = Rectangle::new(bounds.grown(-4.0)).stroke(Stroke::new(Role::Outline, 0.8)).radius(4.0);
            self.scene.add(inner);
        }
        let is_sign = is_round(unit) && unit.title.chars().count() == 1;
        let size = if is_sign { 20.0 } else { TEXT };
        self.scene.add(Text::new(&unit.title, bounds.centre()).size(size).anchor(Anchor::Middle));
        self.boxes.nodes.push((unit.members.clone(), bounds));
        if unit.caption.is_empty() {
            return;
        }
        let [x, y] = bounds.centre();
        let caption = match self.direction {
            Direction::Down => Text::new(&unit.caption, [bounds.right() + CLEAR, y]),
            _ => Text::new(&unit.caption, [x, bounds.y - LEADING / 2.0]).anchor(Anchor::Middle),
        };
        let caption = caption.size(SMALL).colour(Role::Muted);
        self.boxes.labels.push(caption.bounds());
        self.scene.add(caption);
    }

    /// The line that leaves a node, to the end of its rank.
    fn trunk(&mut self, at: usize, net: &Net, [from, to]: [f64; 2], across: f64) {
        let stroke = line(self.sight.has_value(at, &self.sketch.units[at]));
        let path = Path::line([self.point(from, across), self.point(to, across)], stroke);
        match (net.to.is_empty(), net.is_output) {
            (true, true) => self.scene.add(path.arrow()),
            // Nothing uses it.
            (true, false) => {}
            (false, _) => self.scene.add(path),
        }
    }

    /// A line's value, its derivative and the arrow back, where the nodes of its rank end.
    fn labels(&mut self, at: usize, line: usize, [x, y]: Point) {
        let (unit, net) = (&self.sketch.units[at], &self.sketch.nets[line]);
        let (has_value, has_derivative) = (self.sight.has_value(at, unit), self.sight.has_derivative(line));
        let (above, below) = (net.label.above.len() as f64, net.label.below.len() as f64);
        let width = widest(&net.label.below).max(16.0);
        // Where the text begins, the upper edges of both parts, and the arrow.
        let (left, value, derivative, arrow) = match self.direction {
            Direction::Down => {
                let (left, top) = (x + 2.0 * CLEAR, y + CLEAR);
                let derivative = top + above * LEADING;
                (
                    left,
                    top,
                    derivative,
                    [[x - 1.5 * CLEAR, derivative + below * LEADING], [x - 1.5 * CLEAR, derivative]],
                )
            }
            _ => {
                let (left, line) = (x + BESIDE, y + 2.0 * CLEAR - 1.0);
                (left, y - CLEAR - above * LEADING, line + CLEAR - 1.0, [[left + width, line], [left, line]])
            }
        };
        for (i, text) in net.label.above.iter().enumerate() {
            self.write(text, [left, value + (i as f64 + 0.5) * LEADING], FORWARD, has_value);
        }
        for (i, text) in net.label.below.iter().enumerate() {
            let is_seen = has_derivative && !net.label.blank;
            self.write(text, [left, derivative + (i as f64 + 0.5) * LEADING], BACKWARD, is_seen);
        }
        if net.label.below.is_empty() || !has_derivative {
            return;
        }
        self.scene.add(Path::line(arrow, Stroke::new(BACKWARD, 1.2)).arrow());
        if net.label.blank {
            let place = Rect::new(left, derivative + 1.0, width, LEADING - 2.0);
            let edge = Stroke::new(BACKWARD, 1.0).dashed([3.0, 2.0]);
            self.scene.add(Rectangle::new(place).stroke(edge).radius(2.0));
        }
    }

    fn write(&mut self, content: &str, place: Point, colour: Role, is_seen: bool) {
        let text = Text::new(content, place).size(TEXT).colour(colour);
        self.boxes.labels.push(text.bounds());
        if is_seen {
            self.scene.add(text);
        }
    }

    /// What the colours mean.
    fn legend(&mut self) {
        let Some(legend) = self.sketch.legend() else { return };
        let y = self.scene.height + 2.0;
        let mut x = MARGIN;
        let entries = [("values".to_string(), FORWARD, false), (legend, BACKWARD, true)];
        for (text, colour, is_backward) in entries {
            let (from, to) = if is_backward { (x + 26.0, x) } else { (x, x + 26.0) };
            self.scene.add(Path::line([[from, y], [to, y]], Stroke::new(colour, 1.4)).arrow());
            let text = Text::new(text, [x + 33.0, y]).size(SMALL).colour(Role::Muted);
            x += 33.0 + text.width() + 22.0;
            self.boxes.labels.push(text.bounds());
            self.scene.add(text);
        }
        self.scene.width = self.scene.width.max(x);
        self.scene.height += 20.0;
    }
}

fn line(is_known: bool) -> Stroke {
    Stroke::new(if is_known { Role::Ink } else { Role::Grid }, 1.4)
}
