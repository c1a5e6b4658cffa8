//! A graph on a page.

use std::f64::consts::FRAC_1_SQRT_2;

use super::layered::{Block, Layout, Line, Spacing, layout};
use super::sketch::{Kind, Net, Sketch, Unit};
use super::{GraphPicture, Sight};
use crate::{
    Anchor, BACKWARD, Colour, FORWARD, Marker, Path, Point, Rect, Rectangle, Role, Scene, Shape, Stroke, Text,
    text_width,
};

/// Where things stand in a picture of a graph: for whoever makes a node answer to a click, and for tests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boxes {
    /// The graph's nodes in each circle or box, and the rectangle around it.
    pub nodes: Vec<(Vec<usize>, Rect)>,
    /// The rectangle around each value, derivative and name that stands outside of a node.
    pub labels: Vec<Rect>,
}

const TEXT: f64 = 13.0;
const SMALL: f64 = 11.0;
/// From one line of text to the next.
const LEADING: f64 = 16.0;
const RADIUS: f64 = 19.0;
const MARGIN: f64 = 20.0;
/// Between a node and the label of its line.
const BEFORE_LABEL: f64 = 10.0;
/// Between a line and the text above it or the arrow below it.
const CLEAR: f64 = 4.0;

/// The picture, and where everything stands.
pub(super) fn draw(picture: &GraphPicture<'_>) -> (Scene, Boxes) {
    let sketch = Sketch::of(picture);
    let shapes: Vec<Form> = sketch.units.iter().map(|unit| Form::of(unit, &sketch)).collect();
    let blocks: Vec<Block> = shapes.iter().map(|shape| shape.block.clone()).collect();
    let lines: Vec<Line> = sketch.nets.iter().map(|net| Line { from: net.from, to: net.to.clone() }).collect();
    let placed = layout(&blocks, &lines, Spacing { between: 18.0, passing: 20.0, whole: false });
    let columns = columns(&placed, &shapes);
    let sight = Sight::of(picture, &sketch);
    let mut page = Page {
        sketch: &sketch,
        forms: &shapes,
        placed: &placed,
        columns: &columns,
        sight,
        scene: Scene::new(columns.last().map_or(0.0, |column| column.end) + MARGIN, placed.height + 2.0 * MARGIN),
        boxes: Boxes::default(),
    };
    page.scene.title = picture.title.clone();
    page.hops();
    (0..placed.ranks.len()).for_each(|rank| page.units(rank));
    page.legend();
    (page.scene, page.boxes)
}

/// How large a unit is, and where its parts are, from its upper left corner.
struct Form {
    block: Block,
    /// The node's own width and height, and its middle from the top.
    width: f64,
    height: f64,
    middle: f64,
    /// How much wider than the node its caption is, on either side.
    overhang: f64,
    /// The width of its labels.
    labels: f64,
}

impl Form {
    fn of(unit: &Unit, sketch: &Sketch) -> Self {
        let title = text_width(&unit.title, TEXT, false);
        let (width, height) = match unit.kind {
            Kind::Op if is_round(unit) => (2.0 * RADIUS, 2.0 * RADIUS),
            Kind::Op => (title + 20.0, (2.0 * RADIUS).max(14.0 * unit.inputs as f64)),
            Kind::Layer => (title + 28.0, 52.0_f64.max(16.0 * unit.inputs as f64)),
            Kind::Leaf | Kind::Update => (title + 20.0, 28.0),
            Kind::Constant => (title + 6.0, 20.0),
        };
        let caption = if unit.caption.is_empty() { 0.0 } else { LEADING };
        let overhang = ((text_width(&unit.caption, SMALL, false) - width) / 2.0).max(0.0);
        let nets = || unit.outputs.iter().map(|&line| &sketch.nets[line]);
        // Lines leave one under the other, each with its labels around it; the node stands in the middle of them.
        let (mut edge, mut ys) = (0.0, Vec::new());
        for net in nets() {
            ys.push(edge + above(net));
            edge += above(net) + below(net);
        }
        let middle = match (ys.first(), ys.last()) {
            (Some(first), Some(last)) => (first + last) / 2.0,
            _ => 0.0,
        };
        let height = ys.last().map_or(height, |last| height.max(last - ys[0] + 2.0 * RADIUS));
        let top = (middle - height / 2.0 - caption).min(0.0);
        let bottom = (middle + height / 2.0).max(edge);
        // Where a circle is entered, its edge is not far from upright.
        let reach = if is_round(unit) { height * FRAC_1_SQRT_2 } else { height - 10.0 };
        let slot = |i: usize| ((i as f64 + 0.5) / unit.inputs as f64 - 0.5) * reach;
        Self {
            block: Block {
                height: bottom - top,
                ins: (0..unit.inputs).map(|i| middle - top + slot(i)).collect(),
                outs: ys.iter().map(|y| y - top).collect(),
            },
            width,
            height,
            middle: middle - top,
            overhang,
            labels: nets()
                .flat_map(|net| net.label.texts())
                .map(|text| text_width(text, TEXT, false))
                .fold(0.0, f64::max),
        }
    }
}

/// Whether the unit is a circle: an op with a short sign and not many operands.
fn is_round(unit: &Unit) -> bool {
    unit.kind == Kind::Op && unit.inputs <= 3 && text_width(&unit.title, TEXT, false) <= 1.5 * RADIUS
}

fn above(net: &Net) -> f64 {
    CLEAR + LEADING * net.label.above.len() as f64
}

fn below(net: &Net) -> f64 {
    let arrow = if net.label.below.is_empty() { 0.0 } else { 2.0 * CLEAR };
    CLEAR + arrow + LEADING * net.label.below.len() as f64
}

/// A rank's place: where lines come in, where nodes have their middle, where lines leave.
struct Column {
    start: f64,
    middle: f64,
    end: f64,
}

fn columns(placed: &Layout, forms: &[Form]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut start = MARGIN;
    for (rank, blocks) in placed.ranks.iter().enumerate() {
        let half = |block: &usize| forms[*block].width / 2.0 + forms[*block].overhang;
        let half = blocks.iter().map(half).fold(0.0, f64::max);
        let trail = |block: &usize| {
            let form = &forms[*block];
            let labels = if form.block.outs.is_empty() { 0.0 } else { form.labels + 2.0 * BEFORE_LABEL };
            (form.width / 2.0 + labels).max(form.width / 2.0 + form.overhang)
        };
        let trail = blocks.iter().map(trail).fold(0.0, f64::max);
        columns.push(Column { start, middle: start + half, end: start + half + trail });
        let climb = |hop: &super::layered::Hop| hop.ends.iter().map(|end| (end.0 - hop.y).abs()).fold(0.0, f64::max);
        let climb = placed.hops[rank].iter().map(climb).fold(0.0, f64::max);
        start += half + trail + (26.0 + 0.2 * climb).min(120.0);
    }
    columns
}

struct Page<'p> {
    sketch: &'p Sketch,
    forms: &'p [Form],
    placed: &'p Layout,
    columns: &'p [Column],
    sight: Sight,
    scene: Scene,
    boxes: Boxes,
}

impl Page<'_> {
    /// The lines between the ranks, and through the ranks that they pass.
    fn hops(&mut self) {
        for (rank, hops) in self.placed.hops.iter().enumerate() {
            for hop in hops {
                let net = &self.sketch.nets[hop.line];
                let is_known = self.sight.has_value(net.from.0, &self.sketch.units[net.from.0]);
                let stroke = line(is_known);
                let (from, to) = ([self.columns[rank].end, MARGIN + hop.y], &self.columns[rank + 1]);
                for &(y, block) in &hop.ends {
                    let end = [to.start, MARGIN + y];
                    let bend = (end[0] - from[0]) / 2.0;
                    let curve = [from, [from[0] + bend, from[1]], [end[0] - bend, end[1]], end];
                    let mut path = Path::curve(curve, stroke.clone());
                    match block {
                        Some(block) => path.points.push([self.entry(rank + 1, block, end[1]), end[1]]),
                        None => path.points.push([to.end, end[1]]),
                    }
                    self.scene.add(if block.is_some() { path.arrow() } else { path });
                }
                if hop.ends.len() > 1 {
                    self.scene.add(Marker::new(from, Shape::Circle, 2.6, stroke.colour));
                }
            }
        }
    }

    /// Where a line at some height meets a node.
    fn entry(&self, rank: usize, block: usize, y: f64) -> f64 {
        let form = &self.forms[block];
        let middle = MARGIN + self.placed.tops[block] + form.middle;
        let half = form.width / 2.0;
        let within = if is_round(&self.sketch.units[block]) {
            let up = (y - middle).abs().min(half);
            (half * half - up * up).sqrt()
        } else {
            half
        };
        self.columns[rank].middle - within
    }

    fn units(&mut self, rank: usize) {
        for &at in &self.placed.ranks[rank] {
            let (unit, form) = (&self.sketch.units[at], &self.forms[at]);
            let centre = [self.columns[rank].middle, MARGIN + self.placed.tops[at] + form.middle];
            for (&line, &y) in unit.outputs.iter().zip(&form.block.outs) {
                let left = [centre[0] + form.width / 2.0, MARGIN + self.placed.tops[at] + y];
                self.trunk(at, &self.sketch.nets[line], left, self.columns[rank].end);
            }
            self.node(at, unit, form, centre);
        }
    }

    fn node(&mut self, at: usize, unit: &Unit, form: &Form, centre: Point) {
        let [x, y] = centre;
        let bounds = Rect::new(x - form.width / 2.0, y - form.height / 2.0, form.width, form.height);
        let is_current = self.sight.current == Some(at);
        let accent = if self.sight.is_backward { BACKWARD } else { FORWARD };
        let mut stroke = if is_current { Stroke::new(accent, 3.0) } else { Stroke::new(Role::Outline, 1.4) };
        let fill = if is_current { Colour::from(accent).alpha(0.18) } else { Role::Panel.into() };
        if unit.kind == Kind::Update {
            stroke = stroke.dashed([4.0, 3.0]);
        }
        let radius = match unit.kind {
            Kind::Op if is_round(unit) => RADIUS,
            Kind::Leaf | Kind::Update => form.height / 2.0,
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
        self.scene.add(Text::new(&unit.title, centre).size(size).anchor(Anchor::Middle));
        if !unit.caption.is_empty() {
            let place = [x, bounds.y - LEADING / 2.0];
            let caption = Text::new(&unit.caption, place).size(SMALL).anchor(Anchor::Middle).colour(Role::Muted);
            self.boxes.labels.push(caption.bounds());
            self.scene.add(caption);
        }
        self.boxes.nodes.push((unit.members.clone(), bounds));
    }

    /// The line that leaves a node, with its labels, to the end of the column.
    fn trunk(&mut self, at: usize, net: &Net, [x, y]: Point, end: f64) {
        let unit = &self.sketch.units[at];
        let (has_value, has_derivative) = (self.sight.has_value(at, unit), self.sight.has_derivative(at));
        let stroke = line(has_value);
        match (net.to.is_empty(), net.is_output) {
            (true, true) => self.scene.add(Path::line([[x, y], [end, y]], stroke).arrow()),
            // Nothing uses it.
            (true, false) => {}
            (false, _) => self.scene.add(Path::line([[x, y], [end, y]], stroke)),
        }
        let left = x + BEFORE_LABEL;
        let mut write = |content: &str, middle: f64, colour: Role, is_seen: bool| {
            let text = Text::new(content, [left, middle]).size(TEXT).colour(colour);
            self.boxes.labels.push(text.bounds());
            if is_seen {
                self.scene.add(text);
            }
        };
        let first = y - CLEAR - LEADING * (net.label.above.len() as f64 - 0.5);
        for (i, content) in net.label.above.iter().enumerate() {
            write(content, first + LEADING * i as f64, FORWARD, has_value);
        }
        let arrow = y + 2.0 * CLEAR - 1.0;
        for (i, content) in net.label.below.iter().enumerate() {
            let middle = arrow + CLEAR + LEADING * (i as f64 + 0.5) - 1.0;
            write(content, middle, BACKWARD, has_derivative && !net.label.blank);
        }
        if net.label.below.is_empty() || !has_derivative {
            return;
        }
        let width = net.label.below.iter().map(|text| text_width(text, TEXT, false)).fold(16.0, f64::max);
        self.scene.add(Path::line([[left + width, arrow], [left, arrow]], Stroke::new(BACKWARD, 1.2)).arrow());
        if net.label.blank {
            let place = Rect::new(left, arrow + CLEAR, width, LEADING - 2.0);
            let edge = Stroke::new(BACKWARD, 1.0).dashed([3.0, 2.0]);
            self.scene.add(Rectangle::new(place).stroke(edge).radius(2.0));
        }
    }

    /// What stands above and below the lines.
    fn legend(&mut self) {
        let has_values = self.sketch.nets.iter().any(|net| !net.label.below.is_empty());
        if !has_values {
            return;
        }
        let output = self.sketch.nets.iter().find(|net| net.is_output);
        let name = output.map(|net| &self.sketch.units[net.from.0].caption).filter(|name| !name.is_empty());
        let of = name.map_or(String::new(), |name| format!(" of {name}"));
        let y = self.scene.height + 4.0;
        let mut x = MARGIN;
        let entries = [("value".to_string(), FORWARD, false), (format!("derivative{of}"), BACKWARD, true)];
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
