//! How large things are on a page, and where their parts are.

use std::f64::consts::FRAC_1_SQRT_2;

use super::Direction;
use super::layered::{Block, Hop, Layout};
use super::sketch::{Kind, Net, Sketch, Unit};
use crate::{Rect, text_width};

pub(super) const TEXT: f64 = 13.0;
pub(super) const SMALL: f64 = 11.0;
/// From one line of text to the next.
pub(super) const LEADING: f64 = 16.0;
/// Of an op's circle.
pub(super) const RADIUS: f64 = 19.0;
/// Between a line and the text beside it.
pub(super) const CLEAR: f64 = 4.0;
/// From a node along its line to the line's label, and from there on.
pub(super) const BESIDE: f64 = 10.0;

/// A unit on a page. *Along* is where the lines lead, *across* is at right angles to it.
pub(super) struct UnitSize {
    /// What it takes across, its labels included.
    pub(super) block: Block,
    /// The node's own width and height.
    pub(super) size: [f64; 2],
    /// The node's middle across, from the block's edge.
    pub(super) middle: f64,
    /// What the caption takes along, beyond the node and on either side of it.
    overhang: f64,
    /// What the labels take along.
    labels: f64,
}

impl UnitSize {
    pub(super) fn of(unit: &Unit, sketch: &Sketch, direction: Direction) -> Self {
        let nets: Vec<&Net> = unit.outputs.iter().map(|&line| &sketch.nets[line]).collect();
        match direction {
            Direction::Down => Self::down(unit, &nets),
            _ => Self::right(unit, &nets),
        }
    }

    /// Lines leave to the right, one under the other, each with its value above and its derivative below.
    fn right(unit: &Unit, nets: &[&Net]) -> Self {
        let [width, height] = node_size(unit, unit.inputs, 0);
        let (mut edge, mut ys) = (0.0, Vec::new());
        for net in nets {
            ys.push(edge + above(net));
            edge += above(net) + below(net);
        }
        let (middle, height) = spanned(&ys, height);
        let caption = if unit.caption.is_empty() { 0.0 } else { LEADING };
        let top = (middle - height / 2.0 - caption).min(0.0);
        let bottom = (middle + height / 2.0).max(edge);
        Self {
            block: Block {
                height: bottom - top,
                ins: slots(unit, height).map(|slot| middle - top + slot).collect(),
                outs: ys.iter().map(|y| y - top).collect(),
            },
            size: [width, height],
            middle: middle - top,
            overhang: ((text_width(&unit.caption, SMALL, false) - width) / 2.0).max(0.0),
            labels: if nets.is_empty() {
                0.0
            } else {
                nets.iter().map(|net| label_width(net)).fold(0.0, f64::max) + 2.0 * BESIDE
            },
        }
    }

    /// Lines leave downwards, one beside the other, each with its labels to the right of it.
    fn down(unit: &Unit, nets: &[&Net]) -> Self {
        let [width, height] = node_size(unit, 0, unit.inputs);
        let (mut edge, mut xs) = (0.0, Vec::new());
        for net in nets {
            xs.push(edge + 3.0 * CLEAR);
            edge += 5.0 * CLEAR + label_width(net);
        }
        let (middle, width) = spanned(&xs, width);
        let caption = if unit.caption.is_empty() { 0.0 } else { text_width(&unit.caption, SMALL, false) + CLEAR };
        let left = (middle - width / 2.0).min(0.0);
        let right = (middle + width / 2.0 + caption).max(edge);
        let lines = |net: &&Net| LEADING * net.label.texts().count() as f64;
        Self {
            block: Block {
                height: right - left,
                ins: slots(unit, width).map(|slot| middle - left + slot).collect(),
                outs: xs.iter().map(|x| x - left).collect(),
            },
            size: [width, height],
            middle: middle - left,
            overhang: 0.0,
            labels: if nets.is_empty() { 0.0 } else { nets.iter().map(lines).fold(LEADING, f64::max) + 2.0 * CLEAR },
        }
    }

    /// Keeps room free on either side, across.
    pub(super) fn grow(&mut self, before: f64, after: f64) {
        self.block.height += before + after;
        self.block.ins.iter_mut().chain(&mut self.block.outs).for_each(|place| *place += before);
        self.middle += before;
    }

    /// Takes at least so much along, from left to right.
    pub(super) fn make_long(&mut self, length: f64) {
        self.labels = self.labels.max(length - self.size[0] - 2.0 * self.overhang);
    }

    /// How long the node is along.
    pub(super) fn length(&self, direction: Direction) -> f64 {
        self.size[usize::from(direction == Direction::Down)]
    }
}

/// A node's size, with room for the lines that enter it at its side and from above.
fn node_size(unit: &Unit, beside: usize, above: usize) -> [f64; 2] {
    let title = text_width(&unit.title, TEXT, false);
    let [width, height] = match unit.kind {
        Kind::Op if is_round(unit) => [2.0 * RADIUS; 2],
        Kind::Op => [title + 20.0, 2.0 * RADIUS],
        Kind::Layer => [title + 28.0, 52.0],
        Kind::Leaf | Kind::Update => [title + 20.0, 28.0],
        Kind::Constant => [title + 6.0, 20.0],
    };
    [width.max(15.0 * above as f64), height.max(15.0 * beside as f64)]
}

/// Whether the unit is a circle: an op with a short sign and few operands.
pub(super) fn is_round(unit: &Unit) -> bool {
    let is_small = unit.inputs <= 2 && unit.outputs.len() <= 1;
    unit.kind == Kind::Op && is_small && text_width(&unit.title, TEXT, false) <= 1.5 * RADIUS
}

/// The middle of a node whose lines leave at `places`, and its size with room for them.
fn spanned(places: &[f64], size: f64) -> (f64, f64) {
    match (places.first(), places.last()) {
        (Some(first), Some(last)) if last > first => ((first + last) / 2.0, size.max(last - first + 2.0 * RADIUS)),
        (Some(only), _) => (*only, size),
        _ => (0.0, size),
    }
}

/// Where lines enter a node, from its middle.
fn slots(unit: &Unit, size: f64) -> impl Iterator<Item = f64> {
    let count = unit.inputs;
    // Beyond that, a circle's edge turns away from the line.
    let reach = if is_round(unit) { size * FRAC_1_SQRT_2 } else { size - 10.0 };
    (0..count).map(move |i| ((i as f64 + 0.5) / count as f64 - 0.5) * reach)
}

/// What a line needs above it.
fn above(net: &Net) -> f64 {
    CLEAR + LEADING * net.label.above.len() as f64
}

/// What a line needs below it, the arrow back included.
fn below(net: &Net) -> f64 {
    let arrow = if net.label.below.is_empty() { 0.0 } else { 2.0 * CLEAR };
    CLEAR + arrow + LEADING * net.label.below.len() as f64
}

/// The width of a line's labels.
fn label_width(net: &Net) -> f64 {
    widest(&net.label.above).max(widest(&net.label.below))
}

/// The width of the widest text.
pub(super) fn widest(texts: &[String]) -> f64 {
    texts.iter().map(|text| text_width(text, TEXT, false)).fold(0.0, f64::max)
}

/// A rank's place along: where lines come in, where nodes end and labels begin, where lines leave.
#[derive(Clone, Copy)]
pub(super) struct Band {
    pub(super) start: f64,
    pub(super) nodes: f64,
    pub(super) end: f64,
}

/// The places of the ranks, one behind the other.
pub(super) fn bands(placed: &Layout, sizes: &[UnitSize], direction: Direction, start: f64) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    let mut start = start;
    for (blocks, hops) in placed.ranks.iter().zip(&placed.hops) {
        let most =
            |length: &dyn Fn(&UnitSize) -> f64| blocks.iter().map(|&block| length(&sizes[block])).fold(0.0, f64::max);
        let nodes = start + most(&|form| form.length(direction) + 2.0 * form.overhang);
        let end = nodes + most(&|form| form.labels);
        bands.push(Band { start, nodes, end });
        let climb = |hop: &Hop| hop.ends.iter().map(|end| (end.0 - hop.y).abs()).fold(0.0, f64::max);
        let climb = hops.iter().map(climb).fold(0.0, f64::max);
        start = end + (24.0 + 0.2 * climb).min(if direction == Direction::Down { 70.0 } else { 120.0 });
    }
    bands
}

impl Band {
    /// The middle of a node along. Names and numbers end where their lines begin; the others stand in the middle.
    pub(super) fn middle(&self, unit: &Unit, form: &UnitSize, direction: Direction) -> f64 {
        match unit.kind {
            Kind::Leaf | Kind::Constant => self.nodes - form.overhang - form.length(direction) / 2.0,
            _ => (self.start + self.nodes) / 2.0,
        }
    }
}

/// The rectangle around a middle.
pub(super) fn around([x, y]: [f64; 2], [width, height]: [f64; 2]) -> Rect {
    Rect::new(x - width / 2.0, y - height / 2.0, width, height)
}
