//! Run, the reference way: one op at a time, in `f64` or `f32`, every value kept.
//!
//! This is the oracle for every engine and the machine for printed digits. Its order of evaluation is fixed: no fused
//! multiply-add, one portable library for exp and friends, sums as NumPy sums, products of a matrix product added one
//! after the other.

use std::borrow::Cow;

use limpid_tensor::{Data, Shape, Sizes, Tensor};

use crate::graph::{Graph, Node, NodeId, listed};
use crate::map::{MapOp, Real};
use crate::memory;
use crate::mistake::Error;
use crate::op::index::{self, BadPosition};
use crate::op::{Index, IndexBox, Layout, Leaf, Op};

/// Every value of one run, by node.
#[derive(Debug)]
pub struct Values<'g, T: Real> {
    graph: &'g Graph,
    sizes: Sizes,
    slots: Vec<Slot<'g, T>>,
    /// What each leaf was fed.
    fed: Vec<Option<&'g Tensor>>,
}

#[derive(Debug)]
struct Slot<'g, T: Real> {
    shape: Vec<usize>,
    value: Value<'g, T>,
}

#[derive(Debug)]
enum Value<'g, T: Real> {
    Numbers(Cow<'g, [T]>),
    /// Bytes as they are stored, converted only where they are used.
    Bytes(&'g [u8]),
    /// The numbers of another node, under another shape.
    Of(usize),
}

/// Computes every value of `graph` from the values fed to its leaves.
///
/// # Errors
/// [`Error::NotFed`], what [`Graph::sizes`] finds, [`Error::Unbound`], [`Error::Position`] for an index that is none,
/// and [`Error::TooLarge`].
pub fn interpret<'g, T: Real>(graph: &'g Graph, feeds: &[(NodeId, &'g Tensor)]) -> Result<Values<'g, T>, Error> {
    let sizes = graph.sizes(feeds)?;
    let mut fed = vec![None; graph.nodes.len()];
    feeds.iter().for_each(|&(id, value)| fed[id.index()] = Some(value));
    let shapes = graph.shapes(&sizes)?;
    if size_of::<T>() == size_of::<f32>() {
        graph.positions_fit_f32(&shapes)?;
    }
    let mut values = Values { graph, sizes, slots: Vec::with_capacity(graph.nodes.len()), fed };
    for ((id, node), shape) in graph.nodes().zip(shapes) {
        let count = shape.iter().product::<usize>();
        if count > isize::MAX as usize / size_of::<T>() {
            return Err(too_large(graph, id));
        }
        if count > LARGE {
            memory::room_for::<T>(&format!("{} of shape {:?}", graph.label(id), shape), count)?;
        }
        let value = match (&node.op, values.fed[id.index()]) {
            (Op::Leaf(leaf), fed) => values.leaf(id, leaf, fed)?,
            (Op::Layout(Layout::Reshape(_)), _) => match values.slots[node.inputs[0].index()].value {
                Value::Of(source) => Value::Of(source),
                _ => Value::Of(node.inputs[0].index()),
            },
            _ => Value::Numbers(Cow::Owned(values.compute(node, &shape).map_err(|bad| bad.at(graph, id))?)),
        };
        values.slots.push(Slot { shape, value });
    }
    Ok(values)
}

/// From this many numbers on, memory is asked first whether it has room.
const LARGE: usize = 1 << 16;

/// A shape does not resolve where a symbol in it is not bound, mostly since its leaf was not fed, or where it is too
/// large.
fn not_resolved(graph: &Graph, id: NodeId, sizes: &Sizes) -> Error {
    let node = graph.node(id);
    let symbols = match &node.op {
        Op::Leaf(Leaf::Extent(dim)) => dim.symbols().collect::<Vec<_>>(),
        _ => node.shape.symbols().collect(),
    };
    let Some(&symbol) = symbols.iter().find(|symbol| sizes.get(symbol).is_none()) else { return too_large(graph, id) };
    match graph.fed().find(|(_, leaf)| leaf.shape.symbols().any(|s| s == symbol)) {
        Some((leaf, _)) => graph.not_fed(leaf),
        None => Error::Unbound { what: graph.label(id), shape: node.shape.clone(), symbol: symbol.to_string() },
    }
}

impl BadPosition {
    /// The error that a node's bad position is.
    fn at(self, graph: &Graph, id: NodeId) -> Error {
        let node = graph.node(id);
        let what = format!("`{}` of {}", node.op.name(), graph.label(*node.inputs.last().unwrap_or(&id)));
        Error::Position { what, found: self.found, extent: self.extent }
    }
}

fn too_large(graph: &Graph, id: NodeId) -> Error {
    Error::TooLarge { what: graph.label(id), shape: graph.node(id).shape.clone() }
}

impl Graph {
    /// The shape of every node in numbers, once the symbols are bound.
    ///
    /// # Errors
    /// [`Error::NotFed`] for the leaf that would bind a symbol and was not fed, [`Error::Unbound`], and
    /// [`Error::TooLarge`].
    pub fn shapes(&self, sizes: &Sizes) -> Result<Vec<Vec<usize>>, Error> {
        let resolved =
            |(id, node): (NodeId, &Node)| node.shape.resolve(sizes).ok_or_else(|| not_resolved(self, id, sizes));
        self.nodes().map(resolved).collect()
    }

    /// Checks that no position of a run in `f32` is rounded: positions that are fed are read as they are fed, but those that
    /// a node computes, and those that an `argmax` finds, are 32-bit floats, which tell whole numbers apart up to 2²⁴.
    ///
    /// # Errors
    /// [`Error::PositionsRound`].
    pub fn positions_fit_f32(&self, shapes: &[Vec<usize>]) -> Result<(), Error> {
        const MOST: usize = 1 << f32::MANTISSA_DIGITS;
        for (id, node) in self.nodes() {
            let Op::Index(index) = &node.op else { continue };
            let input = &shapes[node.inputs[0].index()];
            let (extent, by_fed_ones) = match index {
                Index::Gather { axis } => (input[*axis], self.is_fed_through_reshapes(node.inputs[1])),
                Index::ScatterAdd { axis, .. } => {
                    (shapes[id.index()][*axis], self.is_fed_through_reshapes(node.inputs[1]))
                }
                Index::OneHot { classes } => (*classes, false),
                Index::ArgMax { axes } => (axes.iter().map(|&axis| input[axis]).product(), false),
            };
            if extent > MOST && !by_fed_ones {
                let of = self.label(*node.inputs.last().unwrap_or(&id));
                return Err(Error::PositionsRound { what: format!("`{}` of {of}", node.op.name()), extent });
            }
        }
        Ok(())
    }

    fn is_fed_through_reshapes(&self, mut id: NodeId) -> bool {
        while let (Op::Layout(Layout::Reshape(_)), [input]) = (&self.node(id).op, &self.node(id).inputs[..]) {
            id = *input;
        }
        matches!(self.node(id).op, Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State))
    }

    /// The error that a leaf without a value is.
    pub fn not_fed(&self, leaf: NodeId) -> Error {
        let needs = listed(self.fed().filter_map(|(_, node)| node.name.as_deref()));
        Error::NotFed { name: self.label(leaf), shape: self.node(leaf).shape.clone(), needs }
    }
}

impl<'g, T: Real> Values<'g, T> {
    fn leaf(&self, id: NodeId, leaf: &'g Leaf, fed: Option<&'g Tensor>) -> Result<Value<'g, T>, Error> {
        match (leaf, fed) {
            (Leaf::Constant(value), _) => Ok(Value::Numbers(T::read(value))),
            (Leaf::Extent(dim), _) => match dim.resolve(&self.sizes) {
                Some(extent) => Ok(Value::Numbers(Cow::Owned(vec![T::of(extent as f64)]))),
                None => Err(not_resolved(self.graph, id, &self.sizes)),
            },
            (_, Some(value)) => match value.data() {
                Data::U8(bytes) => Ok(Value::Bytes(bytes)),
                _ => Ok(Value::Numbers(T::read(value))),
            },
            (_, None) => Err(self.graph.not_fed(id)),
        }
    }

    fn compute(&self, node: &Node, shape: &[usize]) -> Result<Vec<T>, BadPosition> {
        if let (Op::Index(Index::Gather { axis }), Some(bytes)) = (&node.op, self.stored_bytes(&node.inputs)) {
            let data_shape = &self.slots[node.inputs[0].index()].shape;
            let positions = self.positions(node.inputs[1], data_shape[*axis])?;
            let convert = |range: std::ops::Range<usize>, out: &mut Vec<T>| {
                out.extend(bytes[range].iter().map(|&byte| T::of(f64::from(byte))));
            };
            return Ok(index::gather(data_shape, *axis, &positions, convert));
        }
        if let Op::Index(op @ (Index::Gather { axis } | Index::ScatterAdd { axis, .. })) = &node.op {
            let input = node.inputs[0];
            let extent = if let Index::Gather { .. } = op { self.shape(input)[*axis] } else { shape[*axis] };
            let positions = self.positions(node.inputs[1], extent)?;
            return Ok(op.by_positions((self.shape(input), &self.numbers(input)), &positions, shape));
        }
        let inputs: Vec<Cow<'_, [T]>> = node.inputs.iter().map(|&id| self.numbers(id)).collect();
        node.op.value(&self.shaped(node, &inputs), shape)
    }

    /// The value of a part of a node, computed again from the parts of its inputs that it
    /// [needs](crate::op::AxisMap::needs). The order of evaluation is that of the whole, so that the numbers have the bits
    /// of a whole run. An axis that positions index is computed whole: a part that changed numbers
    /// [reach](crate::op::AxisMap::reaches) has it whole.
    ///
    /// # Errors
    /// [`Error::Position`] where a number is used as a position and is none.
    ///
    /// # Panics
    /// Where the id is of a larger graph than this, or the parts do not belong to the node.
    pub fn value_of_part(&self, id: NodeId, part: &IndexBox, inputs: &[(&IndexBox, &[T])]) -> Result<Vec<T>, Error> {
        let node = self.graph.node(id);
        let shapes: Vec<Vec<usize>> = inputs.iter().map(|(part, _)| part.shape()).collect();
        let shaped: Vec<(&[usize], &[T])> =
            shapes.iter().map(Vec::as_slice).zip(inputs.iter().map(|input| input.1)).collect();
        match &node.op {
            Op::Reduce(reduce) => Ok(reduce.value_within(self.shape(node.inputs[0]), shaped[0].0, shaped[0].1)),
            Op::Layout(layout) => {
                let whole: Vec<&[usize]> = node.inputs.iter().map(|&input| self.shape(input)).collect();
                Ok(layout.value_of_part(&whole, self.shape(id), part, inputs))
            }
            Op::Window(windows) => {
                Ok(windows.value_of_part((self.shape(node.inputs[0]), self.shape(id)), part, inputs[0]))
            }
            Op::Random(random) => {
                let steps: Vec<&[T]> = inputs.iter().map(|input| input.1).collect();
                Ok(random.value(&steps, self.shape(id), part))
            }
            op => op.value(&shaped, &part.shape()).map_err(|bad| bad.at(self.graph, id)),
        }
    }

    /// A node's numbers as positions on an axis of `extent`: where they are fed, as they are fed, so that none is rounded.
    fn positions(&self, id: NodeId, extent: usize) -> Result<Vec<usize>, BadPosition> {
        let source = match self.slots[id.index()].value {
            Value::Of(source) => source,
            _ => id.index(),
        };
        match self.fed[source].and_then(Tensor::as_slice::<f64>) {
            Some(numbers) => index::positions(numbers, extent),
            None => index::positions(&self.numbers(id), extent),
        }
    }

    /// Each input's shape beside its numbers.
    fn shaped<'s>(&'s self, node: &Node, inputs: &'s [Cow<'_, [T]>]) -> Vec<(&'s [usize], &'s [T])> {
        node.inputs.iter().zip(inputs).map(|(&id, numbers)| (self.shape(id), numbers.as_ref())).collect()
    }

    /// The bytes behind the first input, where it is stored so.
    fn stored_bytes(&self, inputs: &[NodeId]) -> Option<&'g [u8]> {
        match self.slots[inputs[0].index()].value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The shape of a node's value in this run.
    ///
    /// # Panics
    /// Where the id is of a larger graph than this.
    pub fn shape(&self, id: NodeId) -> &[usize] {
        &self.slots[id.index()].shape
    }

    /// The numbers of a node, row by row.
    ///
    /// # Panics
    /// Where the id is of a larger graph than this.
    pub fn numbers(&self, id: NodeId) -> Cow<'_, [T]> {
        match &self.slots[id.index()].value {
            Value::Numbers(numbers) => Cow::Borrowed(numbers),
            Value::Bytes(bytes) => Cow::Owned(bytes.iter().map(|&byte| T::of(f64::from(byte))).collect()),
            Value::Of(source) => self.numbers(NodeId(*source)),
        }
    }

    /// A node's value.
    ///
    /// # Panics
    /// Where the id is of a larger graph than this.
    pub fn tensor(&self, id: NodeId) -> Tensor {
        Tensor::new(self.shape(id), self.numbers(id).into_owned())
            .unwrap_or_else(|_| unreachable!("a run has as many numbers as its shapes say"))
    }

    /// The graph that was run.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// On which side of its kink each element of each op that has one stands: −1, 0 or 1. Ops whose value no derivative
    /// passes through are left out.
    ///
    /// Two runs with equal answers lie on one smooth piece of the graph, so that a difference quotient between them
    /// means something.
    pub fn sides(&self) -> Vec<i8> {
        let differentiated = self.graph.differentiated();
        let watched = self.graph.nodes().filter(|(id, _)| differentiated[id.index()]);
        let sides = watched.map(|(id, node)| {
            let inputs: Vec<Cow<'_, [T]>> = node.inputs.iter().map(|&id| self.numbers(id)).collect();
            node.op.sides(&self.shaped(node, &inputs), &self.numbers(id))
        });
        sides.flatten().collect()
    }
}

impl Op {
    /// On which side of its kink each element stands: −1, 0 or 1, from the inputs with their shapes and the result.
    /// Nothing for a smooth op.
    pub fn sides<T: Real>(&self, inputs: &[(&[usize], &[T])], result: &[T]) -> Vec<i8> {
        let side = |x: T| if T::of(0.0).less(x) { 1 } else { -i8::from(x.less(T::of(0.0))) };
        let slices = || inputs.iter().map(|(_, numbers)| *numbers).collect::<Vec<_>>();
        match self {
            Self::Map(op) if !op.info().smooth => {
                op.kinks(&slices()).unwrap_or_default().into_iter().map(side).collect()
            }
            Self::Formula(formula) => formula.kinks(&slices()).into_iter().map(side).collect(),
            // An extreme has a kink where another element takes its place.
            Self::Reduce(reduce) if reduce.monoid.picks_one() => {
                let (shape, numbers) = inputs[0];
                let kept = |(axis, &extent): (usize, &usize)| if reduce.axes.contains(&axis) { 1 } else { extent };
                let kept: Vec<usize> = shape.iter().enumerate().map(kept).collect();
                let spread = Layout::Broadcast(Shape::from(shape)).value(&[(&kept, result)], shape);
                numbers.iter().zip(spread).map(|(&x, extreme)| i8::from(x.equal(extreme))).collect()
            }
            Self::Leaf(_)
            | Self::Map(_)
            | Self::Reduce(_)
            | Self::Contract
            | Self::Layout(_)
            | Self::Index(_)
            | Self::Window(_)
            | Self::Random(_) => Vec::new(),
        }
    }
}

impl Graph {
    /// Which nodes a derivative of the outputs passes through: all that they depend on but what stands only behind a
    /// `stop_gradient`.
    pub fn differentiated(&self) -> Vec<bool> {
        let mut passed = vec![false; self.nodes.len()];
        self.outputs.iter().for_each(|id| passed[id.index()] = true);
        for (id, node) in self.nodes().rev() {
            if passed[id.index()] && node.op != Op::Map(MapOp::StopGradient) {
                node.inputs.iter().for_each(|input| passed[input.index()] = true);
            }
        }
        passed
    }
}

impl Graph {
    /// Runs the graph in `f64` from values by name, and answers its outputs in order. Assignments are computed but not
    /// kept: a session does that.
    ///
    /// # Errors
    /// As [`interpret`], and [`Error::UnknownFeed`].
    pub fn run(&self, feeds: &[(&str, &Tensor)]) -> Result<Vec<Tensor>, Error> {
        let feeds = self.named_feeds(feeds)?;
        let values = interpret::<f64>(self, &feeds)?;
        Ok(self.outputs.iter().map(|&id| values.tensor(id)).collect())
    }
}
