//! What a node can be: a handful of classes, each in a file of its own with its shape rule, how the axes of its inputs
//! relate to those of its output ([`AxisMap`]), its reference value, its gradient and its tests.
//!
//! An engine knows these classes, not the ops in them. Within a class the ops are data: a row of the Map table, a
//! monoid to reduce by, a rearrangement.

mod axes;
pub(crate) mod contract;
pub(crate) mod index;
pub(crate) mod layout;
pub(crate) mod random;
pub(crate) mod reduce;
mod window;

use std::sync::Arc;

pub use axes::{AxisLink, AxisMap, IndexBox, Window};
pub(crate) use index::BadPosition;
pub use index::Index;
pub use layout::{Layout, row_major_strides};
pub use random::{Random, STEPS_OF_THE_SECOND};
pub use reduce::{Monoid, Reduce};
pub use window::{Slide, Sliding, WindowWalk, Windows};

use limpid_tensor::{Dim, Shape, Tensor};

use crate::builder::Var;
use crate::map::{Formula, Gradient, MapOp, Real};
use crate::mistake::Fault;

/// What a node computes from its inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A value that comes from outside the graph, or from its sizes.
    Leaf(Leaf),
    /// A function of single numbers from the table, applied to each element of equally shaped inputs.
    Map(MapOp),
    /// A user's own function of single numbers.
    Formula(Formula),
    /// Axes folded away by a monoid.
    Reduce(Reduce),
    /// Matrix product over the last two axes; axes before them are equal in both inputs.
    Contract,
    /// The same numbers, arranged otherwise.
    Layout(Layout),
    /// Numbers picked, placed or found by their position.
    Index(Index),
    /// What windows see while they slide along axes, and sums of that.
    Window(Windows),
    /// Numbers drawn from a stream.
    Random(Random),
}

/// What a planner or a reader has to know an op by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Values that a graph does not compute.
    Leaf,
    /// Functions of single numbers, the table's and a user's own.
    Map,
    /// Folds.
    Reduce,
    /// Matrix products.
    Contract,
    /// Arrangements.
    Layout,
    /// Positions.
    Index,
    /// Windows.
    Window,
    /// Draws.
    Random,
}

impl Class {
    /// Every class.
    pub const ALL: &[Self] =
        &[Self::Leaf, Self::Map, Self::Reduce, Self::Contract, Self::Layout, Self::Index, Self::Window, Self::Random];

    /// Its name in drawings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Leaf => "Leaf",
            Self::Map => "Map",
            Self::Reduce => "Reduce",
            Self::Contract => "Contract",
            Self::Layout => "Layout",
            Self::Index => "Index",
            Self::Window => "Window",
            Self::Random => "Random",
        }
    }
}

/// A value that a graph does not compute.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// Fed at each run.
    Input,
    /// Learned: kept by the session, changed by assignments.
    Parameter,
    /// Kept by the session across runs but not learned, such as an optimizer's moments.
    State,
    /// Written in the graph.
    Constant(Arc<Tensor>),
    /// A dimension as a number, for means over a symbolic size.
    Extent(Dim),
}

impl Op {
    /// The op's name in listings.
    pub fn name(&self) -> &str {
        match self {
            Self::Leaf(Leaf::Input) => "input",
            Self::Leaf(Leaf::Parameter) => "parameter",
            Self::Leaf(Leaf::State) => "state",
            Self::Leaf(Leaf::Constant(_)) => "constant",
            Self::Leaf(Leaf::Extent(_)) => "extent",
            Self::Map(op) => op.info().name,
            Self::Formula(formula) => formula.name(),
            Self::Reduce(reduce) => reduce.monoid.name(),
            Self::Contract => "matmul",
            Self::Layout(layout) => layout.name(),
            Self::Index(index) => index.name(),
            Self::Window(windows) => windows.name(),
            Self::Random(random) => random.name(),
        }
    }

    /// The class that the op belongs to.
    pub fn class(&self) -> Class {
        match self {
            Self::Leaf(_) => Class::Leaf,
            Self::Map(_) | Self::Formula(_) => Class::Map,
            Self::Reduce(_) => Class::Reduce,
            Self::Contract => Class::Contract,
            Self::Layout(_) => Class::Layout,
            Self::Index(_) => Class::Index,
            Self::Window(_) => Class::Window,
            Self::Random(_) => Class::Random,
        }
    }

    /// The op's settings beside its inputs, as text: axes, target shape, classes. Empty if there are none.
    pub fn attributes(&self) -> String {
        match self {
            Self::Leaf(Leaf::Constant(tensor)) => match (tensor.rank(), tensor.item()) {
                (0, Some(number)) => number.to_string(),
                _ => String::new(),
            },
            Self::Leaf(Leaf::Extent(dim)) => dim.to_string(),
            Self::Leaf(_) | Self::Map(_) | Self::Contract => String::new(),
            Self::Formula(formula) => formula.to_string(),
            Self::Reduce(reduce) => reduce.attributes(),
            Self::Layout(layout) => layout.attributes(),
            Self::Index(index) => index.attributes(),
            Self::Window(windows) => windows.attributes(),
            Self::Random(random) => random.attributes(),
        }
    }

    /// The result's shape for inputs of these shapes. Not asked of leaves, whose shape is declared.
    pub(crate) fn infer(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        match self {
            Self::Leaf(_) => Err(Fault::Arity { wanted: 0, found: inputs.len() }),
            Self::Map(op) => elementwise(op.info().arguments.len(), inputs),
            Self::Formula(formula) => elementwise(formula.arity(), inputs),
            Self::Reduce(reduce) => reduce.infer(one(inputs)?),
            Self::Contract => contract::infer(inputs),
            Self::Layout(layout) => layout.infer(inputs),
            Self::Index(index) => index.infer(inputs),
            Self::Window(windows) => windows.infer(inputs),
            Self::Random(random) => random.infer(inputs),
        }
    }

    /// How the axes of each input relate to those of the output, for inputs and an output of these shapes.
    pub fn axes(&self, inputs: &[&[usize]], output: &[usize]) -> Vec<AxisMap> {
        match self {
            Self::Leaf(_) => Vec::new(),
            Self::Map(_) | Self::Formula(_) => inputs.iter().map(|shape| AxisMap::identity(shape)).collect(),
            Self::Reduce(reduce) => inputs.iter().map(|shape| reduce.axes(shape, output)).collect(),
            Self::Contract => contract::axes(inputs, output),
            Self::Layout(layout) => layout.axes(inputs, output),
            Self::Index(index) => index.axes(inputs, output),
            Self::Window(windows) => windows.axes(inputs, output),
            Self::Random(random) => random.axes(inputs, output),
        }
    }

    /// The reference value from inputs with their shapes; `shape` is the result's. Not asked of leaves.
    pub(crate) fn value<T: Real>(&self, inputs: &[(&[usize], &[T])], shape: &[usize]) -> Result<Vec<T>, BadPosition> {
        let slices = || inputs.iter().map(|(_, numbers)| *numbers).collect::<Vec<_>>();
        Ok(match self {
            Self::Leaf(_) => Vec::new(),
            Self::Map(op) => op.values(&slices()),
            Self::Formula(formula) => formula.values(&slices()),
            Self::Reduce(reduce) => reduce.value(inputs[0].0, inputs[0].1),
            Self::Contract => contract::value(inputs[0].0, inputs[0].1, inputs[1].0, inputs[1].1),
            Self::Layout(layout) => layout.value(inputs, shape),
            Self::Index(index) => index.value(inputs, shape)?,
            Self::Window(windows) => windows.value(inputs[0], shape),
            Self::Random(random) => random.value(&slices(), shape, &IndexBox::whole(shape)),
        })
    }

    /// What reaches input `which` of the upstream derivative `up`.
    pub(crate) fn gradient<'b>(&self, inputs: &[Var<'b>], result: Var<'b>, up: Var<'b>, which: usize) -> Gradient<'b> {
        match self {
            // A draw depends on no number but the step, by which it jumps.
            Self::Leaf(_) | Self::Random(_) => Gradient::Zero,
            Self::Map(op) => op.gradient(inputs, result, up, which),
            Self::Formula(formula) => formula.gradient(inputs, up, which),
            Self::Reduce(reduce) => reduce.gradient(inputs[0], result, up),
            Self::Contract => contract::gradient(inputs, up, which),
            Self::Layout(layout) => layout.gradient(inputs, up, which),
            Self::Index(index) => index.gradient(inputs, up, which),
            Self::Window(windows) => windows.gradient(up),
        }
    }
}

/// The one shape that all inputs of an elementwise op have; the builder has broadcast them already.
fn elementwise(arity: usize, inputs: &[&Shape]) -> Result<Shape, Fault> {
    if inputs.len() != arity {
        return Err(Fault::Arity { wanted: arity, found: inputs.len() });
    }
    match inputs.split_first() {
        Some((first, rest)) if rest.iter().all(|shape| shape == first) => Ok((*first).clone()),
        Some(_) => Err(Fault::Broadcast),
        None => Ok(Shape::scalar()),
    }
}

pub(crate) fn one<'s>(inputs: &[&'s Shape]) -> Result<&'s Shape, Fault> {
    match inputs {
        [one] => Ok(one),
        _ => Err(Fault::Arity { wanted: 1, found: inputs.len() }),
    }
}

pub(crate) fn two<'s>(inputs: &[&'s Shape]) -> Result<(&'s Shape, &'s Shape), Fault> {
    match inputs {
        [a, b] => Ok((a, b)),
        _ => Err(Fault::Arity { wanted: 2, found: inputs.len() }),
    }
}
