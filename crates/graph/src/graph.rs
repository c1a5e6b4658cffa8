//! The finished graph: an immutable value whose nodes stand in an order in which they can be computed.

use std::collections::BTreeMap;
use std::sync::Arc;

use limpid_tensor::{Shape, Sizes, Tensor};

use crate::mistake::{Error, Origin};
use crate::op::{Leaf, Op};

/// The address of a node in its graph; inputs have smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) usize);

impl NodeId {
    /// The node at this place, for whoever makes a graph from nodes: see [`Graph::rewritten`].
    pub fn at(index: usize) -> Self {
        Self(index)
    }

    /// The node's place in the order of computation.
    pub fn index(self) -> usize {
        self.0
    }
}

/// One value of a graph: what computes it, from what, in which shape, and where that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What computes it.
    pub op: Op,
    /// From which values.
    pub inputs: Vec<NodeId>,
    /// Its shape.
    pub shape: Shape,
    /// What it is called. Every leaf but constants has a name of its own.
    pub name: Option<Arc<str>>,
    /// Where it was written.
    pub origin: Origin,
}

/// A kept value and what it becomes at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The parameter or state.
    pub target: NodeId,
    /// Its next value.
    pub value: NodeId,
}

/// A network, a loss, a whole training step: described once, then differentiated, drawn, planned and run.
///
/// Made by [`Builder::finish`](crate::Builder::finish). A graph is a plain value: cloning it, sending it to another
/// thread and keeping it forever are all fine.
///
/// ```
/// use limpid_graph::Builder;
///
/// let b = Builder::new();
/// let (price, count, tax) = (b.scalar("apple price"), b.scalar("apple count"), b.scalar("tax"));
/// let shop = b.finish([(price * count * tax).named("total")])?;
/// let trace = shop.trace(&[100.0.into(), 2.0.into(), 1.1.into()])?;
/// assert_eq!(trace.value("total")?.item(), Some(220.00000000000003));
/// assert_eq!(trace.derivative("apple price")?.item(), Some(2.2));
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) outputs: Vec<NodeId>,
    pub(crate) assignments: Vec<Assignment>,
}

impl Graph {
    /// All nodes, in an order in which they can be computed.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (NodeId, &Node)> + DoubleEndedIterator {
        self.nodes.iter().enumerate().map(|(i, node)| (NodeId(i), node))
    }

    /// One node.
    ///
    /// # Panics
    /// Where the id is of a larger graph than this.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// What a run answers, in the order that `finish` was given.
    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    /// What a run changes, all at once at its end.
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// The inputs, in the order of their declaration.
    pub fn inputs(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes().filter(|(_, node)| matches!(node.op, Op::Leaf(Leaf::Input)))
    }

    /// The parameters, in the order of their declaration.
    pub fn parameters(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes().filter(|(_, node)| matches!(node.op, Op::Leaf(Leaf::Parameter)))
    }

    /// The leaves whose values come from outside: inputs, parameters and state.
    pub fn fed(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes().filter(|(_, node)| matches!(node.op, Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State)))
    }

    /// The node of this name.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the names that there are.
    pub fn find(&self, name: &str) -> Result<NodeId, Error> {
        let at = self.nodes.iter().rposition(|node| node.name.as_deref() == Some(name));
        at.map(NodeId).ok_or_else(|| Error::UnknownName {
            name: name.to_string(),
            known: listed(self.nodes.iter().filter_map(|node| node.name.as_deref())),
        })
    }

    /// What a node is called in messages and listings: its name, or its op.
    ///
    /// # Panics
    /// Where the id is of a larger graph than this.
    pub fn label(&self, id: NodeId) -> String {
        let node = self.node(id);
        node.name.as_ref().map_or_else(|| node.op.name().to_string(), ToString::to_string)
    }

    /// Binds the symbols by the shapes of the values fed to inputs, parameters and state.
    ///
    /// # Errors
    /// [`Error::UnknownFeed`], [`Error::FeedShape`] and [`Error::SymbolConflict`].
    pub fn sizes(&self, feeds: &[(NodeId, &Tensor)]) -> Result<Sizes, Error> {
        let mut sizes = Sizes::default();
        for &(id, value) in feeds {
            let is_fed = |node: &&Node| matches!(node.op, Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State));
            let Some(leaf) = self.nodes.get(id.0).filter(is_fed) else { return Err(self.unknown_feed(id)) };
            let declared = &leaf.shape;
            let misfit =
                || Error::FeedShape { name: self.label(id), declared: declared.clone(), found: value.shape().to_vec() };
            if declared.rank() != value.rank() {
                return Err(misfit());
            }
            for (dim, &found) in declared.dims().iter().zip(value.shape()) {
                match (dim.as_known(), dim.as_symbol()) {
                    (Some(known), _) if known != found => return Err(misfit()),
                    (None, Some(symbol)) => sizes.bind(symbol, found).map_err(|bound| Error::SymbolConflict {
                        name: self.label(id),
                        symbol: symbol.to_string(),
                        bound,
                        found,
                    })?,
                    _ => {}
                }
            }
        }
        Ok(sizes)
    }

    fn unknown_feed(&self, id: NodeId) -> Error {
        let name = match self.nodes.get(id.0) {
            Some(_) => self.label(id),
            None => format!("node {}", id.0),
        };
        Error::UnknownFeed { name, known: listed(self.fed().filter_map(|(_, node)| node.name.as_deref())) }
    }

    /// The nodes that feeds by name mean.
    ///
    /// # Errors
    /// [`Error::UnknownFeed`] with the names that there are.
    pub fn named_feeds<'t>(&self, feeds: &[(&str, &'t Tensor)]) -> Result<Vec<(NodeId, &'t Tensor)>, Error> {
        let known: BTreeMap<&str, NodeId> =
            self.fed().filter_map(|(id, node)| Some((node.name.as_deref()?, id))).collect();
        let resolve = |&(name, value): &(&str, &'t Tensor)| match known.get(name) {
            Some(&id) => Ok((id, value)),
            None => Err(Error::UnknownFeed { name: name.to_string(), known: listed(known.keys().copied()) }),
        };
        feeds.iter().map(resolve).collect()
    }
}

pub(crate) fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "nothing".to_string() } else { names.join(", ") }
}
