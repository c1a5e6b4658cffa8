//! Run, the reference way: one op at a time, in `f64` or `f32`, every value kept.
//!
//! This is the oracle for every engine and the machine for printed digits. Its order of evaluation is fixed: no fused
//! multiply-add, one portable library for exp and friends, sums as NumPy sums, products of a matrix product added one
//! after the other.

use std::borrow::Cow;

use crate::graph::{Graph, Node, NodeId, listed};
use crate::map::Lane;
use crate::mistake::Error;
use crate::op::index::{self, BadPosition};
use crate::op::{Index, Layout, Leaf, Op, contract};
use crate::shape::Sizes;
use crate::tensor::{Data, Element, Tensor};

/// A number type that the interpreter computes in.
pub trait Real: Lane<Mask = bool> + Element + Into<f64> + Send + Sync + 'static {
    /// Every number of a tensor in this type, borrowed where it is stored so.
    fn read(tensor: &Tensor) -> Cow<'_, [Self]>;
}

impl Real for f64 {
    fn read(tensor: &Tensor) -> Cow<'_, [Self]> {
        tensor.as_slice().map_or_else(|| Cow::Owned(tensor.to_f64()), Cow::Borrowed)
    }
}

impl Real for f32 {
    fn read(tensor: &Tensor) -> Cow<'_, [Self]> {
        tensor.as_slice().map_or_else(|| Cow::Owned(tensor.to_f32()), Cow::Borrowed)
    }
}

/// Every value of one run, by node.
#[derive(Debug)]
pub struct Values<'g, T: Real> {
    graph: &'g Graph,
    slots: Vec<Slot<'g, T>>,
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
    let mut values = Values { graph, slots: Vec::with_capacity(graph.nodes.len()) };
    for (id, node) in graph.nodes() {
        let shape = node.shape.resolve(&sizes).ok_or_else(|| not_resolved(graph, id, &sizes))?;
        if shape.iter().product::<usize>() > LARGE && !fits::<T>(&shape) {
            return Err(too_large(graph, id));
        }
        let value = match (&node.op, fed[id.index()]) {
            (Op::Leaf(leaf), fed) => values.leaf(id, leaf, fed, &sizes)?,
            (Op::Layout(Layout::Reshape(_)), _) => match values.slots[node.inputs[0].index()].value {
                Value::Of(source) => Value::Of(source),
                _ => Value::Of(node.inputs[0].index()),
            },
            _ => Value::Numbers(Cow::Owned(values.compute(node, &shape).map_err(|bad| Error::Position {
                what: format!("`{}` of {}", node.op.name(), graph.label(*node.inputs.last().unwrap_or(&id))),
                found: bad.found,
                extent: bad.extent,
            })?)),
        };
        values.slots.push(Slot { shape, value });
    }
    Ok(values)
}

/// From this many numbers on, memory is asked first whether it has room.
const LARGE: usize = 1 << 27;

fn fits<T>(shape: &[usize]) -> bool {
    Vec::<T>::new().try_reserve_exact(shape.iter().product()).is_ok()
}

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
        Some((leaf, _)) => not_fed(graph, leaf),
        None => Error::Unbound { what: graph.label(id), shape: node.shape.clone(), symbol: symbol.to_string() },
    }
}

fn too_large(graph: &Graph, id: NodeId) -> Error {
    Error::TooLarge { what: graph.label(id), shape: graph.node(id).shape.clone() }
}

fn not_fed(graph: &Graph, id: NodeId) -> Error {
    let needs = listed(graph.fed().filter_map(|(_, node)| node.name.as_deref()));
    Error::NotFed { name: graph.label(id), shape: graph.node(id).shape.clone(), needs }
}

impl<'g, T: Real> Values<'g, T> {
    fn leaf(&self, id: NodeId, leaf: &'g Leaf, fed: Option<&'g Tensor>, sizes: &Sizes) -> Result<Value<'g, T>, Error> {
        match (leaf, fed) {
            (Leaf::Constant(value), _) => Ok(Value::Numbers(T::read(value))),
            (Leaf::Extent(dim), _) => match dim.resolve(sizes) {
                Some(extent) => Ok(Value::Numbers(Cow::Owned(vec![T::of(extent as f64)]))),
                None => Err(not_resolved(self.graph, id, sizes)),
            },
            (_, Some(value)) => match value.data() {
                Data::U8(bytes) => Ok(Value::Bytes(bytes)),
                _ => Ok(Value::Numbers(T::read(value))),
            },
            (_, None) => Err(not_fed(self.graph, id)),
        }
    }

    fn compute(&self, node: &Node, shape: &[usize]) -> Result<Vec<T>, BadPosition> {
        if let (Op::Index(Index::Gather { axis }), Some(bytes)) = (&node.op, self.stored_bytes(&node.inputs)) {
            let data_shape = &self.slots[node.inputs[0].index()].shape;
            let positions = index::positions(&self.numbers(node.inputs[1]), data_shape[*axis])?;
            let convert = |range: std::ops::Range<usize>, out: &mut Vec<T>| {
                out.extend(bytes[range].iter().map(|&byte| T::of(f64::from(byte))));
            };
            return Ok(index::gather(data_shape, *axis, &positions, convert));
        }
        let inputs: Vec<Cow<'_, [T]>> = node.inputs.iter().map(|&id| self.numbers(id)).collect();
        let slices: Vec<&[T]> = inputs.iter().map(AsRef::as_ref).collect();
        let shaped: Vec<(&[usize], &[T])> =
            node.inputs.iter().zip(&slices).map(|(id, &slice)| (&*self.slots[id.index()].shape, slice)).collect();
        let elementwise = |apply: &dyn Fn(&[&[T]], &mut Vec<T>)| {
            let mut out = Vec::with_capacity(slices.first().map_or(0, |s| s.len()));
            apply(&slices, &mut out);
            out
        };
        Ok(match &node.op {
            Op::Leaf(_) => Vec::new(),
            Op::Map(op) => elementwise(&|inputs, out| op.values(inputs, out)),
            Op::Formula(formula) => elementwise(&|inputs, out| formula.values(inputs, out)),
            Op::Reduce(reduce) => reduce.value(shaped[0].0, shaped[0].1),
            Op::Contract => contract::value(shaped[0].0, shaped[0].1, shaped[1].0, shaped[1].1),
            Op::Layout(layout) => layout.value(&shaped, shape),
            Op::Index(index) => index.value(&shaped, shape)?,
        })
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
        Tensor::from_parts(self.shape(id).to_vec(), T::into_data(self.numbers(id).into_owned()))
    }

    /// On which side of its kink each element of each op that has one stands: −1, 0 or 1.
    ///
    /// Two runs with equal answers lie on one smooth piece of the graph, so that a difference quotient between them
    /// means something.
    pub fn sides(&self) -> Vec<i8> {
        let mut sides = Vec::new();
        let side = |x: T| if T::of(0.0).less(x) { 1 } else { -i8::from(x.less(T::of(0.0))) };
        for (id, node) in self.graph.nodes() {
            let inputs = || node.inputs.iter().map(|&id| self.numbers(id)).collect::<Vec<_>>();
            match &node.op {
                Op::Map(op) if !op.info().smooth => {
                    let inputs = inputs();
                    let slices: Vec<&[T]> = inputs.iter().map(AsRef::as_ref).collect();
                    sides.extend(op.kinks(&slices).unwrap_or_default().into_iter().map(side));
                }
                Op::Formula(formula) => {
                    let inputs = inputs();
                    let slices: Vec<&[T]> = inputs.iter().map(AsRef::as_ref).collect();
                    sides.extend(formula.kinks(&slices).into_iter().map(side));
                }
                Op::Reduce(reduce) if reduce.monoid != crate::op::Monoid::Sum => {
                    sides.extend(self.extreme_positions(id, node));
                }
                _ => {}
            }
        }
        sides
    }

    /// Which elements equal the extreme that a reduction found.
    fn extreme_positions(&self, id: NodeId, node: &Node) -> Vec<i8> {
        let Op::Reduce(reduce) = &node.op else { return Vec::new() };
        let kept: Vec<usize> = self
            .shape(node.inputs[0])
            .iter()
            .enumerate()
            .map(|(axis, &extent)| if reduce.axes.contains(&axis) { 1 } else { extent })
            .collect();
        let input_shape = self.shape(node.inputs[0]).to_vec();
        let target = Layout::Broadcast(crate::shape::Shape::from(&*input_shape));
        let spread = target.value(&[(&kept, &*self.numbers(id))], &input_shape);
        self.numbers(node.inputs[0]).iter().zip(spread).map(|(&x, y)| i8::from(x.equal(y))).collect()
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
