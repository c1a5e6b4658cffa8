//! Describe: a builder takes notes, a `Var` is a handle on one of them.
//!
//! Describing never fails op by op. A mistake is noted, its node is poisoned, whatever uses a poisoned node is poisoned
//! silently, and [`Builder::finish`] reports all the root causes together.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use limpid_tensor::{Dim, Shape, Stream, Tensor};

use crate::graph::{Assignment, Graph, Node, NodeId};
use crate::map::{Formula, MapOp};
use crate::mistake::{self, Error, Fault, Mistake, Mistakes, Origin};
use crate::op::{Index, Layout, Leaf, Op, Random, Reduce, Windows};

/// Describes a graph. Hands out [`Var`]s, which carry the arithmetic; `finish` makes the graph.
///
/// A layer and its loss, and the gradient of the loss; `batch` is a symbol, whose number follows from what is fed:
///
/// ```
/// use limpid_graph::{Builder, Tensor};
///
/// let b = Builder::new();
/// let x = b.input("x", ("batch", 2));
/// let targets = b.input("targets", ("batch", 1));
/// let w = b.parameter("w", (2, 1));
/// let loss = x.matmul(w).mean_squared_error(targets).named("loss");
/// let slope = b.grad(loss, &[w])[0].named("slope");
/// let graph = b.finish([loss, slope])?;
///
/// let values = graph.run(&[
///     ("x", &Tensor::from([[1.0, 2.0], [3.0, 4.0]])),
///     ("targets", &Tensor::from([[5.0], [11.0]])),
///     ("w", &Tensor::from([[0.0], [0.0]])),
/// ])?;
/// assert_eq!(values[0].item(), Some((25.0 + 121.0) / 2.0));
/// assert_eq!(values[1].to_f64(), [-38.0, -54.0]);
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Default)]
pub struct Builder {
    notes: RefCell<Notes>,
}

#[derive(Default)]
struct Notes {
    nodes: Vec<Node>,
    names: Names,
    poisoned: HashSet<usize>,
    assignments: Vec<Assignment>,
    /// What assignments change.
    assigned: HashSet<NodeId>,
    mistakes: Vec<Mistake>,
    scopes: Vec<Origin>,
}

/// How often each name is used, so that a node is named without a look at all others.
#[derive(Default)]
struct Names {
    uses: HashMap<Arc<str>, Uses>,
}

#[derive(Clone, Copy, Default)]
struct Uses {
    nodes: usize,
    /// How many of these are fed, by this name.
    fed: usize,
}

impl Names {
    fn of(nodes: &[Node]) -> Self {
        let mut names = Self::default();
        nodes.iter().for_each(|node| names.note(node));
        names
    }

    fn note(&mut self, node: &Node) {
        let Some(name) = &node.name else { return };
        let uses = self.uses.entry(Arc::clone(name)).or_default();
        uses.nodes += 1;
        uses.fed += usize::from(is_fed(node));
    }

    fn forget(&mut self, node: &Node) {
        let Some(name) = &node.name else { return };
        let Some(uses) = self.uses.get_mut(name) else { return };
        uses.nodes -= 1;
        uses.fed -= usize::from(is_fed(node));
        if uses.nodes == 0 {
            self.uses.remove(name);
        }
    }

    /// Whether another node has the name, and it or this one is fed by it.
    fn clash(&self, node: &Node, name: &str) -> bool {
        let Some(mut others) = self.uses.get(name).copied() else { return false };
        if node.name.as_deref() == Some(name) {
            others.nodes -= 1;
            others.fed -= usize::from(is_fed(node));
        }
        others.nodes > 0 && (others.fed > 0 || is_fed(node))
    }
}

fn is_fed(node: &Node) -> bool {
    matches!(node.op, Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State))
}

/// A value of the graph being described: a small `Copy` handle on its builder's note of it.
///
/// Operators and methods describe more values; numbers broadcast as in NumPy. No number is computed before the graph runs.
///
/// ```
/// use limpid_graph::{Builder, Tensor};
///
/// let b = Builder::new();
/// let x = b.input("x", (2, 3));
/// let centred = x - x.sum_keep(1) / 3.0;
/// let unit = (centred / (centred.square().sum_keep(1) / 3.0).sqrt()).named("unit");
/// assert_eq!(unit.shape().to_string(), "(2, 3)");
///
/// let rows = Tensor::from([[1.0, 2.0, 3.0], [-10.0, 0.0, 10.0]]);
/// let values = b.finish([unit])?.run(&[("x", &rows)])?[0].to_f64();
/// assert!((values[2] - 1.5f64.sqrt()).abs() < 1e-12 && values[1] == 0.0);
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Var<'b> {
    builder: &'b Builder,
    id: NodeId,
}

/// What can stand where an op takes a value: a [`Var`], or a number.
pub trait Operand<'b> {
    /// The value, in `builder`'s notes.
    fn into_var(self, builder: &'b Builder) -> Var<'b>;
}

impl<'b> Operand<'b> for Var<'b> {
    fn into_var(self, _: &'b Builder) -> Var<'b> {
        self
    }
}

impl<'b> Operand<'b> for f64 {
    #[track_caller]
    fn into_var(self, builder: &'b Builder) -> Var<'b> {
        builder.constant(self)
    }
}

/// Keeps a layer's scope open; see [`Builder::scope`].
pub struct Scope<'b> {
    builder: &'b Builder,
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        self.builder.notes.borrow_mut().scopes.pop();
    }
}

impl Builder {
    /// An empty description.
    pub fn new() -> Self {
        Self::default()
    }

    /// A description that goes on from a finished graph. The node that had an id in the graph keeps it.
    pub fn resume(graph: &Graph) -> Self {
        let (nodes, assignments) = (graph.nodes.clone(), graph.assignments.clone());
        let assigned = assignments.iter().map(|assignment| assignment.target).collect();
        let notes = Notes { names: Names::of(&nodes), nodes, assignments, assigned, ..Notes::default() };
        Self { notes: RefCell::new(notes) }
    }

    /// The handle on a node that this builder has noted already.
    ///
    /// # Panics
    /// Where the id is not one of this builder's.
    pub fn var(&self, id: NodeId) -> Var<'_> {
        assert!(id.0 < self.len(), "node {} is not one of this builder's", id.0);
        Var { builder: self, id }
    }

    /// Whether a value is noted under this name.
    pub fn has(&self, name: &str) -> bool {
        self.notes.borrow().names.uses.contains_key(name)
    }

    /// The parameters noted so far, in the order of their declaration.
    pub fn parameters(&self) -> Vec<Var<'_>> {
        let is_parameter = |node: &Node| node.op == Op::Leaf(Leaf::Parameter);
        let nodes = &self.notes.borrow().nodes;
        let found = nodes.iter().enumerate().filter(|(_, node)| is_parameter(node));
        found.map(|(i, _)| Var { builder: self, id: NodeId(i) }).collect()
    }

    /// How many nodes are noted.
    pub(crate) fn len(&self) -> usize {
        self.notes.borrow().nodes.len()
    }

    // ---- leaves ---------------------------------------------------------------------------------------------------

    /// A value fed at each run.
    #[track_caller]
    pub fn input(&self, name: &str, shape: impl Into<Shape>) -> Var<'_> {
        self.leaf(Leaf::Input, name, shape.into())
    }

    /// A single number fed at each run.
    #[track_caller]
    pub fn scalar(&self, name: &str) -> Var<'_> {
        self.input(name, Shape::scalar())
    }

    /// A value that is learned. Inside a scope its name is a path, such as `0/w`.
    #[track_caller]
    pub fn parameter(&self, name: &str, shape: impl Into<Shape>) -> Var<'_> {
        self.leaf(Leaf::Parameter, &self.path_of(name), shape.into())
    }

    /// A value that is kept from run to run but not learned. Inside a scope its name is a path.
    #[track_caller]
    pub fn state(&self, name: &str, shape: impl Into<Shape>) -> Var<'_> {
        self.leaf(Leaf::State, &self.path_of(name), shape.into())
    }

    /// A number written in the graph.
    #[track_caller]
    pub fn constant(&self, number: f64) -> Var<'_> {
        self.constant_tensor(Tensor::scalar(number))
    }

    /// Numbers written in the graph.
    #[track_caller]
    pub fn constant_tensor(&self, value: Tensor) -> Var<'_> {
        let shape = Shape::from(value.shape());
        self.push(Op::Leaf(Leaf::Constant(Arc::new(value))), Vec::new(), shape, None)
    }

    /// A dimension as a number: known when the graph runs.
    #[track_caller]
    pub fn extent(&self, dim: Dim) -> Var<'_> {
        match dim.as_known() {
            Some(known) => self.constant(known as f64),
            None => self.push(Op::Leaf(Leaf::Extent(dim)), Vec::new(), Shape::scalar(), None),
        }
    }

    #[track_caller]
    fn leaf(&self, leaf: Leaf, name: &str, shape: Shape) -> Var<'_> {
        let op = Op::Leaf(leaf);
        let not_simple = shape.dims().iter().find(|dim| dim.as_known().is_none() && dim.as_symbol().is_none());
        if let Some(dim) = not_simple {
            let fault = Fault::LeafExtent { name: name.to_string(), shape: shape.clone(), dim: dim.clone() };
            return self.poison(op.name(), fault, &[]);
        }
        if self.notes.borrow().names.uses.contains_key(name) {
            return self.poison(op.name(), Fault::DuplicateName { name: name.to_string() }, &[]);
        }
        self.push(op, Vec::new(), shape, Some(Arc::from(name)))
    }

    // ---- where the description stands -----------------------------------------------------------------------------

    /// Opens the scope of a layer: until the answer is dropped, names become `path/name`, and mistakes name the layer
    /// and the line that constructed it.
    pub fn scope(&self, path: &str, layer: &str, location: &'static Location<'static>) -> Scope<'_> {
        let path = Arc::from(self.path_of(path));
        self.notes.borrow_mut().scopes.push(Origin { path, layer: Arc::from(layer), location });
        Scope { builder: self }
    }

    /// Leaves every scope until the answer is dropped: names are no paths. For what belongs to no layer, but is described
    /// when a layer first asks for it.
    #[track_caller]
    pub fn outermost(&self) -> Scope<'_> {
        self.within(Origin { path: Arc::from(""), layer: Arc::from(""), location: Location::caller() })
    }

    /// The path of the scope that is open, such as `0`; outside of all scopes it is empty.
    pub fn path(&self) -> String {
        self.notes.borrow().scopes.last().map_or_else(String::new, |scope| scope.path.to_string())
    }

    /// Lets what is described until the answer is dropped belong to where another node was written.
    pub(crate) fn within(&self, origin: Origin) -> Scope<'_> {
        self.notes.borrow_mut().scopes.push(origin);
        Scope { builder: self }
    }

    /// A name as a path: that of the scope, then the name.
    pub fn path_of(&self, name: &str) -> String {
        match self.notes.borrow().scopes.last() {
            Some(scope) if !scope.path.is_empty() => format!("{}/{name}", scope.path),
            _ => name.to_string(),
        }
    }

    #[track_caller]
    fn origin(&self) -> Origin {
        let location = Location::caller();
        let outside = || Origin { path: Arc::from(""), layer: Arc::from(""), location };
        self.notes.borrow().scopes.last().cloned().unwrap_or_else(outside)
    }

    // ---- ops ------------------------------------------------------------------------------------------------------

    /// A row of the table, applied to values broadcast against each other.
    #[track_caller]
    pub fn map<'b>(&'b self, op: MapOp, arguments: &[Var<'b>]) -> Var<'b> {
        self.elementwise(Op::Map(op), arguments)
    }

    /// The op of a value again, on other inputs: as many, of shapes that the op takes.
    ///
    /// ```
    /// use limpid_graph::Builder;
    ///
    /// let b = Builder::new();
    /// let (x, y) = (b.scalar("x"), b.scalar("y"));
    /// let again = b.again(x * y, &[x, x]);
    /// let graph = b.finish([again])?;
    /// assert_eq!(graph.run(&[("x", &3.0.into()), ("y", &4.0.into())])?[0].item(), Some(9.0));
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn again<'b>(&'b self, of: Var<'b>, inputs: &[Var<'b>]) -> Var<'b> {
        let node = of.node();
        match node.inputs.len() {
            _ if self.spoiled(node.op.name(), &[of]).is_some() => of,
            0 => of,
            wanted if wanted != inputs.len() => {
                self.poison(node.op.name(), Fault::Arity { wanted, found: inputs.len() }, inputs)
            }
            _ => self.apply(node.op, inputs),
        }
    }

    /// A user's own function, applied to values broadcast against each other.
    #[track_caller]
    pub(crate) fn formula<'b>(&'b self, formula: &Formula, arguments: &[Var<'b>]) -> Var<'b> {
        if let Some(poisoned) = self.spoiled(formula.name(), arguments) {
            return poisoned;
        }
        if let Err(fault) = formula.checked() {
            return self.poison(formula.name(), fault, arguments);
        }
        self.elementwise(Op::Formula(formula.clone()), arguments)
    }

    #[track_caller]
    fn elementwise<'b>(&'b self, op: Op, arguments: &[Var<'b>]) -> Var<'b> {
        if let Some(poisoned) = self.spoiled(op.name(), arguments) {
            return poisoned;
        }
        let joined = arguments.iter().try_fold(Shape::scalar(), |joined, var| joined.broadcast(&var.shape()));
        let Some(joined) = joined else {
            return self.poison(op.name(), Fault::Broadcast, arguments);
        };
        // A loop, not a closure: a closure would hide the user's line.
        let mut spread = Vec::with_capacity(arguments.len());
        for argument in arguments {
            spread.push(argument.broadcast_to(joined.clone()));
        }
        self.apply(op, &spread)
    }

    #[track_caller]
    pub(crate) fn reduce<'b>(&'b self, reduce: Reduce, input: Var<'b>) -> Var<'b> {
        self.apply(Op::Reduce(reduce), &[input])
    }

    #[track_caller]
    pub(crate) fn layout<'b>(&'b self, layout: Layout, inputs: &[Var<'b>]) -> Var<'b> {
        self.apply(Op::Layout(layout), inputs)
    }

    #[track_caller]
    pub(crate) fn index<'b>(&'b self, index: Index, inputs: &[Var<'b>]) -> Var<'b> {
        self.apply(Op::Index(index), inputs)
    }

    #[track_caller]
    pub(crate) fn windows<'b>(&'b self, windows: Windows, input: Var<'b>) -> Var<'b> {
        self.apply(Op::Window(windows), &[input])
    }

    /// Numbers drawn uniformly from [0, 1): the one at place `i` is [`Stream::uniform_f32`]`(step, i)`. No derivative reaches
    /// what they depend on.
    ///
    /// `step` is a single whole number, or two of them, where the second counts 2²⁴ steps each: a 32-bit float counts no
    /// further. The same stream and step draw the same numbers.
    ///
    /// ```
    /// use limpid_graph::{Builder, Stream};
    ///
    /// let (b, stream) = (Builder::new(), Stream::new(1, "mask"));
    /// let drawn = b.uniform(stream, &[b.scalar("step")], (2, 3));
    /// let graph = b.finish([drawn])?;
    /// let values = graph.run(&[("step", &4.0.into())])?[0].to_f64();
    /// assert_eq!(values[5], f64::from(stream.uniform_f32(4, 5)));
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn uniform<'b>(&'b self, stream: Stream, step: &[Var<'b>], shape: impl Into<Shape>) -> Var<'b> {
        self.apply(Op::Random(Random { stream, shape: shape.into() }), step)
    }

    /// Notes an op on inputs of the shapes that it needs, or poisons it.
    #[track_caller]
    pub(crate) fn apply<'b>(&'b self, op: Op, inputs: &[Var<'b>]) -> Var<'b> {
        if let Some(poisoned) = self.spoiled(op.name(), inputs) {
            return poisoned;
        }
        let shapes: Vec<Shape> = inputs.iter().map(Var::shape).collect();
        match op.infer(&shapes.iter().collect::<Vec<_>>()) {
            Ok(shape) => self.push(op, inputs.iter().map(|var| var.id).collect(), shape, None),
            Err(fault) => self.poison(op.name(), fault, inputs),
        }
    }

    #[track_caller]
    fn push(&self, op: Op, inputs: Vec<NodeId>, shape: Shape, name: Option<Arc<str>>) -> Var<'_> {
        let origin = self.origin();
        let mut notes = self.notes.borrow_mut();
        let node = Node { op, inputs, shape, name, origin };
        notes.names.note(&node);
        notes.nodes.push(node);
        Var { builder: self, id: NodeId(notes.nodes.len() - 1) }
    }

    /// The poisoned result of an op one of whose inputs is poisoned already, or belongs to another builder.
    #[track_caller]
    pub fn spoiled<'b>(&'b self, op: &str, inputs: &[Var<'b>]) -> Option<Var<'b>> {
        let foreign: Vec<_> = inputs.iter().filter(|var| !std::ptr::eq(var.builder, self)).copied().collect();
        if !foreign.is_empty() {
            return Some(self.poison(op, Fault::Foreign, &foreign));
        }
        inputs.iter().find(|var| var.is_poisoned()).copied()
    }

    /// Notes a mistake. The answer is poisoned: it can be used, and nothing more is said of it.
    #[track_caller]
    pub fn poison<'b>(&'b self, op: &str, fault: Fault, operands: &[Var<'b>]) -> Var<'b> {
        let operands = operands.iter().map(|var| mistake::Operand { name: var.label(), shape: var.shape() }).collect();
        let mistake = Mistake { op: op.to_string(), fault, operands, origin: self.origin() };
        self.notes.borrow_mut().mistakes.push(mistake);
        let placeholder = self.constant(f64::NAN);
        self.notes.borrow_mut().poisoned.insert(placeholder.id.0);
        placeholder
    }

    /// A value of `shape` in the place of one that cannot be, where [`poison`](Builder::poison) has noted why: what is
    /// described from it is checked as usual, and finds mistakes of its own.
    #[track_caller]
    pub fn stand_in(&self, shape: impl Into<Shape>) -> Var<'_> {
        self.constant(f64::NAN).broadcast_to(shape)
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /// Lets `target`, a parameter or state, become `value` at the end of each run. All assignments of a run happen at
    /// once, after everything is computed.
    #[track_caller]
    pub fn assign<'b>(&'b self, target: Var<'b>, value: Var<'b>) {
        if self.spoiled("assign", &[target, value]).is_some() {
            return;
        }
        let op = target.node().op;
        if !matches!(op, Op::Leaf(Leaf::Parameter | Leaf::State)) {
            self.poison("assign", Fault::NotAssignable { op: op.name().to_string() }, &[target, value]);
        } else if target.shape() != value.shape() {
            let fault = Fault::AssignShape { value: value.shape(), target: target.shape() };
            self.poison("assign", fault, &[target, value]);
        } else if !self.notes.borrow_mut().assigned.insert(target.id) {
            self.poison("assign", Fault::AssignedTwice, &[target, value]);
        } else {
            self.notes.borrow_mut().assignments.push(Assignment { target: target.id, value: value.id });
        }
    }

    /// Ends the description: a graph that answers `outputs`.
    ///
    /// # Errors
    /// [`Error::Described`] with every root cause.
    #[track_caller]
    pub fn finish<'b>(&'b self, outputs: impl IntoIterator<Item = Var<'b>>) -> Result<Graph, Error> {
        let outputs: Vec<_> = outputs.into_iter().collect();
        self.spoiled("finish", &outputs);
        let notes = self.notes.borrow();
        if !notes.mistakes.is_empty() {
            return Err(Mistakes(notes.mistakes.clone()).into());
        }
        let graph = Graph {
            nodes: notes.nodes.clone(),
            outputs: outputs.iter().map(|var| var.id).collect(),
            assignments: notes.assignments.clone(),
        };
        graph.check_in_debug()?;
        Ok(graph)
    }
}

impl<'b> Var<'b> {
    /// The builder that noted it.
    pub fn builder(&self) -> &'b Builder {
        self.builder
    }

    /// Its place in the notes, and in the finished graph.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Its shape; of a poisoned value, that of a single number.
    pub fn shape(&self) -> Shape {
        self.builder.notes.borrow().nodes[self.id.0].shape.clone()
    }

    /// How many axes it has.
    pub fn rank(&self) -> usize {
        self.builder.notes.borrow().nodes[self.id.0].shape.rank()
    }

    /// Whether it comes from a mistake, so that its shape means nothing.
    pub fn is_poisoned(&self) -> bool {
        self.builder.notes.borrow().poisoned.contains(&self.id.0)
    }

    /// Gives it a name, by which a run can be asked for it. The name of an input, parameter or state belongs to it
    /// alone; of several other values of one name, the last one is found by it.
    #[track_caller]
    pub fn named(self, name: &str) -> Self {
        let clashes = |notes: &Notes| notes.names.clash(&notes.nodes[self.id.0], name);
        if clashes(&self.builder.notes.borrow()) {
            return self.builder.poison("named", Fault::DuplicateName { name: name.to_string() }, &[self]);
        }
        let mut notes = self.builder.notes.borrow_mut();
        let Notes { nodes, names, .. } = &mut *notes;
        let node = &mut nodes[self.id.0];
        names.forget(node);
        node.name = Some(Arc::from(name));
        names.note(node);
        drop(notes);
        self
    }

    /// The values that it is computed from.
    pub fn inputs(&self) -> Vec<Self> {
        self.node().inputs.into_iter().map(|id| self.builder.var(id)).collect()
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<String> {
        self.builder.notes.borrow().nodes[self.id.0].name.as_ref().map(ToString::to_string)
    }

    pub(crate) fn node(&self) -> Node {
        self.builder.notes.borrow().nodes[self.id.0].clone()
    }

    pub(crate) fn label(&self) -> String {
        let node = self.node();
        node.name.map_or_else(|| node.op.name().to_string(), |name| format!("`{name}`"))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder of {} nodes", self.len())
    }
}

impl fmt::Debug for Var<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{} {} {}", self.id.0, self.label(), self.shape())
    }
}
