//! The computational graph drawn with its numbers: values above the lines, derivatives below.
//!
//! ```text
//! Drawing ──► sketch ──────► layered ───────► page ──► Scene (SVG, PNG)
//!             what is drawn  where it stands  cells ─► a terminal, from left to right
//!                                             lanes ─► a narrow terminal, from top to bottom
//! ```

mod cells;
mod label;
mod layer_frames;
mod layered;
mod narrow;
mod page;
mod sizes;
mod sketch;

use std::collections::BTreeSet;

use limpid_graph::show::{Drawing, Numbers};

pub use page::Boxes;
use sketch::{Kind, Sketch, Unit};

use crate::{Colours, Scene};

/// A graph to be drawn, from left to right: leaves with their names, ops with their signs, layers as boxes. Above the
/// line that leaves a node stands its value, below it the derivative of the first answer with respect to it. Numbers
/// have six significant digits, whole ones all of theirs, until others are [asked for](GraphPicture::digits); tensors
/// are described by shape, range and mean.
///
/// A line is labelled once, where it leaves its node, however many nodes use the value: the derivative there is the sum
/// of what comes back from all of them.
///
/// Layers are folded until they are [opened](GraphPicture::open); a frame with the layer's name is around its nodes then. Broadcasts and reshapes, which carry the same numbers
/// on, are not drawn, and a constant has no derivative, until [everything](GraphPicture::everything) is asked for.
///
/// ```
/// use limpid_draw::GraphPicture;
/// use limpid_graph::Builder;
///
/// let b = Builder::new();
/// let (price, count, tax) = (b.scalar("apple price"), b.scalar("apple count"), b.scalar("tax"));
/// let shop = b.finish([(price * count * tax).named("total")])?;
/// let drawing = shop.trace(&[100.0.into(), 2.0.into(), 1.1.into()])?.show();
/// let picture = GraphPicture::new(&drawing);
/// assert!(picture.terminal(80, false).contains("110 "));
/// assert!(picture.digits(17).scene().svg().contains("110.00000000000001"));
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GraphPicture<'d> {
    drawing: &'d Drawing,
    layers: Layers,
    everything: bool,
    digits: Option<usize>,
    step: Option<Step>,
    direction: Direction,
    title: String,
}

/// Which layers are opened.
#[derive(Clone, Debug, Default)]
struct Layers {
    all: bool,
    opened: BTreeSet<String>,
}

/// Where the lines of a picture lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// To the right where the picture does not become very wide, else down.
    #[default]
    Fitting,
    /// From left to right: values stand above the lines, derivatives below.
    Right,
    /// From top to bottom: both stand beside the lines.
    Down,
}

/// A step of the walk forward through a graph and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of this node has just been computed.
    Forward(usize),
    /// The derivative with respect to this node has just been computed.
    Backward(usize),
}

impl<'d> GraphPicture<'d> {
    /// The picture of a graph, or of a traced one with its numbers. It is empty where the drawing's nodes are not in
    /// the order that [`limpid_graph`] gives them.
    pub fn new(drawing: &'d Drawing) -> Self {
        Self {
            drawing,
            layers: Layers::default(),
            everything: false,
            digits: None,
            step: None,
            direction: Direction::Fitting,
            title: String::new(),
        }
    }

    /// Opens the layer of this path, and those that it is in: its nodes stand in the picture one by one.
    pub fn open(mut self, path: &str) -> Self {
        self.layers.opened.insert(path.to_string());
        self
    }

    /// Opens all layers.
    pub fn open_all(mut self) -> Self {
        self.layers.all = true;
        self
    }

    /// Draws every node, also those that only carry numbers on, and every derivative, also of constants.
    pub fn everything(mut self) -> Self {
        self.everything = true;
        self
    }

    /// Writes numbers with so many significant digits, from 1 to 17; 17 writes as many as tell a number from every other.
    pub fn digits(mut self, digits: usize) -> Self {
        self.digits = Some(digits);
        self
    }

    /// A value of the graph as the picture writes it.
    pub fn written(&self, numbers: &Numbers) -> String {
        label::described(numbers, self.digits).join(" ")
    }

    /// Shows what is known after a step, and where that step was; see [`steps`](GraphPicture::steps). Nothing moves
    /// from step to step.
    pub fn at(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// Draws the picture on the page from left to right or from top to bottom.
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// A description for readers who cannot see the picture. By default it says what the graph computes from what.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The paths of the boxes that can still be opened, in the order of computation.
    pub fn folded(&self) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for path in self.drawing.nodes.iter().filter_map(|node| self.layers.folded(&node.path)) {
            if !paths.iter().any(|known| known == path) {
                paths.push(path.to_string());
            }
        }
        paths
    }

    /// The walk through what is drawn: forward over all that is computed, then back over all derivatives.
    pub fn steps(&self) -> Vec<Step> {
        let sketch = Sketch::of(self);
        let computed = sketch.units.iter().filter(|unit| matches!(unit.kind, Kind::Op | Kind::Layer));
        let forward = computed.filter_map(|unit| unit.members.last()).map(|&node| Step::Forward(node));
        let backward = backward(&sketch).into_iter().map(|line| Step::Backward(sketch.nets[line].node));
        forward.chain(backward).collect()
    }

    /// The picture on a page.
    pub fn scene(&self) -> Scene {
        page::draw(self).0
    }

    /// Where the nodes and the labels stand on the page.
    pub fn boxes(&self) -> Boxes {
        page::draw(self).1
    }

    /// The picture in a terminal of so many columns: from left to right where it fits, else from top to bottom, a node
    /// a line. With colours, values and derivatives have those that they have on a page.
    pub fn terminal(&self, columns: usize, colours: impl Into<Colours>) -> String {
        let sketch = Sketch::of(self);
        let grid = cells::draw(self, &sketch, columns).unwrap_or_else(|| narrow::draw(self, &sketch, columns));
        grid.text(colours.into())
    }
}

impl Layers {
    /// The outermost folded layer that a path is in.
    fn folded<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.all || path.is_empty() {
            return None;
        }
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.map(|end| &path[..end]).find(|prefix| !self.is_open(prefix))
    }

    fn is_open(&self, path: &str) -> bool {
        if self.all {
            return true;
        }
        let within =
            |opened: &String| opened.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.opened.iter().any(within)
    }
}

/// The lines that have a derivative, in the order in which those become known: as soon as every unit that a line leads
/// to has passed its own back; of those that one unit passes back together, in the order in which they enter it.
fn backward(sketch: &Sketch) -> Vec<usize> {
    let mut lines: Vec<usize> =
        (0..sketch.nets.len()).filter(|&line| !sketch.nets[line].label.below.is_empty()).collect();
    let first_use = |line: usize| sketch.nets[line].to.iter().copied().min().unwrap_or((usize::MAX, line));
    lines.sort_by_key(|&line| {
        let (unit, slot) = first_use(line);
        (std::cmp::Reverse(unit), slot)
    });
    lines
}

/// What a step lets one see.
struct Sight {
    /// The unit that the step is at.
    current: Option<usize>,
    is_backward: bool,
    /// The lines whose derivatives are not known yet.
    open: BTreeSet<usize>,
}

impl Sight {
    fn of(picture: &GraphPicture<'_>, sketch: &Sketch) -> Self {
        let (node, is_backward) = match picture.step {
            None => return Self { current: None, is_backward: true, open: BTreeSet::new() },
            Some(Step::Forward(node)) => (node, false),
            Some(Step::Backward(node)) => (node, true),
        };
        let current = sketch.units.iter().position(|unit| unit.members.contains(&node));
        let order = backward(sketch);
        let at = order.iter().position(|&line| sketch.nets[line].node == node).filter(|_| is_backward);
        let open = order[at.map_or(0, |at| at + 1)..].iter().copied().collect();
        Self { current, is_backward, open }
    }

    /// Whether the values that leave a unit are known.
    fn has_value(&self, at: usize, unit: &Unit) -> bool {
        let is_given = matches!(unit.kind, Kind::Leaf | Kind::Constant);
        is_given || self.is_backward || self.current.is_none_or(|current| at <= current)
    }

    /// Whether the derivative on a line is.
    fn has_derivative(&self, line: usize) -> bool {
        !self.open.contains(&line)
    }
}
